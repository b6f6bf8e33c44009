import { parseMoment } from '@writ/contract';

export interface Window {
  /** Epoch milliseconds; null for no limit. */
  readonly from: number | null;
  readonly to: number | null;
}

/** The window of a request: `from` begins where its text begins, `to` is excluded. */
export function windowOf(query: { readonly from?: string; readonly to?: string }, now: number): Window {
  const start = (text: string | undefined): number | null =>
    text === undefined ? null : (parseMoment(text, now)?.from ?? null);
  return { from: start(query.from), to: start(query.to) };
}

/** What the cursor of a search holds: relative times of every page count from the moment of the first. */
export interface Continued {
  readonly now: number;
  readonly at: string;
}

export function continued(
  after: string | undefined,
  now: number,
): { readonly now: number; readonly at: string | null } {
  return after === undefined ? { now, at: null } : (JSON.parse(after) as Continued);
}

export const time = (ms: number): string => new Date(ms).toISOString();

export interface Covered {
  readonly window: Window;
  readonly now: number;
  readonly matched: { readonly value: number; readonly relation: 'exact' | 'at_least' | 'about' } | null;
  readonly of: { readonly value: number; readonly relation: 'exact' | 'at_least' | 'about' };
  /** Epoch milliseconds; null when the search was not cut short. */
  readonly reached: number | null;
  /** `performance.now()` at the beginning. */
  readonly began: number;
}

/** The `coverage` of an answer. */
export function coverageOf({ window, now, matched, of, reached, began }: Covered) {
  return {
    matched,
    of,
    from: window.from === null ? null : time(window.from),
    to: time(window.to ?? now),
    complete: reached === null,
    reached: reached === null ? null : time(reached),
    ms: Math.round((performance.now() - began) * 10) / 10,
  };
}
