import { type RunId, timeOfId } from '@writ/kernel';
import { type Database, Params, testsOf, type Tx } from '@writ/database';
import { type Count, countWindow } from './run-count';
import { narrowSql } from './narrow';
import { readsJournal } from './run-test';
import { idsOf, type RunScope, scopeSql } from './run-window';

export interface RunHistogram {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly buckets: readonly { readonly at: number; readonly counts: { readonly [status: string]: number } }[];
  readonly sampled: boolean;
  readonly of: Count;
  readonly matched: Count;
}

/** More rows than this and a part is counted and scaled: the shape stays, the time too. */
const MOST_ROWS = { columns: 100_000, journal: 4_000 };

/** Runs over time by status. Answers null when even a part could not be counted in time. */
export async function runHistogram(
  db: Database,
  asked: { readonly scope: RunScope; readonly buckets: number },
): Promise<RunHistogram | null> {
  const { scope } = asked;
  return db.briefly(scope.tenant, async (tx) => {
    const of = await countWindow(tx, scope);
    const to = scope.window.to ?? scope.now;
    const from = scope.window.from ?? (await oldest(tx, scope)) ?? to - 1;
    const bucketMs = Math.max(1, Math.ceil((to - from) / asked.buckets));
    const most = testsOf(scope.where).some(readsJournal) ? MOST_ROWS.journal : MOST_ROWS.columns;
    const share = of.value > most ? most / of.value : 1;
    const rows = await counted(tx, { scope: { ...scope, window: { ...scope.window, from } }, from, bucketMs, share });
    const scaled = rows.map((row) => ({ ...row, count: Math.round(row.count / share) }));
    const value = scaled.reduce((sum, row) => sum + row.count, 0);
    return {
      from,
      to,
      bucketMs,
      buckets: gathered(scaled, from, bucketMs),
      sampled: share < 1,
      of,
      matched: { value, relation: share < 1 ? 'about' : 'exact' } as const,
    };
  });
}

async function oldest(tx: Tx, { tenant, window }: RunScope): Promise<number | null> {
  const { low } = idsOf(window);
  const [row] = await tx.query<{ id: RunId }>(
    `SELECT id FROM writ.run WHERE tenant = $1 AND id >= $2 ORDER BY id LIMIT 1`,
    [tenant, low],
  );
  // The id was made a moment before or after its row, by another clock.
  const made = row ? timeOfId(row.id) : null;
  return made === null ? null : made - 1_000;
}

interface Cell {
  readonly bucket: number;
  readonly status: string;
  readonly count: number;
}

function counted(
  tx: Tx,
  asked: { readonly scope: RunScope; readonly from: number; readonly bucketMs: number; readonly share: number },
): Promise<Cell[]> {
  const { scope, from, bucketMs, share } = asked;
  const params = new Params();
  const ids = idsOf(scope.window);
  const column = scope.window.basis === 'finished' ? 'r.finished_at' : 'r.created_at';
  // The same seed each time: the same question gets the same answer.
  const sample = share < 1 ? `TABLESAMPLE SYSTEM (${params.add(share * 100)}::float4) REPEATABLE (1)` : '';
  const text = `
    SELECT floor((extract(epoch FROM ${column})::float8 * 1000 - ${params.add(from)}::float8) / ${params.add(bucketMs)}::float8)::int AS bucket,
           r.status, count(*)::int AS count
      FROM writ.run r ${sample}
     WHERE r.tenant = ${params.add(scope.tenant)} AND r.id >= ${params.add(ids.low)} AND r.id < ${params.add(ids.high)}${narrowSql(scope.where, params)}
       AND ${scopeSql(scope, params)}
     GROUP BY 1, 2`;
  return tx.query<Cell>(text, params.values);
}

function gathered(cells: readonly Cell[], from: number, bucketMs: number): RunHistogram['buckets'] {
  const buckets = new Map<number, { [status: string]: number }>();
  for (const { bucket, status, count } of cells) {
    const counts = buckets.get(bucket) ?? {};
    counts[status] = count;
    buckets.set(bucket, counts);
  }
  return [...buckets].sort(([a], [b]) => a - b).map(([bucket, counts]) => ({ at: from + bucket * bucketMs, counts }));
}
