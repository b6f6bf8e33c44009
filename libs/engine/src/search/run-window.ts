import { firstIdAt, type TenantId } from '@writ/kernel';
import { type Params, type Predicate, whereOf } from '@writ/database';
import { runTestSql } from './run-test';
import type { RunTest } from './test-types';

/** Which runs are meant: by their start, their end, or any part of them between `from` and `to` (epoch milliseconds). */
export interface RunWindow {
  readonly basis: 'started' | 'finished' | 'active';
  readonly from: number | null;
  /** Null: up to what there is now. */
  readonly to: number | null;
}

/** What is searched: a tenant's runs within a window. */
export interface RunScope {
  readonly tenant: TenantId;
  readonly window: RunWindow;
  readonly where: Predicate<RunTest>;
  /** Epoch milliseconds: where a live run's duration ends. */
  readonly now: number;
}

/**
 * Ids hold the time they were made at, so the primary key is the index on time. They are made by the clock of the process
 * that starts a run, and the window is meant by the database's: ids this far outside are looked at as well.
 */
const CLOCKS_DIFFER_MS = 300_000;

/** Ids that the window can hold, `[low, high)`. */
export function idsOf({ basis, from, to }: RunWindow): { readonly low: string; readonly high: string } {
  const low = basis === 'started' && from !== null ? firstIdAt('run', from - CLOCKS_DIFFER_MS) : 'run_';
  return { low, high: to === null ? 'run`' : firstIdAt('run', to + CLOCKS_DIFFER_MS) };
}

/** The window itself, as a condition on `r`. */
export function windowSql({ basis, from, to }: RunWindow, params: Params): string {
  const limits: string[] = [];
  const column = basis === 'finished' ? 'r.finished_at' : 'r.created_at';
  if (basis === 'active' && from !== null)
    limits.push(`(r.finished_at IS NULL OR r.finished_at >= ${params.time(from)})`);
  else if (from !== null) limits.push(`${column} >= ${params.time(from)}`);
  if (to !== null) limits.push(`${column} < ${params.time(to)}`);
  if (basis === 'finished') limits.push('r.finished_at IS NOT NULL');
  return limits.length === 0 ? 'TRUE' : limits.join(' AND ');
}

/** Window and query together, as a condition on `r`. */
export const scopeSql = ({ window, where, now }: RunScope, params: Params): string =>
  `(${windowSql(window, params)} AND ${whereOf(where, (test, into) => runTestSql(test, into, now), params)})`;
