import type { QueryTest } from './ast';
import { intervalOf } from './check';
import type { QueryField } from './fields';

/** Numbers between `min` and `max`, each included unless open; null for no limit. */
export interface Bounds {
  readonly min: number | null;
  readonly minOpen: boolean;
  readonly max: number | null;
  readonly maxOpen: boolean;
}

const bounds = (given: Partial<Bounds>): Bounds => ({ min: null, minOpen: false, max: null, maxOpen: false, ...given });

/**
 * What a test of a number, duration or time allows, times as epoch milliseconds. A time is the stretch it names:
 * `started:2026-11-22` is that day, `<=2026-11-22` reaches its end, `>2026-11-22` begins after it. Durations and numbers
 * are points, but `duration:30s` alone is everything that reads as 30 s.
 */
export function boundsOf(field: QueryField, test: QueryTest, now: number): Bounds {
  const read = (text: string): { readonly from: number; readonly to: number } => {
    const interval = intervalOf(field, text, now);
    if (!interval) throw new Error(`${field.name}:${text} was not checked before it was used`);
    return interval;
  };
  const stretch = field.type === 'time';
  switch (test.kind) {
    case 'is': {
      const { from, to } = read(test.value);
      return bounds({ min: from, max: to, maxOpen: to > from });
    }
    case 'compare':
      return compared(test.op, read(test.value), stretch);
    case 'range': {
      const from = test.from === null ? null : read(test.from).from;
      const last = test.to === null ? null : read(test.to);
      return bounds({ min: from, max: stretch ? (last?.to ?? null) : (last?.from ?? null), maxOpen: stretch });
    }
    case 'starts':
      throw new Error(`${field.name} takes no *, and that was not checked`);
  }
}

function compared(op: string, at: { readonly from: number; readonly to: number }, stretch: boolean): Bounds {
  switch (op) {
    case '>':
      return stretch ? bounds({ min: at.to }) : bounds({ min: at.from, minOpen: true });
    case '>=':
      return bounds({ min: at.from });
    case '<':
      return bounds({ max: at.from, maxOpen: true });
    default:
      return stretch ? bounds({ max: at.to, maxOpen: true }) : bounds({ max: at.from });
  }
}

export const within = ({ min, minOpen, max, maxOpen }: Bounds, value: number): boolean =>
  (min === null || (minOpen ? value > min : value >= min)) && (max === null || (maxOpen ? value < max : value <= max));
