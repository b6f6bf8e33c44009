import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';

/** How runs end that may have left something to undo: not those that came to their own end, or were undone. */
export const UNDOABLE = ['failed', 'denied', 'stopped', 'timed_out'] as const;

/** Opens a run that is over, so that what it did is undone. False when another wish to was faster, or it is not over so. */
export async function reopenToUndo(tx: Tx, tenant: TenantId, run: RunId): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.run SET status = 'running', finished_at = NULL, wake_at = NULL, updated_at = now()
      WHERE tenant = $1 AND id = $2 AND status = ANY($3) RETURNING id`,
    [tenant, run, UNDOABLE],
  );
  return rows.length > 0;
}

/** Takes a run out of quarantine: it may be claimed again. False when it is in none. */
export async function reopenRun(tx: Tx, tenant: TenantId, run: RunId): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.run SET status = 'running', finished_at = NULL, updated_at = now()
      WHERE tenant = $1 AND id = $2 AND status = 'quarantined' RETURNING id`,
    [tenant, run],
  );
  return rows.length > 0;
}
