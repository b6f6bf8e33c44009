import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';

/** The hashed bytes of one chain (a run, or the tenant's stream), in order. */
export async function chainLines(tx: Tx, tenant: TenantId, run: RunId | 'tenant'): Promise<string[]> {
  const rows = await tx.query<{ events: string }>(
    `SELECT writ.audit_lines(u) AS events FROM writ.audit_unit u WHERE tenant = $1 AND run = $2 ORDER BY seq`,
    [tenant, run],
  );
  return rows.flatMap((row) => row.events.split('\n'));
}
