import type { WorkerId } from '@writ/kernel';
import type { Database } from '../session/database';

/** A sign of life, by the database's clock. Leases last as long as their worker's newest one is young. */
export async function beat(
  db: Database,
  of: {
    readonly worker: WorkerId;
    readonly build: string;
    /** Runs it leads at once. */
    readonly places: number;
  },
): Promise<void> {
  await db.platform((tx) =>
    tx.query(
      `INSERT INTO writ.worker (tenant, id, build, places) VALUES ('*', $1, $2, $3)
       ON CONFLICT (tenant, id)
         DO UPDATE SET beat_at = clock_timestamp(), build = excluded.build, places = excluded.places`,
      [of.worker, of.build, of.places],
    ),
  );
}

/** A worker that leaves in good order: what it may still lead is free at once. */
export async function releaseWorker(db: Database, worker: WorkerId): Promise<void> {
  await db.platform((tx) =>
    tx.query(`UPDATE writ.worker SET beat_at = 'epoch' WHERE tenant = '*' AND id = $1`, [worker]),
  );
}

/** Workers whose sign of life is young: what readiness and the status page ask. */
export async function liveWorkers(db: Database): Promise<number> {
  const [row] = await db.platform((tx) =>
    tx.query<{ n: number }>(`SELECT count(*)::int AS n FROM writ.worker WHERE beat_at > now() - writ.lease_ttl()`),
  );
  return row?.n ?? 0;
}
