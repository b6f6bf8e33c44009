import type { RunId, TenantId, WorkerId } from '@writ/kernel';
import type { Database, Tx } from '../session/database';
import type { PolledMail } from './mail';

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
  /** The newest state kept of a long run, by the rules asked for; null where there is none. */
  readonly snapshot: KeptSnapshot | null;
  /** One canonical JSON per event, in order: the journal, and the evidence, from the snapshot on. */
  readonly journal: readonly string[];
  readonly audit: readonly string[];
  /** Unread, oldest first. */
  readonly mail: readonly PolledMail[];
}

/** A state as it was stored. It may be trusted once `body` hashes to `digest`. */
export interface KeptSnapshot {
  /** The first event that it knows nothing of. */
  readonly seq: number;
  readonly digest: string;
  readonly body: string;
}

interface Taken {
  readonly lease_epoch: string;
  readonly next_seq: number;
  readonly audit_seq: number;
  readonly chain_head: string;
  readonly trace_id: string | null;
  readonly taken_over: boolean;
  readonly journal: string | null;
  readonly audit: string | null;
  readonly mail: PolledMail[];
  readonly snapshot: string | null;
  readonly snapshot_seq: number | null;
  readonly snapshot_digest: string | null;
}

/**
 * Takes the lease if nobody alive holds it; null otherwise, or when the run is over. A run that stands in line is not
 * taken before its turn, except to be cancelled or because its deadline has passed. `fold` names the rules by which a
 * snapshot must have been made to be of use.
 * INVARIANT (I3): each claim raises the lease epoch, so whatever an earlier holder still sends is refused.
 */
export async function claimRun(
  db: Database,
  claim: { readonly tenant: TenantId; readonly run: RunId; readonly worker: WorkerId; readonly fold?: number },
): Promise<ClaimedRun | null> {
  const { tenant, run, worker, fold = 0 } = claim;
  const [row] = await db.call<Taken>('take_run', [tenant, run, worker, fold]);
  if (!row) return null;
  return {
    tenant,
    run,
    leaseEpoch: Number(row.lease_epoch),
    nextSeq: row.next_seq,
    auditSeq: row.audit_seq,
    chainHead: row.chain_head,
    traceId: row.trace_id,
    takenOver: row.taken_over,
    snapshot: snapshotOf(row),
    journal: row.journal?.split('\n') ?? [],
    audit: row.audit?.split('\n') ?? [],
    mail: row.mail,
  };
}

function snapshotOf(row: Taken): KeptSnapshot | null {
  const { snapshot: body, snapshot_seq: seq, snapshot_digest: digest } = row;
  return body === null || seq === null || digest === null ? null : { seq, digest, body };
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
  return db.call('find_due_runs', [options.limit]);
}
