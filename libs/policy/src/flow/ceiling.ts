import type { Hop } from '@writ/kernel';

/**
 * The only labels that whoever acts by a chain may hear of; null where nothing bounds them. INVARIANT (I6): every delegation
 * of the chain counts, also before a `service`, and each can only take labels away.
 */
export function ceilingOf(
  chain: readonly Hop[],
  further: readonly (readonly string[] | undefined)[] = NONE,
): ReadonlySet<string> | null {
  let ceiling: ReadonlySet<string> | null = null;
  for (const { bounds } of chain) if (bounds?.labels !== undefined) ceiling = below(ceiling, bounds.labels);
  for (const labels of further) if (labels !== undefined) ceiling = below(ceiling, labels);
  return ceiling;
}

const below = (ceiling: ReadonlySet<string> | null, labels: readonly string[]): ReadonlySet<string> =>
  new Set(ceiling === null ? labels : labels.filter((label) => ceiling.has(label)));

const NONE: readonly never[] = Object.freeze([]);
