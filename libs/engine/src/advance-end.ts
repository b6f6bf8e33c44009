import type { BudgetId } from '@writ/kernel';

/**
 * How leading a run ended: `final` (over), `resting` (the lease is given back until something happens), `lost` (another
 * worker leads it), `exists` (its creation found the id or idempotency key taken),
 * `unclaimed` (what was kept of it from before its rest is not enough to go on by: nothing was done, and it is claimed),
 * `stale_start` (rights changed before the run was created: the start is decided again),
 * `no_place` (a budget on runs at once had no room for its creation).
 */
export type AdvanceEnd =
  | { readonly kind: 'final' | 'resting' | 'lost' | 'unclaimed' | 'exists' | 'stale_start' }
  | { readonly kind: 'no_place'; readonly budget: BudgetId }
  | { readonly kind: 'poisoned'; readonly detail: string };

export const UNCLAIMED: AdvanceEnd = { kind: 'unclaimed' };

/** Null means: go on. */
export type Moved = AdvanceEnd | null;
