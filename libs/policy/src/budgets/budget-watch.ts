import type { Database, Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { RecordChange } from '../activate';

interface Work {
  readonly tenant: TenantId;
  readonly run: string | null;
  readonly budget: string | null;
}

const AT_ONCE = 200;

/**
 * What no commit does: settles what runs left behind that ended without settling it (a crash, a quarantine), and says in
 * the tenant's stream that a budget crossed the line it warns at. Any number of processes may do it at once.
 * `recordIn` binds the evidence to the transaction. Answers how much was found.
 */
export async function tendBudgets(db: Database, recordIn: (tx: Tx) => RecordChange): Promise<number> {
  const work = await db.platform((tx) =>
    tx.query<Work>('SELECT tenant, run, budget FROM writ.find_budget_work($1)', [AT_ONCE]),
  );
  for (const { tenant, run, budget } of work) {
    await db.withTenant(tenant, (tx) =>
      run !== null ? settleRest(tx, tenant, run) : warn(tx, { tenant, budget: budget! }, recordIn(tx)),
    );
  }
  return work.length;
}

/** All that a run which is over still holds counts as spent: nobody knows that it was not. */
async function settleRest(tx: Tx, tenant: TenantId, run: string): Promise<void> {
  await tx.query(
    `SELECT writ.book_units('{1}', ARRAY[$1::text], ARRAY[$2::text], '{}', '{}', '{}', '{}', '{}',
                            '{1}', ARRAY[NULL::text], '{0}', '{0}', ARRAY[NULL::bigint])`,
    [tenant, run],
  );
}

interface Crossed {
  readonly scope: string;
  readonly target: string;
  readonly dimension: string;
  readonly period: string;
  readonly ceiling: string;
  readonly warn_at: string;
  readonly reserved: string;
  readonly spent: string;
}

/** One winner per period: whoever marks the row writes the event, in the same transaction. */
async function warn(
  tx: Tx,
  { tenant, budget }: { readonly tenant: TenantId; readonly budget: string },
  record: RecordChange,
): Promise<void> {
  const [row] = await tx.query<Crossed>(
    `UPDATE writ.budget SET warned_for = coalesce(resets_at, 'infinity')
      WHERE tenant = $1 AND id = $2 AND removed_at IS NULL AND reserved + spent >= warn_at
        AND warned_for IS DISTINCT FROM coalesce(resets_at, 'infinity')
     RETURNING scope, target, dimension, period, ceiling, warn_at, reserved, spent`,
    [tenant, budget],
  );
  if (!row) return;
  await record({
    type: 'budget.warning',
    tenant,
    actor: 'service:writ',
    object: { type: 'budget', id: budget },
    detail: {
      scope: row.scope,
      target: row.target,
      dimension: row.dimension,
      period: row.period,
      limit: Number(row.ceiling),
      warn_at: Number(row.warn_at),
      reserved: Number(row.reserved),
      spent: Number(row.spent),
    },
  });
}
