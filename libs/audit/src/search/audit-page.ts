import { type Database, Params, type Predicate } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { eventsSql, microseconds } from './audit-events';
import { type AuditTest, INDEX } from './audit-test';

export interface AuditScope {
  readonly tenant: TenantId;
  readonly where: Predicate<AuditTest>;
  /** Epoch milliseconds by the database's clock, as events were recorded; null for no limit. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface AuditPageQuery extends AuditScope {
  readonly order: 'time' | '-time';
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after: string | null;
}

export interface FoundEvents {
  /** The exact bytes, and the number in the log (null while unsealed). */
  readonly rows: readonly { readonly line: string; readonly index: number | null }[];
  readonly next: string | null;
  /** Epoch milliseconds up to which the search came, when it stopped before the window was looked through. */
  readonly reached: number | null;
}

/** Where a page goes on: a place (microseconds, run, sequence), or a time alone; and the end of the first page's window. */
interface Continued {
  readonly until: number;
  readonly at: number;
  readonly run?: string;
  readonly seq?: number;
}

interface Row {
  readonly at: string;
  readonly run: string;
  readonly seq: number;
  readonly line: string;
  readonly index: string | null;
}

const BUDGET_MS = 500;
const MS = 1_000;
/** Microseconds of the first slice of time; each further one is up to eight times as long. */
const FIRST_SLICE = 60_000 * MS;
const WIDEN = 8;

/**
 * A page of evidence in the order it was recorded (database time, then run and sequence), or the other way round. Time is
 * cut into slices that grow while they are quick, so a page of the newest events never reads the oldest, and a query
 * that fits almost nothing is answered in parts.
 */
export async function auditPage(db: Database, query: AuditPageQuery): Promise<FoundEvents> {
  const began = performance.now();
  const down = query.order === '-time';
  const place = query.after === null ? null : (JSON.parse(query.after) as Continued);
  const limits = await limitsOf(db, query, place?.until ?? null);
  const rows: Row[] = [];
  let edge = place?.at ?? (down ? limits.until : limits.from);
  let from = place;
  let length = wholeRun(query.where) ? Infinity : FIRST_SLICE;
  for (;;) {
    const asked = performance.now();
    const [low, high] = down
      ? [Math.max(limits.from, edge - length), from ? edge + 1 : edge]
      : [edge, Math.min(limits.until, edge + length)];
    const want = query.limit + 1 - rows.length;
    const found = await db.briefly(query.tenant, (tx) => {
      const { text, values } = sliceStatement(query, { low, high, from, want });
      return tx.query<Row>(text, values);
    });
    if (found === null) {
      if (length <= 1) throw new Error(`a microsecond of evidence of ${query.tenant} cannot be searched in time`);
      length = Math.max(1, Math.floor(Math.min(length, high - low) / WIDEN));
      continue;
    }
    rows.push(...found);
    if (rows.length > query.limit)
      return {
        rows: rows.slice(0, query.limit).map(shown),
        next: placeOf(rows[query.limit - 1]!, limits),
        reached: null,
      };
    edge = down ? low : high;
    from = null;
    if (down ? edge <= limits.from : edge >= limits.until) return { rows: rows.map(shown), next: null, reached: null };
    const now = performance.now();
    if (now - began > BUDGET_MS) {
      return {
        rows: rows.map(shown),
        next: JSON.stringify({ until: limits.until, at: edge }),
        reached: Math.floor(edge / MS),
      };
    }
    length = Math.max(1, Math.ceil(length * Math.min(WIDEN, BUDGET_MS / 4 / Math.max(now - asked, 1))));
  }
}

const shown = ({ line, index }: Row): { readonly line: string; readonly index: number | null } => ({
  line,
  index: index === null ? null : Number(index),
});

const placeOf = ({ at, run, seq }: Row, { until }: { readonly until: number }): string =>
  JSON.stringify({ until, at: Number(at), run, seq } satisfies Continued);

/** A run's own chain is found by key and short enough to be read at once. */
function wholeRun(where: Predicate<AuditTest>): boolean {
  const parts = 'all' in where ? where.all : [where];
  return parts.some((part) => {
    const [only, ...more] = 'any' in part ? part.any : [part];
    return (
      more.length === 0 &&
      only &&
      'test' in only &&
      only.test.field === 'run' &&
      'is' in only.test.name &&
      only.test.name.is !== 'tenant'
    );
  });
}

export interface Limits {
  readonly from: number;
  readonly until: number;
}

/** The window in microseconds. It ends now at the latest, so that reading, which is itself recorded, comes to an end. */
export async function limitsOf(
  db: Database,
  { tenant, from, to }: Pick<AuditScope, 'tenant' | 'from' | 'to'>,
  until: number | null,
): Promise<Limits> {
  const [row] = await db.withTenant(tenant, (tx) =>
    tx.query<{ now: string; begun: string | null }>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS now,
              (SELECT (extract(epoch FROM created_at) * 1000000)::bigint::text FROM writ.tenant WHERE tenant = $1) AS begun`,
      [tenant],
    ),
  );
  const now = Number(row?.now ?? 0) + 1;
  return {
    from: Math.max(Number(row?.begun ?? 0), from === null ? 0 : from * MS),
    until: until ?? Math.min(now, to === null ? Infinity : to * MS),
  };
}

function sliceStatement(
  { tenant, where, order }: AuditPageQuery,
  slice: { readonly low: number; readonly high: number; readonly from: Continued | null; readonly want: number },
): { readonly text: string; readonly values: readonly unknown[] } {
  const params = new Params();
  const [direction, beyond] = order === '-time' ? ['DESC', '<'] : ['ASC', '>'];
  const { from } = slice;
  const place =
    from?.run === undefined || from.seq === undefined
      ? 'TRUE'
      : `(u.at, u.run, u.seq + e.ord::int - 1) ${beyond} (${microseconds(from.at, params)}, ${params.add(from.run)}, ${params.add(from.seq)}::int)`;
  const text = `
    SELECT x.at, x.run, x.seq, x.line, (SELECT ${INDEX} FROM (SELECT x.tenant, x.run, x.unit_seq AS seq) u, (SELECT x.ord, x.line) e)::text AS index
      FROM (${eventsSql(where, params)}
       AND u.tenant = ${params.add(tenant)} AND u.at >= ${microseconds(slice.low, params)} AND u.at < ${microseconds(slice.high, params)} AND ${place}
     ORDER BY u.at ${direction}, u.run ${direction}, 3 ${direction} LIMIT ${params.add(slice.want)}::int) x
     ORDER BY x.at::bigint ${direction}, x.run ${direction}, x.seq ${direction}`;
  return { text, values: params.values };
}
