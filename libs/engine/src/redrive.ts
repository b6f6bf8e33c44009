import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';

/** Takes a run out of quarantine: it may be claimed again. False when it is in none. */
export async function reopenRun(tx: Tx, tenant: TenantId, run: RunId): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.run SET status = 'running', finished_at = NULL, updated_at = now()
      WHERE tenant = $1 AND id = $2 AND status = 'quarantined' RETURNING id`,
    [tenant, run],
  );
  return rows.length > 0;
}
