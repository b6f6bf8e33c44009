/** What rows are asked for, as data: no part of it is SQL until `whereOf` writes it. */
export type Predicate<T> =
  | { readonly all: readonly Predicate<T>[] }
  | { readonly any: readonly Predicate<T>[] }
  | { readonly not: Predicate<T> }
  | { readonly test: T };

/** Numbers between `min` and `max`, each included unless open; null for no limit. Times are epoch milliseconds. */
export interface NumberBounds {
  readonly min: number | null;
  readonly minOpen: boolean;
  readonly max: number | null;
  readonly maxOpen: boolean;
}

/** A name that is, or begins with, a text. */
export type NameTest = { readonly is: string } | { readonly starts: string };

// As far as a timestamp of Postgres and the ISO form of four-digit years both reach.
const LATEST_MS = 253_402_300_799_999;

/** The values of a statement, in the order of their placeholders. */
export class Params {
  readonly values: unknown[] = [];

  /** INVARIANT: a value reaches a statement through here and nowhere else, so none is ever part of its text. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  number(value: number): string {
    return `${this.add(value)}::float8`;
  }

  /** Epoch milliseconds, wherever a query put them, as a time of the database. */
  time(ms: number): string {
    return `${this.add(new Date(Math.min(Math.max(ms, 0), LATEST_MS)).toISOString())}::timestamptz`;
  }

  /** A condition: the value (SQL) has that name. */
  named(value: string, name: NameTest): string {
    return 'is' in name ? `${value} = ${this.add(name.is)}` : `starts_with(${value}, ${this.add(name.starts)})`;
  }

  /** A condition: the value (SQL) lies within bounds. */
  bounded(value: string, of: 'number' | 'time', { min, minOpen, max, maxOpen }: NumberBounds): string {
    const place = (bound: number): string => (of === 'time' ? this.time(bound) : this.number(bound));
    const limits = [
      min === null ? null : `${value} ${minOpen ? '>' : '>='} ${place(min)}`,
      max === null ? null : `${value} ${maxOpen ? '<' : '<='} ${place(max)}`,
    ].filter((limit) => limit !== null);
    return limits.length === 0 ? `${value} IS NOT NULL` : limits.join(' AND ');
  }
}

/**
 * A predicate as a condition. `sqlOf` writes one test, with its values through `params`; an unknown (NULL) test counts as
 * not held, also under a negation, as it does for whoever reads the query.
 */
export function whereOf<T>(
  predicate: Predicate<T>,
  sqlOf: (test: T, params: Params) => string,
  params: Params,
): string {
  const write = (one: Predicate<T>): string => {
    if ('test' in one) return `((${sqlOf(one.test, params)}) IS TRUE)`;
    if ('not' in one) return `(NOT ${write(one.not)})`;
    const [items, word, none] =
      'all' in one ? ([one.all, ' AND ', 'TRUE'] as const) : ([one.any, ' OR ', 'FALSE'] as const);
    return items.length === 0 ? none : `(${items.map(write).join(word)})`;
  };
  return write(predicate);
}

/** Every test of a predicate. */
export function testsOf<T>(predicate: Predicate<T>): readonly T[] {
  if ('test' in predicate) return [predicate.test];
  if ('not' in predicate) return testsOf(predicate.not);
  return ('all' in predicate ? predicate.all : predicate.any).flatMap((one) => testsOf(one));
}
