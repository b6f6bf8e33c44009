import { type RunId, timeOfId } from '@writ/kernel';
import { type Database, Params, RUN_COLUMNS, type RunRow, testsOf } from '@writ/database';
import { narrowSql } from './narrow';
import { readsJournal } from './run-test';
import { idsOf, type RunScope, scopeSql } from './run-window';

export type RunSort = '-started' | 'started' | '-finished' | 'finished' | '-duration' | 'duration';

export interface FoundRuns {
  readonly rows: readonly RunRow[];
  /** Where the next page goes on; null at the end. */
  readonly next: string | null;
  /** Epoch milliseconds; null when all of the window was looked at, as far as this page needed. */
  readonly reached: number | null;
}

/** Milliseconds after which a page is answered with what was found, however much of the window is left. */
const BUDGET_MS = 400;
const FIRST_CHUNK = { columns: 4_000, journal: 250 };
const MOST_IN_CHUNK = 100_000;
/** Other orders than by start have no index: they sort so many of the newest runs. */
const MOST_SORTED = { columns: 100_000, journal: 4_000 };

export interface PageQuery {
  readonly scope: RunScope;
  readonly limit: number;
  readonly sort: RunSort;
  /** The `next` of the page before. */
  readonly after: string | null;
}

type Row = RunRow & { readonly n: string; readonly hit: boolean };

const chunkSize = (scope: RunScope, sizes: { readonly columns: number; readonly journal: number }): number =>
  testsOf(scope.where).some(readsJournal) ? sizes.journal : sizes.columns;

/** One page of a search. */
export function findRuns(db: Database, query: PageQuery): Promise<FoundRuns> {
  return query.sort === '-started' || query.sort === 'started' ? byStart(db, query) : bySortedKey(db, query);
}

/**
 * In the order of ids, chunk by chunk: each chunk is read by key, newest first, and what fits is kept. A chunk costs the
 * same whatever is asked, so a query that fits almost nothing takes no longer than any other; it is answered in parts.
 */
async function byStart(db: Database, query: PageQuery): Promise<FoundRuns> {
  const { scope, limit, after } = query;
  const began = performance.now();
  const rows: RunRow[] = [];
  let size = chunkSize(scope, FIRST_CHUNK);
  let edge = after;
  for (;;) {
    const asked = performance.now();
    const want = limit + 1 - rows.length;
    const chunk = await db.briefly(scope.tenant, (tx) => {
      const { text, values } = chunkStatement(query, { edge, size, want });
      return tx.query<Row>(text, values);
    });
    if (chunk === null) {
      if (size === 1) throw new Error(`one run of ${scope.tenant} after ${String(edge)} cannot be searched in time`);
      size = Math.max(1, Math.floor(size / 8));
      continue;
    }
    rows.push(...chunk.filter((row) => row.hit));
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]!.id, reached: null };
    const last = chunk.at(-1);
    if (!last || Number(last.n) < size) return { rows, next: null, reached: null };
    edge = last.id;
    const now = performance.now();
    if (now - began > BUDGET_MS) return { rows, next: edge, reached: timeOfId(edge) };
    size = nextSize(size, now - asked);
  }
}

/** So that a chunk takes about a quarter of the time there is. */
const nextSize = (size: number, tookMs: number): number =>
  Math.ceil(Math.min(MOST_IN_CHUNK, size * 8, (size * BUDGET_MS) / 4 / Math.max(tookMs, 1)));

/**
 * A chunk's last row comes along whether it fits or not: it tells where the next one begins. The numbering keeps the
 * condition above the LIMIT, and the LIMIT outside ends the reading as soon as the page is full.
 */
function chunkStatement(
  { scope, sort }: PageQuery,
  { edge, size, want }: { readonly edge: string | null; readonly size: number; readonly want: number },
): { readonly text: string; readonly values: readonly unknown[] } {
  const params = new Params();
  const ids = idsOf(scope.window);
  const down = sort === '-started';
  const low = down || edge === null ? `r.id >= ${params.add(ids.low)}` : `r.id > ${params.add(edge)}`;
  const high = down && edge !== null ? `r.id < ${params.add(edge)}` : `r.id < ${params.add(ids.high)}`;
  const order = down ? 'DESC' : 'ASC';
  const most = params.add(size);
  const text = `
    SELECT ${RUN_COLUMNS}, r.n, r.hit FROM (
      SELECT r.*, ${scopeSql(scope, params)} AS hit FROM (
        SELECT r.*, row_number() OVER (ORDER BY r.id ${order}) AS n FROM (
          SELECT r.* FROM writ.run r WHERE r.tenant = ${params.add(scope.tenant)} AND ${low} AND ${high}${narrowSql(scope.where, params)}
           ORDER BY r.id ${order} LIMIT ${most}::int) r) r
      OFFSET 0) r
     WHERE r.hit OR r.n = ${most}::int ORDER BY r.id ${order} LIMIT ${params.add(want + 1)}::int`;
  return { text, values: params.values };
}

const KEYS = {
  finished: `coalesce(extract(epoch FROM r.finished_at)::float8, 'Infinity')`,
  duration: (now: string) => `extract(epoch FROM coalesce(r.finished_at, ${now}) - r.created_at)::float8`,
};

/** By end or duration: the newest runs of the window, sorted. A live run has not ended: it counts as the latest. */
async function bySortedKey(db: Database, query: PageQuery): Promise<FoundRuns> {
  const { scope, limit, sort, after } = query;
  const most = chunkSize(scope, MOST_SORTED);
  const position = after === null ? null : (JSON.parse(after) as { readonly key: string; readonly id: RunId });
  const params = new Params();
  const ids = idsOf(scope.window);
  const key = sort.endsWith('finished')
    ? KEYS.finished
    : KEYS.duration(`to_timestamp(${params.add(scope.now)}::float8 / 1000)`);
  const [order, beyond] = sort.startsWith('-') ? ['DESC', '<'] : ['ASC', '>'];
  const inWindow = `r.tenant = ${params.add(scope.tenant)} AND r.id >= ${params.add(ids.low)} AND r.id < ${params.add(ids.high)}${narrowSql(scope.where, params)}`;
  const newest = `SELECT r.* FROM writ.run r WHERE ${inWindow} ORDER BY r.id DESC LIMIT ${params.add(most)}::int`;
  const from =
    position === null
      ? 'TRUE'
      : `(k.key, r.id) ${beyond} (${params.add(position.key)}::float8, ${params.add(position.id)})`;
  const text = `
    SELECT ${RUN_COLUMNS}, k.key::text AS key FROM (${newest}) r CROSS JOIN LATERAL (SELECT ${key} AS key) k
     WHERE ${from} AND ${scopeSql(scope, params)} ORDER BY k.key ${order}, r.id ${order} LIMIT ${params.add(limit + 1)}::int`;
  const found = await db.briefly(scope.tenant, async (tx) => {
    const rows = await tx.query<RunRow & { readonly key: string }>(text, params.values);
    const [edge] = await tx.query<{ id: RunId }>(
      `SELECT id FROM writ.run WHERE tenant = $1 AND id >= $2 AND id < $3 ORDER BY id DESC OFFSET $4 LIMIT 1`,
      [scope.tenant, ids.low, ids.high, most],
    );
    return { rows, edge };
  });
  if (found === null) return { rows: [], next: null, reached: scope.now };
  const rows = found.rows.slice(0, limit);
  const last = rows.at(-1);
  const next = found.rows.length > limit && last ? JSON.stringify({ key: last.key, id: last.id }) : null;
  return { rows, next, reached: found.edge ? timeOfId(found.edge.id) : null };
}
