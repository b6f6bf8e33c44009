import type { TenantId } from '@writ/kernel';
import type { Tx } from './database';

/**
 * Raises a tenant's authority epoch (`*`: the platform's), in the caller's transaction, and tells everybody who listens.
 * Everything that can take a right away calls it. INVARIANT (I3): the lock is exclusive until that transaction ends, so
 * no unit commits between the change and its epoch; call it last, it holds up every commit.
 */
export async function raiseAuthority(tx: Tx, tenant: TenantId | '*'): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock(writ.authority_lock())');
  const [row] = await tx.query<{ epoch: string }>(
    'UPDATE writ.authority_head SET epoch = epoch + 1 WHERE tenant = $1 RETURNING epoch',
    [tenant],
  );
  if (!row) throw new Error(`the authority of ${tenant} is not visible in this transaction`);
  // Queued until commit. NOTIFY takes a database-wide lock there, so it is for authority changes only, never per step.
  await tx.query(`SELECT pg_notify('writ_authority', $1)`, [tenant]);
  return Number(row.epoch);
}

/** A tenant and its first authority epoch. The transaction must be bound to it. */
export async function createTenant(tx: Tx, made: { readonly tenant: TenantId; readonly name: string }): Promise<void> {
  await tx.query('INSERT INTO writ.tenant (tenant, name) VALUES ($1, $2)', [made.tenant, made.name]);
  await tx.query('INSERT INTO writ.authority_head (tenant, epoch) VALUES ($1, 1)', [made.tenant]);
}
