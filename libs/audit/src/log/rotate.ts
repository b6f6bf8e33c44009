import type { Database, Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { formatVkey } from '@writ/verify';
import { appendTenantEvent } from '../tenant-stream';
import type { KeyRing } from './key-ring';
import { type LogName, readKeys } from './log-rows';
import { logOrigin } from './origin';

/** A log that learnt of a new key. */
export interface AnnouncedKey {
  readonly tenant: TenantId | '*';
  readonly oldKey: string;
  /** vkey of the new one. */
  readonly newKey: string;
}

/**
 * Announces the newest key of the ring in every log that is signed with another one: an event in the tenant's stream,
 * which the next checkpoint seals under both keys; every later one is signed by the new key alone. Announcing again
 * changes nothing. `db` must be the owner's; one transaction.
 */
export async function announceKey(db: Database, ring: KeyRing, operator: string): Promise<AnnouncedKey[]> {
  return db.platform(async (tx) => {
    const logs = await tx.query<LogName>('SELECT tenant, generation FROM writ.log_head WHERE size > 0 ORDER BY tenant');
    const announced: AnnouncedKey[] = [];
    for (const log of logs) {
      const done = await announce(tx, log, { ring, operator });
      if (done) announced.push(done);
    }
    return announced;
  });
}

async function announce(
  tx: Tx,
  log: LogName,
  by: { readonly ring: KeyRing; readonly operator: string },
): Promise<AnnouncedKey | null> {
  const origin = logOrigin(log);
  const fresh = by.ring.newest().verifier(origin);
  const known = await readKeys(tx, log);
  const active = known.findLast(({ fromSize }) => fromSize !== null);
  if (!active || known.some(({ keyId }) => keyId === fresh.keyId)) return null;
  // The stream's row is locked from here on, so the event below is what stands at this sequence.
  const [stream] = await tx.query<{ next_seq: number }>(
    'SELECT next_seq FROM writ.tenant_stream WHERE tenant = $1 FOR UPDATE',
    [log.tenant],
  );
  const newKey = formatVkey(fresh);
  await tx.query(
    `INSERT INTO writ.log_key (tenant, generation, key_id, vkey, announced_seq) VALUES ($1, $2, $3, $4, $5)`,
    [log.tenant, log.generation, fresh.keyId, newKey, stream?.next_seq ?? 0],
  );
  await appendTenantEvent(tx, log.tenant as TenantId, {
    type: 'log.key_rotated',
    actor: by.operator,
    object: { type: 'audit', id: origin },
    detail: { old_key: active.keyId, new_key: newKey },
  });
  return { tenant: log.tenant, oldKey: active.keyId, newKey };
}
