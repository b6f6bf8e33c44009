import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { AuditEvent } from './event';

export interface AuditFilter {
  readonly run?: RunId | 'tenant';
  readonly type?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly verdict?: 'allow' | 'deny' | 'ask';
  /** RFC 3339; inclusive. */
  readonly from?: string;
  /** RFC 3339; exclusive. */
  readonly to?: string;
}

export interface AuditPage {
  readonly data: readonly AuditEvent[];
  /** Pass as `after`; null at the end. */
  readonly next: string | null;
}

interface Row {
  at: string;
  run: string;
  seq: number;
  line: string;
}

const POSITION = /^(\d{1,20})\|([a-z0-9_]{1,40})\|(\d{1,10})$/;

/**
 * A tenant's audit events in the order they were recorded (database time, then run and sequence).
 * One statement: units are found by key or by time, then unpacked, because a unit holds its events as the hashed bytes.
 */
export async function auditEvents(
  tx: Tx,
  tenant: TenantId,
  query: { readonly filter: AuditFilter; readonly limit: number; readonly after?: string },
): Promise<AuditPage> {
  const { filter, limit } = query;
  const position = query.after === undefined ? null : POSITION.exec(query.after);
  const rows = await tx.query<Row>(
    `SELECT (extract(epoch FROM u.at) * 1000000)::bigint::text AS at, u.run, u.seq + e.ord::int - 1 AS seq, e.line
       FROM writ.audit_unit u
       CROSS JOIN LATERAL string_to_table(u.events, E'\\n') WITH ORDINALITY AS e (line, ord)
      WHERE u.tenant = $1
        AND ($2::text IS NULL OR u.run = $2)
        AND ($3::timestamptz IS NULL OR u.at >= $3) AND ($4::timestamptz IS NULL OR u.at < $4)
        AND ($5::text IS NULL OR e.line::jsonb ->> 'type' = $5)
        AND ($6::text IS NULL OR e.line::jsonb ->> 'actor' = $6)
        AND ($7::text IS NULL OR e.line::jsonb ->> 'action' = $7)
        AND ($8::text IS NULL OR e.line::jsonb -> 'decision' ->> 'verdict' = $8)
        AND ($9::bigint IS NULL
             OR ((extract(epoch FROM u.at) * 1000000)::bigint, u.run, u.seq + e.ord::int - 1) > ($9, $10::text, $11::int))
      ORDER BY u.at, u.run, 3
      LIMIT $12`,
    [
      tenant,
      filter.run ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.type ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      filter.verdict ?? null,
      position?.[1] ?? null,
      position?.[2] ?? null,
      position?.[3] ?? null,
      limit + 1,
    ],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    data: page.map((row) => JSON.parse(row.line) as AuditEvent),
    next: rows.length > limit && last ? `${last.at}|${last.run}|${last.seq}` : null,
  };
}

/** The hashed bytes of one chain (a run, or the tenant's stream), in order. */
export async function chainLines(tx: Tx, tenant: TenantId, run: RunId | 'tenant'): Promise<string[]> {
  const rows = await tx.query<{ events: string }>(
    `SELECT events FROM writ.audit_unit WHERE tenant = $1 AND run = $2 ORDER BY seq`,
    [tenant, run],
  );
  return rows.flatMap((row) => row.events.split('\n'));
}
