import type { Obligation } from '../types';
import { dutiesOf } from './terms';

/** How a call must be confined. */
export interface Confinement {
  readonly network: 'none' | 'open';
  readonly files: 'none' | 'read';
  readonly memoryMb: number;
  readonly timeMs: number;
}

/** What all sandboxes that a call is obliged to have in common: of each limit the tightest. Null where it owes none. */
export function confinementOf(obligations: readonly Obligation[]): Confinement | null {
  const owed = dutiesOf(obligations, 'sandbox').map(({ terms }) => terms);
  if (owed.length === 0) return null;
  return {
    network: owed.every(({ network }) => network === 'open') ? 'open' : 'none',
    files: owed.every(({ files }) => files === 'read') ? 'read' : 'none',
    memoryMb: Math.min(...owed.map(({ memory_mb: most }) => most)),
    timeMs: Math.min(...owed.map(({ time_ms: most }) => most)),
  };
}
