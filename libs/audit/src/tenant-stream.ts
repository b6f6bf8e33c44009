import { newId, type TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import { currentTrace, newTrace } from '@writ/telemetry';
import { extendChain } from './chain';
import { type AuditDraft } from './packed';

/** An event of the tenant's own stream; the stream fills in what is the same for all of them. */
export type TenantEvent = Omit<AuditDraft, 'id' | 'tenant' | 'run' | 'time' | 'origin'> & { readonly time?: string };

export const originOf = (tenant: TenantId | '*'): string => `writ/${tenant}`;

/**
 * Appends to the tenant's own stream: what happens outside runs (policy, stops, keys, mail, reads of the audit).
 * The stream's head row is locked for the transaction, so a tenant's administrative acts are serial; runs never touch
 * it. Durable with the caller's transaction, or not at all. An event that names no trace gets the ambient one; outside of
 * any, the events of one call share a new one.
 */
export async function appendTenantEvents(tx: Tx, tenant: TenantId, events: readonly TenantEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `INSERT INTO writ.tenant_stream (tenant, next_seq, head) VALUES ($1, 0, $2) ON CONFLICT (tenant) DO NOTHING`,
    [tenant, '0'.repeat(64)],
  );
  const [row] = await tx.query<{ next_seq: number; head: string; now: Date }>(
    `SELECT next_seq, head, clock_timestamp() AS now FROM writ.tenant_stream WHERE tenant = $1 FOR UPDATE`,
    [tenant],
  );
  if (!row) throw new Error(`the stream of ${tenant} is not visible in this transaction`);
  const trace = (currentTrace() ?? newTrace()).traceId;
  const drafts = events.map((event): AuditDraft => {
    const time = event.time ?? row.now.toISOString();
    return { trace, ...event, time, id: newId('event'), tenant, run: 'tenant', origin: originOf(tenant) };
  });
  const link = extendChain({ seq: row.next_seq, hash: row.head }, drafts);
  await tx.query(
    `INSERT INTO writ.audit_unit (tenant, run, seq, unit, events, hashes) VALUES ($1, 'tenant', $2, $3, $4, $5)`,
    [tenant, row.next_seq, newId('unit'), link.lines.join('\n'), link.hashes],
  );
  await tx.query(`UPDATE writ.tenant_stream SET next_seq = $2, head = $3 WHERE tenant = $1`, [
    tenant,
    link.head.seq,
    link.head.hash,
  ]);
}

export const appendTenantEvent = (tx: Tx, tenant: TenantId, event: TenantEvent): Promise<void> =>
  appendTenantEvents(tx, tenant, [event]);
