import { RUN_COLUMNS, type RunRow, type Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { FactShelf } from './run-facts';

/** Runs that are looked at, newest first. */
const LOOKED_BACK = 1_000;

/** When each workflow, agent and tool (`agent orders`) was last used, in epoch milliseconds: when the newest such run began. */
export async function lastUsed(tx: Tx, tenant: TenantId, shelf: FactShelf): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM writ.run WHERE tenant = $1 ORDER BY id DESC LIMIT $2`,
    [tenant, LOOKED_BACK],
  );
  const facts = await shelf.of(tx, tenant, rows);
  const last = new Map<string, number>();
  for (const { id, workflow, createdAt } of rows) {
    for (const used of [`workflow ${workflow}`, ...facts.get(id)!.used]) {
      if (!last.has(used)) last.set(used, createdAt.getTime());
    }
  }
  return last;
}
