import type { Database, Tx } from '@writ/database';
import type { Failure, WorkerId } from '@writ/kernel';
import { canonicalJson } from '@writ/kernel';

/** The right to seal the logs, as long as nobody else has claimed it since. */
export interface Lease {
  readonly owner: WorkerId;
  readonly epoch: string;
}

/** Somebody else seals the logs now: what was about to be written is not. */
export class LeaseLost extends Error {
  constructor(readonly lease: Lease) {
    super(`the lease of epoch ${lease.epoch} is another's by now`);
    this.name = 'LeaseLost';
  }
}

export interface Claimed {
  readonly lease: Lease;
  /** Why no log is signed, as the last holder left it. */
  readonly refusal: Failure | null;
  /** The server the logs were sealed on; null before the first claim. */
  readonly cluster: string | null;
  /** The server of this connection. */
  readonly here: string;
  /** True when transaction numbers here are behind those of the kept snapshot: it was made elsewhere. */
  readonly numbersBehind: boolean;
}

interface ClaimRow {
  readonly epoch: string;
  readonly refusal: string | null;
  readonly cluster: string | null;
  readonly here: string;
  readonly behind: boolean;
}

/**
 * Takes the lease if it is free, ours, or its holder's last sign of life is old; null otherwise. Each claim raises the
 * epoch. A round under way holds the row: the claim waits a second for it, then tries again another time.
 */
export async function claimLease(db: Database, owner: WorkerId): Promise<Claimed | null> {
  return db.platform(async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = '1s'`);
    const [row] = await tx.query<ClaimRow>(
      `UPDATE writ.log_lease l SET epoch = epoch + 1, owner = $1, beat_at = clock_timestamp(),
              cluster = coalesce(cluster, c.system_identifier::text)
         FROM pg_control_system() c
        WHERE l.tenant = '*'
          AND (l.owner IS NULL OR l.owner = $1 OR l.beat_at < clock_timestamp() - writ.log_ttl())
       RETURNING l.epoch, l.refusal, l.cluster, c.system_identifier::text AS here,
                 pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(l.snapshot) AS behind`,
      [owner],
    );
    if (!row) return null;
    return {
      lease: { owner, epoch: row.epoch },
      refusal: row.refusal === null ? null : (JSON.parse(row.refusal) as Failure),
      cluster: row.cluster,
      here: row.here,
      numbersBehind: row.behind,
    };
  });
}

export interface Renewed {
  /** The snapshot the round before left: what is visible in it is sealed. */
  readonly last: string;
  /** This transaction's own. */
  readonly now: string;
  readonly at: Date;
}

/**
 * The first statement of every round. INVARIANT (I9): it locks the lease's row until the round ends, so rounds come one
 * after another, and it finds no row once somebody else has claimed the lease.
 */
export async function renewLease(tx: Tx, lease: Lease): Promise<Renewed> {
  const [row] = await tx.query<Renewed>(
    `UPDATE writ.log_lease SET beat_at = clock_timestamp() WHERE tenant = '*' AND owner = $1 AND epoch = $2
     RETURNING snapshot::text AS last, pg_current_snapshot()::text AS now, now() AS at`,
    [lease.owner, lease.epoch],
  );
  if (!row) throw new LeaseLost(lease);
  return row;
}

/** A sign of life without a round. `caughtUpAt`: when a look found nothing left to seal. */
export async function beatLease(db: Database, lease: Lease, caughtUpAt: Date | null): Promise<void> {
  await db.platform(async (tx) => {
    const rows = await tx.query(
      `UPDATE writ.log_lease SET beat_at = clock_timestamp(), caught_up_at = coalesce($3, caught_up_at)
        WHERE tenant = '*' AND owner = $1 AND epoch = $2 RETURNING epoch`,
      [lease.owner, lease.epoch, caughtUpAt],
    );
    if (rows.length === 0) throw new LeaseLost(lease);
  });
}

/** Gives the lease back, and says why no log is signed if that is so; null takes such a word back. */
export async function releaseLease(db: Database, lease: Lease, refusal: Failure | null): Promise<void> {
  await db.platform((tx) =>
    tx.query(
      `UPDATE writ.log_lease SET owner = NULL, beat_at = 'epoch', refusal = $3 WHERE tenant = '*' AND owner = $1 AND epoch = $2`,
      [lease.owner, lease.epoch, refusal === null ? null : canonicalJson(refusal)],
    ),
  );
}

/** Says why no log is signed while the lease is kept; null takes it back. */
export async function noteRefusal(db: Database, lease: Lease, refusal: Failure | null): Promise<void> {
  await db.platform((tx) =>
    tx.query(`UPDATE writ.log_lease SET refusal = $3 WHERE tenant = '*' AND owner = $1 AND epoch = $2`, [
      lease.owner,
      lease.epoch,
      refusal === null ? null : canonicalJson(refusal),
    ]),
  );
}
