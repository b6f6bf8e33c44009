import type { Params } from '@writ/database';
import { FINAL_STATUSES, RUN_STATUSES, type RunStatus } from '@writ/words';
import { journalTest } from './journal-test';
import type { RunTest } from './test-types';

const COLUMNS = {
  status: 'r.status',
  workflow: 'r.workflow',
  initiator: 'r.initiator',
  id: 'r.id',
  trace: 'r.trace_id',
};

const among = (statuses: readonly RunStatus[]): string =>
  `r.status IN (${statuses.map((status) => `'${status}'`).join(', ')})`;

const STANDINGS = {
  live: 'r.finished_at IS NULL',
  final: 'r.finished_at IS NOT NULL',
  waiting: among(RUN_STATUSES.filter((status) => status.startsWith('waiting_') || status === 'paused')),
  problem: among(FINAL_STATUSES.filter((status) => status !== 'succeeded' && status !== 'cancelled')),
};

/** Whether a test reads the journal, which costs about a hundred times what a column does. */
export const readsJournal = (test: RunTest): boolean =>
  !(test.field in COLUMNS) && !['is', 'started', 'finished', 'duration', 'events'].includes(test.field);

/**
 * A test as SQL over `r`, a row of writ.run. `now` (epoch milliseconds) is when a live run's duration ends.
 */
export function runTestSql(test: RunTest, params: Params, now: number): string {
  switch (test.field) {
    case 'status':
    case 'workflow':
    case 'initiator':
    case 'id':
    case 'trace':
      return params.named(COLUMNS[test.field], test.name);
    case 'is':
      return STANDINGS[test.word];
    case 'started':
      return params.bounded('r.created_at', 'time', test.bounds);
    case 'finished':
      return params.bounded('r.finished_at', 'time', test.bounds);
    case 'events':
      return params.bounded('r.next_seq', 'number', test.bounds);
    case 'duration': {
      const end = `coalesce(r.finished_at, ${params.time(now)})`;
      return params.bounded(`(extract(epoch FROM ${end} - r.created_at) * 1000)::float8`, 'number', test.bounds);
    }
    default:
      return journalTest(test, params);
  }
}
