import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';

/** The state of a run behind its first `seq` events. */
export interface RunSnapshot {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly seq: number;
  /** Its evidence up to there: the first audit event that it knows nothing of. */
  readonly auditSeq: number;
  /** The rules it was folded by. */
  readonly fold: number;
  readonly digest: string;
  readonly body: string;
}

/**
 * Keeps a run's newest snapshot. It needs no fence: what it is of is committed and never changes, so one that comes late,
 * from a worker that has lost the run, is true and merely older, and gives way.
 */
export async function keepSnapshot(tx: Tx, kept: RunSnapshot): Promise<void> {
  await tx.query(
    `INSERT INTO writ.run_snapshot AS s (tenant, run, seq, audit_seq, fold, digest, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (tenant, run) DO UPDATE SET seq = excluded.seq, audit_seq = excluded.audit_seq, fold = excluded.fold,
                                             digest = excluded.digest, body = excluded.body, made_at = now()
      WHERE s.seq < excluded.seq OR s.fold <> excluded.fold`,
    [kept.tenant, kept.run, kept.seq, kept.auditSeq, kept.fold, kept.digest, kept.body],
  );
}

/** A run that is over needs none. */
export async function dropSnapshot(tx: Tx, tenant: TenantId, run: RunId): Promise<void> {
  await tx.query(`DELETE FROM writ.run_snapshot WHERE tenant = $1 AND run = $2`, [tenant, run]);
}

/** A run's evidence, one canonical JSON per event, in order. */
export async function loadEvidence(tx: Tx, tenant: TenantId, run: RunId): Promise<readonly string[]> {
  const rows = await tx.query<{ events: string }>(
    `SELECT writ.audit_lines(u) AS events FROM writ.audit_unit u WHERE tenant = $1 AND run = $2 ORDER BY seq`,
    [tenant, run],
  );
  return rows.flatMap(({ events }) => events.split('\n'));
}
