import type { Truth } from './condition';
import type { Effect } from './rule';

/** How a rule whose names match took part in a decision. */
export type Standing = 'matched' | 'unmatched' | 'erred';

/**
 * Forbid wins, silence denies, errors never help (I7):
 *
 * | condition | allow rule            | deny rule         |
 * |-----------|-----------------------|-------------------|
 * | true      | matches               | matches           |
 * | false     | does not match        | does not match    |
 * | error     | does not match, noted | **matches**, noted |
 */
export function standing(effect: Effect, truth: Truth): Standing {
  if (truth === 'error') return effect === 'deny' ? 'matched' : 'erred';
  return truth ? 'matched' : 'unmatched';
}

export type Combined = 'allow' | 'deny' | 'silent';

/** One verdict from all rules that matched: whether any of them allows, and whether any denies. */
export function combine(allowed: boolean, denied: boolean): Combined {
  if (denied) return 'deny';
  return allowed ? 'allow' : 'silent';
}

/** Types of obligations under which an allow means: ask a person first, others or the one it is for. */
export const ASKING_OBLIGATIONS: ReadonlySet<string> = new Set(['require_approval', 'step_up']);
