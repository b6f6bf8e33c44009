import type { RunId, TenantId, WorkerId } from '@writ/kernel';
import type { Database, Tx } from '../session/database';

/** A run this worker now leads, and where it stands. */
export interface ClaimedRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly leaseEpoch: number;
  readonly nextSeq: number;
  readonly auditSeq: number;
  readonly chainHead: string;
  readonly traceId: string | null;
  /** True when its last holder died leading it. */
  readonly takenOver: boolean;
}

interface Claimed {
  readonly lease_epoch: string;
  readonly next_seq: number;
  readonly audit_seq: number;
  readonly chain_head: string;
  readonly trace_id: string | null;
}

/**
 * Takes the lease if nobody alive holds it; null otherwise, or when the run is over. A run that stands in line is not
 * taken before its turn, except to be cancelled or because its deadline has passed.
 * The row is locked first, and its holder judged by a statement of its own: what became known while the claim waited for
 * the row (another claim that won, a sign of life) is seen. One statement would judge by the moment it began.
 * INVARIANT (I3): each claim raises the lease epoch, so whatever an earlier holder still sends is refused.
 */
export async function claimRun(
  db: Database,
  claim: { readonly tenant: TenantId; readonly run: RunId; readonly worker: WorkerId },
): Promise<ClaimedRun | null> {
  const { tenant, run, worker } = claim;
  return db.withTenant(tenant, async (tx) => {
    const [held] = await tx.query<{ lease_owner: WorkerId | null }>(
      `SELECT lease_owner FROM writ.run WHERE tenant = $1 AND id = $2 AND finished_at IS NULL FOR NO KEY UPDATE`,
      [tenant, run],
    );
    if (!held) return null;
    const [row] = await tx.query<Claimed>(
      `UPDATE writ.run SET lease_owner = $3, lease_epoch = lease_epoch + 1, wake_at = NULL
        WHERE tenant = $1 AND id = $2
          AND NOT EXISTS (
                SELECT 1 FROM writ.worker w
                 WHERE w.tenant = '*' AND w.id = $4 AND w.beat_at > clock_timestamp() - writ.lease_ttl())
          AND (status <> 'queued' OR wake_at IS DISTINCT FROM 'infinity' OR deadline_at <= clock_timestamp()
               OR EXISTS (SELECT 1 FROM writ.run_mail m
                           WHERE m.tenant = $1 AND m.run = $2 AND m.consumed_seq IS NULL AND m.kind = 'cancel'))
       RETURNING lease_epoch, next_seq, audit_seq, chain_head, trace_id`,
      [tenant, run, worker, held.lease_owner],
    );
    if (!row) return null;
    return {
      tenant,
      run,
      leaseEpoch: Number(row.lease_epoch),
      nextSeq: row.next_seq,
      auditSeq: row.audit_seq,
      chainHead: row.chain_head,
      traceId: row.trace_id,
      takenOver: held.lease_owner !== null,
    };
  });
}

/** Gives a lease back without a unit: nothing happened that the journal should know. A lost lease is left alone. */
export async function releaseRun(
  tx: Tx,
  lease: {
    readonly tenant: TenantId;
    readonly run: RunId;
    readonly leaseEpoch: number;
    /** Epoch milliseconds at which the sweeper must look again; null for never. */
    readonly wakeAt: number | null;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET lease_owner = NULL, wake_at = $4
      WHERE tenant = $1 AND id = $2 AND lease_epoch = $3 AND finished_at IS NULL`,
    [lease.tenant, lease.run, lease.leaseEpoch, lease.wakeAt === null ? null : new Date(lease.wakeAt)],
  );
}

/**
 * Gives back whatever lease a worker may hold on a run it does not lead: its claim's answer was lost, or leading it
 * failed. Only the worker itself may say so, and only while it does not lead the run.
 */
export async function releaseAbandoned(
  tx: Tx,
  lease: {
    readonly tenant: TenantId;
    readonly run: RunId;
    readonly worker: WorkerId;
    /** Epoch milliseconds at which the sweeper must look again. */
    readonly wakeAt: number;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET lease_owner = NULL, wake_at = $4
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 AND finished_at IS NULL`,
    [lease.tenant, lease.run, lease.worker, new Date(lease.wakeAt)],
  );
}

/** Runs of any tenant that need a look (I8): never rung, left by a dead worker, due, past their deadline, with mail. */
export async function sweep(
  db: Database,
  options: { readonly limit: number },
): Promise<{ readonly tenant: TenantId; readonly run: RunId }[]> {
  return db.platform((tx) => tx.query(`SELECT tenant, run FROM writ.find_due_runs($1)`, [options.limit]));
}
