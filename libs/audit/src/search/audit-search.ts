import type { TenantId } from '@writ/kernel';
import { type Database, Params, type Tx } from '@writ/database';
import type { AuditEvent } from '../event';
import { eventSentence } from '../sentence';
import { type Count, countMatches, countWindow } from './audit-count';
import { type AuditGroup, type AuditHistogram, auditHistogram } from './audit-histogram';
import { microseconds } from './audit-events';
import { auditPage, type AuditPageQuery, type AuditScope, type Limits, limitsOf } from './audit-page';
import { NAMES } from './audit-test';

/** An event as lists show it: its members as they were hashed, and beside them what is made of it. */
export interface ShownEvent {
  readonly raw: string;
  readonly event: AuditEvent;
  /** Its number in the log; null while it is not sealed. */
  readonly index: number | null;
  readonly sentence: string;
}

export interface ShownPage {
  readonly data: readonly ShownEvent[];
  /** Pass as `after`; null at the end. */
  readonly next: string | null;
  /** Epoch milliseconds; null unless the search stopped before the window was looked through. */
  readonly reached: number | null;
  readonly of: Count;
  /** Null unless asked for. */
  readonly matched: Count | null;
}

export type ValueField = keyof typeof NAMES;

/** So many of the newest units are looked at for values. */
const NEWEST_UNITS = 5_000;

export function shownEvent(line: string, index: number | null): ShownEvent {
  const event = JSON.parse(line) as AuditEvent;
  return { raw: line, event, index, sentence: eventSentence(event) };
}

/** A time (microseconds) since when about `NEWEST_UNITS` were recorded, found without sorting any. */
async function sinceNewest(tx: Tx, tenant: TenantId, { from, until }: Limits): Promise<number> {
  let length = 60_000_000;
  let units = 0;
  for (let edge = until; edge > from && units < NEWEST_UNITS;) {
    const low = Math.max(from, edge - length);
    const params = new Params();
    const [row] = await tx.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM (SELECT 1 FROM writ.audit_unit u WHERE u.tenant = ${params.add(tenant)}
          AND u.at >= ${microseconds(low, params)} AND u.at < ${microseconds(edge, params)}
          LIMIT ${4 * NEWEST_UNITS}) u`,
      params.values,
    );
    units += row?.n ?? 0;
    // Far too many at once: the slice is cut, so that no question about a busy log reads all of it.
    if ((row?.n ?? 0) >= 4 * NEWEST_UNITS && length > 1_000_000) {
      units -= row?.n ?? 0;
      length = Math.floor(length / 8);
      continue;
    }
    edge = low;
    length *= units > NEWEST_UNITS / 4 ? 2 : 8;
    if (units >= NEWEST_UNITS || edge <= from) return edge;
  }
  return from;
}

/** Questions to the evidence. None of them writes that it was asked: that is the caller's, who knows who asked. */
export class AuditSearch {
  constructor(private readonly db: Database) {}

  async page(query: AuditPageQuery & { readonly count: boolean }): Promise<ShownPage> {
    const [found, of, matched] = await Promise.all([
      auditPage(this.db, query),
      this.db.withTenant(query.tenant, (tx) => countWindow(tx, query)),
      query.count ? limitsOf(this.db, query, null).then((limits) => countMatches(this.db, query, limits)) : null,
    ]);
    const data = found.rows.map(({ line, index }) => shownEvent(line, index));
    return { data, next: found.next, reached: found.reached, of, matched };
  }

  /** Null when even a part could not be counted in time. */
  async histogram(scope: AuditScope, buckets: number, by: AuditGroup): Promise<AuditHistogram | null> {
    const limits = await limitsOf(this.db, scope, null);
    return auditHistogram(this.db, { scope, limits, buckets, by });
  }

  /** Values of a field that begin with a prefix, among the newest events of the window, most frequent first. */
  async values(asked: {
    readonly tenant: TenantId;
    readonly from: number | null;
    readonly to: number | null;
    readonly field: ValueField;
    readonly prefix: string;
    readonly limit: number;
  }): Promise<{
    readonly values: readonly { readonly value: string; readonly count: number }[];
    readonly complete: boolean;
  }> {
    const limits = await limitsOf(this.db, asked, null);
    const found = await this.db.briefly(asked.tenant, async (tx) => {
      const since = await sinceNewest(tx, asked.tenant, limits);
      const params = new Params();
      const values = await tx.query<{ value: string; count: number }>(
        `SELECT v.value, count(*)::int AS count FROM (
           SELECT ${NAMES[asked.field].sql} AS value FROM writ.audit_unit u
            CROSS JOIN LATERAL string_to_table(writ.audit_lines(u), E'\\n') AS e (line)
            CROSS JOIN LATERAL (SELECT e.line::jsonb AS v OFFSET 0) j
            WHERE u.tenant = ${params.add(asked.tenant)}
              AND u.at >= ${microseconds(since, params)} AND u.at < ${microseconds(limits.until, params)}) v
          WHERE v.value IS NOT NULL AND starts_with(v.value, ${params.add(asked.prefix)})
          GROUP BY v.value ORDER BY count(*) DESC, v.value LIMIT ${params.add(asked.limit)}::int`,
        params.values,
      );
      return { values, complete: since <= limits.from };
    });
    return found ?? { values: [], complete: false };
  }
}
