import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { Decided } from './gate';

/**
 * Holds the authority still for the rest of the transaction, and tells whether it moved since the decisions were made.
 *
 * The lock is the one that commits of runs take, shared as they take it: runs go on, and whatever raises an epoch waits.
 * Writes of the API go one after the other (the first lock), because an act that raises an epoch itself needs the second
 * one exclusively, and two that hold it shared would wait for each other.
 */
export async function authorityMoved(tx: Tx, tenant: TenantId, decided: readonly Decided[]): Promise<boolean> {
  // Whoever waits holds a connection of the pool, so nobody waits for ever.
  await tx.query(`SET LOCAL lock_timeout = '10s'`);
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('writ.api_write', 0))`);
  await tx.query(`SELECT pg_advisory_xact_lock_shared(writ.authority_lock())`);
  // A statement of its own: its snapshot must be younger than the lock.
  const rows = await tx.query<{ tenant: string; epoch: string }>(
    `SELECT tenant, epoch FROM writ.authority_head WHERE tenant IN ($1, '*')`,
    [tenant],
  );
  const current = new Map(rows.map((row) => [row.tenant, Number(row.epoch)]));
  return decided.some(
    ({ decision: { authority } }) =>
      current.get(tenant) !== authority.tenant || current.get('*') !== authority.platform,
  );
}
