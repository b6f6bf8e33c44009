import { type Database, Params, type Tx } from '@writ/database';
import { type Count, countWindow } from './audit-count';
import { eventsSql, microseconds } from './audit-events';
import type { AuditScope, Limits } from './audit-page';

const MS = 1_000;

export interface AuditHistogram {
  readonly bucketMs: number;
  readonly from: number;
  readonly to: number;
  readonly buckets: readonly { readonly at: number; readonly counts: { readonly [group: string]: number } }[];
  readonly sampled: boolean;
  readonly of: Count;
  readonly matched: Count;
}

export type AuditGroup = 'category' | 'decision' | 'actor';

const GROUPS: { readonly [G in AuditGroup]: string } = {
  category: `split_part(j.v ->> 'type', '.', 1)`,
  decision: `coalesce(j.v -> 'decision' ->> 'verdict', 'none')`,
  actor: `coalesce(j.v ->> 'actor', 'none')`,
};

/** More events than this and a part is counted and scaled. */
const MOST_EVENTS = 20_000;
/** Actors beyond the most frequent ones are counted together. */
const MOST_GROUPS = 12;

/** Events over time, by the time they were recorded. Answers null when even a part could not be counted in time. */
export async function auditHistogram(
  db: Database,
  asked: { readonly scope: AuditScope; readonly limits: Limits; readonly buckets: number; readonly by: AuditGroup },
): Promise<AuditHistogram | null> {
  const { scope, limits, by } = asked;
  const [from, to] = [Math.floor(limits.from / MS), Math.ceil(limits.until / MS)];
  const bucketMs = Math.max(1, Math.ceil((to - from) / asked.buckets));
  return db.briefly(scope.tenant, async (tx) => {
    const of = await countWindow(tx, scope);
    const share = of.value > MOST_EVENTS ? MOST_EVENTS / of.value : 1;
    const rows = await cells(tx, { scope, limits, by, bucketMs, share });
    const scaled = rows.map((row) => ({ ...row, count: Math.round(row.count / share) }));
    const value = scaled.reduce((sum, row) => sum + row.count, 0);
    const matched: Count = { value, relation: share < 1 ? 'about' : 'exact' };
    return { from, to, bucketMs, buckets: gathered(scaled, from, bucketMs), sampled: share < 1, of, matched };
  });
}

interface Cell {
  readonly bucket: number;
  readonly name: string;
  readonly count: number;
}

function cells(
  tx: Tx,
  asked: {
    readonly scope: AuditScope;
    readonly limits: Limits;
    readonly by: AuditGroup;
    readonly bucketMs: number;
    readonly share: number;
  },
): Promise<Cell[]> {
  const { scope, limits, by, bucketMs, share } = asked;
  const params = new Params();
  const sample = share < 1 ? `TABLESAMPLE SYSTEM (${params.add(share * 100)}::float4) REPEATABLE (1)` : '';
  const start = Math.floor(limits.from / MS) * MS;
  const bucket = `((extract(epoch FROM u.at) * 1000000)::bigint - ${params.add(start)}::bigint) / ${params.add(bucketMs * MS)}::bigint`;
  const text = `SELECT x.bucket::int AS bucket, x.name, count(*)::int AS count FROM (
      ${eventsSql(scope.where, params, { columns: `${bucket} AS bucket, ${GROUPS[by]} AS name`, sample, json: true })}
      AND u.tenant = ${params.add(scope.tenant)} AND u.at >= ${microseconds(limits.from, params)} AND u.at < ${microseconds(limits.until, params)}) x
     GROUP BY 1, 2`;
  return tx.query<Cell>(text, params.values);
}

function gathered(rows: readonly Cell[], from: number, bucketMs: number): AuditHistogram['buckets'] {
  const totals = new Map<string, number>();
  for (const { name, count } of rows) totals.set(name, (totals.get(name) ?? 0) + count);
  const shown = new Set(
    [...totals]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_GROUPS)
      .map(([name]) => name),
  );
  const buckets = new Map<number, { [group: string]: number }>();
  for (const { bucket, name, count } of rows) {
    const counts = buckets.get(bucket) ?? {};
    const group = shown.has(name) ? name : 'others';
    counts[group] = (counts[group] ?? 0) + count;
    buckets.set(bucket, counts);
  }
  return [...buckets].sort(([a], [b]) => a - b).map(([bucket, counts]) => ({ at: from + bucket * bucketMs, counts }));
}
