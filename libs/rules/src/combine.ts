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

/** One verdict from the effects of all rules that matched. `silent` is a denial that no rule wrote down. */
export function combine(effects: Iterable<Effect>): Combined {
  let allowed = false;
  for (const effect of effects) {
    if (effect === 'deny') return 'deny';
    allowed = true;
  }
  return allowed ? 'allow' : 'silent';
}
