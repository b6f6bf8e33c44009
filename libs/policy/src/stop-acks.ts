import type { Database, Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';

/** A process that decides or acts, as it stands in acknowledgements. */
export interface Instance {
  readonly id: string;
  readonly kind: 'worker' | 'control_plane' | 'gateway';
}

/** One process's word that it has applied a stop: from then on it begins and opens nothing that the stop covers. */
export interface StopAck {
  readonly instance: string;
  readonly kind: string;
  /** Epoch milliseconds by the database's clock; null for a worker that is alive and has not answered. */
  readonly at: number | null;
  /** From setting the stop to here. */
  readonly afterMs: number | null;
}

/** How long after it was set a stop is still acknowledged: a process that starts later begins with it. */
const NEW_FOR = '15 minutes';

/**
 * Records that this process has applied the stops in force of a tenant (`*`: the platform's). Called after the change is
 * held here, or when nothing of the tenant is held: whatever is decided next reads it first.
 */
export async function acknowledgeStops(db: Database, tenant: TenantId | '*', instance: Instance): Promise<void> {
  await db.withTenant(tenant, (tx) =>
    tx.query(
      `INSERT INTO writ.stop_ack (tenant, stop, instance, kind)
       SELECT tenant, id, $2, $3 FROM writ.stop
        WHERE tenant = $1 AND released_at IS NULL AND set_at > now() - $4::interval
       ON CONFLICT DO NOTHING`,
      [tenant, instance.id, instance.kind, NEW_FOR],
    ),
  );
}

interface Row {
  readonly instance: string;
  readonly kind: string;
  readonly at: Date | null;
  readonly after_ms: string | null;
}

/** Who has applied a stop, first to last; then workers that are alive and have not. */
export async function stopAcks(tx: Tx, tenant: TenantId | '*', stop: string): Promise<readonly StopAck[]> {
  const rows = await tx.query<Row>(
    `SELECT a.instance, a.kind, a.at, extract(epoch FROM a.at - s.set_at) * 1000 AS after_ms
       FROM writ.stop_ack a JOIN writ.stop s ON s.tenant = a.tenant AND s.id = a.stop
      WHERE a.tenant IN ($1, '*') AND a.stop = $2
     UNION ALL
     SELECT w.id, 'worker', NULL, NULL FROM writ.worker w
      WHERE w.beat_at > now() - writ.lease_ttl()
        AND NOT EXISTS (SELECT FROM writ.stop_ack a
                         WHERE a.tenant IN ($1, '*') AND a.stop = $2 AND a.instance = w.id)
     ORDER BY 3 NULLS LAST`,
    [tenant, stop],
  );
  return rows.map(({ instance, kind, at, after_ms }) => ({
    instance,
    kind,
    at: at?.getTime() ?? null,
    afterMs: after_ms === null ? null : Math.max(0, Number(after_ms)),
  }));
}
