import type { DelegationId, Failure, TenantId } from '@writ/kernel';
import type { Budget } from './budgets/budget';
import type { Snapshot } from './snapshot';
import type { Stop } from './stops';

/** Everything one tenant's decisions are made under, read at one moment. Immutable; a change is a new one. */
export interface TenantAuthority {
  readonly tenant: TenantId;
  /** Null while the tenant has no policy in force: everything is then denied as `policy_unavailable`. */
  readonly snapshot: Snapshot | null;
  readonly stops: readonly Stop[];
  /** Budgets in force; absent where the tenant has none. */
  readonly budgets?: readonly Budget[];
  /** Delegations that were revoked, whatever became of their runs; absent where the tenant has none. */
  readonly revoked?: ReadonlySet<DelegationId>;
  readonly epochs: { readonly tenant: number; readonly platform: number };
  /**
   * Set when the policy in force could not be built here. `snapshot` is then the last good one, kept for reading; nothing
   * is allowed under it, since its rights may be the very ones that were taken away.
   */
  readonly failure?: Failure;
}
