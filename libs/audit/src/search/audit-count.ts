import { type Database, Params, type Tx } from '@writ/database';
import { eventsSql, microseconds } from './audit-events';
import type { AuditScope, Limits } from './audit-page';

export interface Count {
  readonly value: number;
  readonly relation: 'exact' | 'at_least' | 'about';
}

/** Units counted one by one; beyond, the planner's estimate times the events they have on average. */
const COUNTED = 20_000;
const BUDGET_MS = 300;
const MS = 1_000;

const inside = ({ tenant, from, to }: AuditScope, params: Params): string =>
  [
    `u.tenant = ${params.add(tenant)}`,
    ...(from === null ? [] : [`u.at >= ${params.time(from)}`]),
    ...(to === null ? [] : [`u.at < ${params.time(to)}`]),
  ].join(' AND ');

/** How many events the window holds. */
export async function countWindow(tx: Tx, scope: AuditScope): Promise<Count> {
  const params = new Params();
  const where = inside(scope, params);
  const [some] = await tx.query<{ units: number; events: number | null }>(
    `SELECT count(*)::int AS units, sum(n)::int AS events
       FROM (SELECT octet_length(u.hashes) / 32 AS n FROM writ.audit_unit u WHERE ${where} LIMIT ${COUNTED + 1}) u`,
    params.values,
  );
  const [units, events] = [some?.units ?? 0, some?.events ?? 0];
  if (units <= COUNTED) return { value: events, relation: 'exact' };
  const [plan] = await tx.query<{ 'QUERY PLAN': readonly { readonly Plan: { readonly 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM writ.audit_unit u WHERE ${where}`,
    params.values,
  );
  const estimate = plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
  return { value: Math.max(events, Math.round((estimate * events) / units)), relation: 'about' };
}

/** How many match, newest first: exactly, or at least so many when the time for it was spent. */
export async function countMatches(db: Database, scope: AuditScope, limits: Limits): Promise<Count> {
  const began = performance.now();
  let value = 0;
  let edge = limits.until;
  let length = 60_000 * MS;
  for (;;) {
    const asked = performance.now();
    const low = Math.max(limits.from, edge - length);
    const found = await db.briefly(scope.tenant, (tx) => countSlice(tx, scope, { low, high: edge }));
    const now = performance.now();
    if (found !== null) {
      value += found;
      edge = low;
      if (edge <= limits.from) return { value, relation: 'exact' };
    }
    if (now - began > BUDGET_MS) return { value, relation: 'at_least' };
    length = Math.max(
      1,
      Math.ceil(length * (found === null ? 1 / 8 : Math.min(8, BUDGET_MS / 4 / Math.max(now - asked, 1)))),
    );
  }
}

async function countSlice(
  tx: Tx,
  { tenant, where }: AuditScope,
  { low, high }: { readonly low: number; readonly high: number },
): Promise<number> {
  const params = new Params();
  const text = `SELECT count(*)::int AS n FROM (${eventsSql(where, params)} AND u.tenant = ${params.add(tenant)}
    AND u.at >= ${microseconds(low, params)} AND u.at < ${microseconds(high, params)}) x`;
  const [row] = await tx.query<{ n: number }>(text, params.values);
  return row?.n ?? 0;
}
