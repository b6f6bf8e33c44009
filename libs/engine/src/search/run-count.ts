import { type Database, Params, testsOf, type Tx } from '@writ/database';
import { narrowSql } from './narrow';
import { readsJournal } from './run-test';
import { idsOf, type RunScope, scopeSql, windowSql } from './run-window';

export interface Count {
  readonly value: number;
  readonly relation: 'exact' | 'at_least' | 'about';
}

const COUNTED = 20_000;
const BUDGET_MS = 300;

/** How many runs the window holds: counted as far as that is quick, beyond it the planner's estimate. */
export async function countWindow(tx: Tx, scope: RunScope): Promise<Count> {
  const params = new Params();
  const ids = idsOf(scope.window);
  const inside = `writ.run r WHERE r.tenant = ${params.add(scope.tenant)} AND r.id >= ${params.add(ids.low)}
    AND r.id < ${params.add(ids.high)} AND ${windowSql(scope.window, params)}`;
  const [some] = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM ${inside} LIMIT ${COUNTED + 1}) r`,
    params.values,
  );
  const value = some?.n ?? 0;
  if (value <= COUNTED) return { value, relation: 'exact' };
  const [plan] = await tx.query<{ 'QUERY PLAN': readonly { readonly Plan: { readonly 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${inside}`,
    params.values,
  );
  return { value: Math.max(value, plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0), relation: 'about' };
}

/** How many match: exactly, or at least so many when the time for it was spent. */
export async function countMatches(db: Database, scope: RunScope): Promise<Count> {
  const began = performance.now();
  const ids = idsOf(scope.window);
  let size = testsOf(scope.where).some(readsJournal) ? 250 : 20_000;
  let edge = ids.high;
  let value = 0;
  for (;;) {
    const asked = performance.now();
    const chunk = await db.briefly(scope.tenant, (tx) => countChunk(tx, scope, { ...ids, edge, size }));
    if (chunk) value += chunk.hits;
    if (chunk && (chunk.edge === null || chunk.scanned < size)) return { value, relation: 'exact' };
    edge = chunk?.edge ?? edge;
    const now = performance.now();
    if (now - began > BUDGET_MS) return { value, relation: 'at_least' };
    size = chunk ? Math.ceil(Math.min(100_000, size * 8, (size * 75) / Math.max(now - asked, 1))) : Math.ceil(size / 8);
  }
}

interface Chunk {
  readonly hits: number;
  readonly scanned: number;
  readonly edge: string | null;
}

async function countChunk(
  tx: Tx,
  scope: RunScope,
  { low, edge, size }: { readonly low: string; readonly edge: string; readonly size: number },
): Promise<Chunk> {
  const params = new Params();
  const text = `
    SELECT count(*) FILTER (WHERE ${scopeSql(scope, params)})::int AS hits, count(*)::int AS scanned, min(r.id) AS edge
      FROM (SELECT r.* FROM writ.run r WHERE r.tenant = ${params.add(scope.tenant)} AND r.id >= ${params.add(low)}
               AND r.id < ${params.add(edge)}${narrowSql(scope.where, params)} ORDER BY r.id DESC LIMIT ${params.add(size)}::int) r`;
  const [row] = await tx.query<Chunk>(text, params.values);
  if (!row) throw new Error('an aggregate answered no row');
  return row;
}
