import type { Params, Predicate } from '@writ/database';
import { isFinal, RUN_STATUSES } from '@writ/words';
import type { RunTest } from './test-types';

/**
 * Conditions on a row's keys that follow from a predicate, for the place where rows are looked for: with them the search
 * goes by an index through what can fit at all, without them through every run of the window.
 */
export function narrowSql(where: Predicate<RunTest>, params: Params): string {
  const parts = 'all' in where ? where.all : [where];
  const found = parts.flatMap((part) => ('all' in part ? part.all : [part])).map(alternatives);
  const ids = found.map((tests) => tests && idsAmong(tests)).find((list) => list !== null);
  const conditions = [
    ...(ids ? [`r.id = ANY (${params.add(ids)}::text[])`] : []),
    ...(found.some((tests) => tests?.every(isOfLiveRuns)) ? ['r.finished_at IS NULL'] : []),
  ];
  return conditions.length === 0 ? '' : ` AND ${conditions.join(' AND ')}`;
}

/** The tests of which one must hold; null where it is more than that. */
function alternatives(part: Predicate<RunTest>): readonly RunTest[] | null {
  if ('test' in part) return [part.test];
  if (!('any' in part) || part.any.length === 0) return null;
  const tests = part.any.map((one) => ('test' in one ? one.test : null));
  return tests.every((test) => test !== null) ? tests : null;
}

function idsAmong(tests: readonly RunTest[]): readonly string[] | null {
  const ids = tests.map((test) => (test.field === 'id' && 'is' in test.name ? test.name.is : null));
  return ids.every((id) => id !== null) ? ids : null;
}

const LIVE: ReadonlySet<string> = new Set(RUN_STATUSES.filter((status) => !isFinal(status)));

const isOfLiveRuns = (test: RunTest): boolean =>
  test.field === 'is'
    ? test.word === 'live' || test.word === 'waiting'
    : test.field === 'status' && 'is' in test.name && LIVE.has(test.name.is);
