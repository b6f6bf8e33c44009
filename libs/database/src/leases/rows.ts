import type { RunId, TenantId } from '@writ/kernel';
import type { RunStatus } from '@writ/words';
import type { Tx } from '../session/database';

export interface RunRow {
  readonly id: RunId;
  readonly workflow: string;
  readonly workflowDigest: string;
  readonly status: RunStatus;
  readonly initiator: string;
  readonly wait: string | null;
  readonly nextSeq: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
  readonly traceId: string | null;
  readonly requestDigest: string | null;
}

/** The columns of `RunRow`, of a relation that has those of writ.run. */
export const RUN_COLUMNS = `id, workflow, workflow_digest AS "workflowDigest", status, initiator, wait, next_seq AS "nextSeq",
  created_at AS "createdAt", updated_at AS "updatedAt", finished_at AS "finishedAt", trace_id AS "traceId",
  request_digest AS "requestDigest"`;

export async function runRow(tx: Tx, tenant: TenantId, run: RunId): Promise<RunRow | null> {
  const [row] = await tx.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM writ.run WHERE tenant = $1 AND id = $2`, [
    tenant,
    run,
  ]);
  return row ?? null;
}

export async function runByIdempotencyKey(tx: Tx, tenant: TenantId, key: string): Promise<RunRow | null> {
  const [row] = await tx.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM writ.run WHERE tenant = $1 AND idempotency_key = $2`,
    [tenant, key],
  );
  return row ?? null;
}

/** A run's journal units in order; `events` is one canonical JSON per line. */
export async function loadJournal(
  tx: Tx,
  tenant: TenantId,
  run: RunId,
): Promise<{ readonly seq: number; readonly events: string }[]> {
  return tx.query(`SELECT seq, events FROM writ.journal WHERE tenant = $1 AND run = $2 ORDER BY seq`, [tenant, run]);
}

/**
 * Audit units of a time window that name an id: as they lie, they may leave its prefix out. The index
 * on time bounds the scan, so a short window is cheap.
 */
export async function unitsAround(
  tx: Tx,
  tenant: TenantId,
  window: { readonly from: Date; readonly to: Date; readonly naming: string },
): Promise<{ readonly run: string; readonly events: string }[]> {
  return tx.query(
    `SELECT run, writ.audit_lines(u) AS events FROM writ.audit_unit u
      WHERE tenant = $1 AND at BETWEEN $2 AND $3 AND position(split_part($4, '_', 2) IN u.events) > 0`,
    [tenant, window.from, window.to, window.naming],
  );
}

/** Stores a large value by its digest; storing it twice is storing it once. */
export async function putPayload(
  tx: Tx,
  payload: { readonly tenant: TenantId; readonly digest: string; readonly body: string },
): Promise<void> {
  await tx.query(`INSERT INTO writ.payload (tenant, digest, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
    payload.tenant,
    payload.digest,
    payload.body,
  ]);
}

export async function getPayload(
  tx: Tx,
  key: { readonly tenant: TenantId; readonly digest: string },
): Promise<string | null> {
  const [row] = await tx.query<{ body: string }>(`SELECT body FROM writ.payload WHERE tenant = $1 AND digest = $2`, [
    key.tenant,
    key.digest,
  ]);
  return row?.body ?? null;
}
