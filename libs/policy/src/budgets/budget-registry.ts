import { raiseAuthority, type Tx } from '@writ/database';
import { type BudgetId, newId, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import type { BudgetDimension, BudgetPeriod, BudgetScope, Crossing } from '@writ/words';
import type { RecordChange } from '../activate';
import { policyFailure } from '../bundle';
import type { BudgetRecord } from './budget';

interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
  readonly target: string;
  readonly dimension: string;
  readonly period: string;
  readonly ceiling: string;
  readonly warn_at: string | null;
  readonly crossing: string;
  readonly fallback: string | null;
  readonly reserved: string;
  readonly spent: string;
  readonly resets_at: Date | null;
  readonly set_by: string;
  readonly set_at: Date;
}

const COLUMNS = `id, tenant, scope, target, dimension, period, ceiling, warn_at, crossing, fallback, reserved,
  CASE WHEN resets_at <= now() THEN 0 ELSE spent END AS spent,
  CASE WHEN resets_at <= now() THEN writ.period_end(period, now()) ELSE resets_at END AS resets_at, set_by, set_at`;

export interface SetBudgetInput {
  readonly tenant: TenantId;
  readonly scope: BudgetScope;
  /** Empty or null for the tenant as a whole. */
  readonly target?: string | null;
  readonly dimension: BudgetDimension;
  readonly period: BudgetPeriod;
  readonly limit: number;
  readonly warnAt?: number | null;
  readonly crossing?: Crossing;
  readonly fallback?: string | null;
  readonly reason: string;
  /** Opaque principal id. */
  readonly author: string;
}

/**
 * Sets a budget, or changes the one of the same scope, dimension and period. What is spent and reserved stays: a lower
 * limit refuses what comes next, it takes nothing back. Runs that wait for room in it look again at once.
 * Fails with `budget_shape` when the parts do not fit together.
 */
export async function setBudget(
  tx: Tx,
  input: SetBudgetInput,
  record: RecordChange = async () => undefined,
): Promise<Result<{ readonly budget: BudgetRecord; readonly epoch: number }>> {
  const wrong = misshapen(input);
  if (wrong !== null) return refuse(policyFailure('budget_shape', wrong));
  const { tenant, scope, dimension, period, limit, author, reason } = input;
  const target = input.target ?? '';
  const { warnAt = null, crossing = 'fail', fallback = null } = input;
  // Before the row: commits hold this lock while they wait for rows of budgets, so the other order could wait in a ring.
  const epoch = await raiseAuthority(tx, tenant);
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.budget (tenant, id, scope, target, dimension, period, ceiling, warn_at, crossing, fallback,
                              resets_at, set_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, writ.period_end($6, now()), $11)
     ON CONFLICT (tenant, scope, target, dimension, period, stop) WHERE removed_at IS NULL
     DO UPDATE SET ceiling = excluded.ceiling, warn_at = excluded.warn_at, crossing = excluded.crossing,
                   fallback = excluded.fallback, set_by = excluded.set_by, set_at = now(), warned_for = NULL
     RETURNING ${COLUMNS}`,
    [tenant, newId('budget'), scope, target, dimension, period, limit, warnAt, crossing, fallback, author],
  );
  const budget = toRecord(row!);
  if (dimension === 'concurrent_runs') await countRunning(tx, budget);
  await record({
    type: 'budget.set',
    tenant,
    actor: author,
    object: { type: 'budget', id: budget.id },
    detail: { scope, target, dimension, period, limit, warn_at: warnAt, crossing, fallback, reason },
  });
  await wakeWaiting(tx, tenant, budget.id);
  const [now] = await listBudgets(tx, { tenant, id: budget.id });
  return ok({ budget: now ?? budget, epoch });
}

function misshapen({
  scope,
  target,
  dimension,
  period,
  limit,
  warnAt,
  crossing,
  fallback,
}: SetBudgetInput): string | null {
  if ((scope === 'tenant') !== ((target ?? '') === '')) {
    return scope === 'tenant'
      ? 'A budget of the tenant has no target.'
      : `A budget of scope ${scope} names its target.`;
  }
  if (![limit, warnAt ?? 0].every((amount) => Number.isSafeInteger(amount) && amount >= 0)) {
    return 'Limits are whole numbers from 0 on.';
  }
  const atOnce = dimension === 'concurrent_runs';
  if (atOnce && (period !== 'total' || !(scope === 'tenant' || scope === 'workflow'))) {
    return 'Runs at once are limited for a tenant or a workflow, and in no period.';
  }
  const named = crossing === 'degrade' || crossing === 'hand_off';
  if (named !== ((fallback ?? null) !== null)) return 'A fallback is named where the crossing is degrade or hand_off.';
  if (atOnce && crossing !== undefined && crossing !== 'fail') {
    return 'A start that finds no place is told so; it neither waits nor falls back.';
  }
  return null;
}

/** A limit on runs at once counts those that are under way when it is set: each holds its place. */
async function countRunning(tx: Tx, { tenant, id, scope, target }: BudgetRecord): Promise<void> {
  await tx.query(
    `WITH held AS (
       INSERT INTO writ.budget_reservation (tenant, run, step, attempt, budget, amount)
       SELECT tenant, id, 0, 0, $2, 1 FROM writ.run
        WHERE tenant = $1 AND finished_at IS NULL AND ($3 = 'tenant' OR workflow = $4)
       ON CONFLICT DO NOTHING RETURNING amount)
     UPDATE writ.budget SET reserved = reserved + (SELECT count(*) FROM held) WHERE tenant = $1 AND id = $2`,
    [tenant, id, scope, target],
  );
}

/** Runs that wait for room in this budget are due now. */
async function wakeWaiting(tx: Tx, tenant: TenantId, budget: BudgetId): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET wake_at = now()
      WHERE tenant = $1 AND finished_at IS NULL AND lease_owner IS NULL AND wait LIKE '%"budget":"' || $2 || '"%'`,
    [tenant, budget],
  );
}

export interface RemoveBudgetInput {
  readonly tenant: TenantId;
  readonly id: string;
  readonly reason: string;
  readonly author: string;
}

/** Lifts a budget. What it holds reserved is still settled. Fails with `budget_not_found`. */
export async function removeBudget(
  tx: Tx,
  input: RemoveBudgetInput,
  record: RecordChange = async () => undefined,
): Promise<Result<{ readonly budget: BudgetRecord; readonly epoch: number }>> {
  const { tenant, id, author, reason } = input;
  const epoch = await raiseAuthority(tx, tenant);
  const [row] = await tx.query<Row>(
    `UPDATE writ.budget SET removed_at = now(), set_by = $3
      WHERE tenant = $1 AND id = $2 AND stop = '' AND removed_at IS NULL RETURNING ${COLUMNS}`,
    [tenant, id, author],
  );
  if (!row) return refuse(policyFailure('budget_not_found', `There is no budget ${id}.`));
  await record({
    type: 'budget.removed',
    tenant,
    actor: author,
    object: { type: 'budget', id },
    detail: { reason },
  });
  await wakeWaiting(tx, tenant, id as BudgetId);
  return ok({ budget: toRecord(row), epoch });
}

/** Budgets in force, oldest first. Throttles are not among them: they are stops. */
export async function listBudgets(
  tx: Tx,
  input: { readonly tenant: TenantId; readonly id?: string; readonly limit?: number; readonly after?: string },
): Promise<readonly BudgetRecord[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.budget
      WHERE tenant = $1 AND stop = '' AND removed_at IS NULL AND ($2::text IS NULL OR id = $2) AND ($3::text IS NULL OR id > $3)
      ORDER BY id LIMIT $4`,
    [input.tenant, input.id ?? null, input.after ?? null, input.limit ?? 1000],
  );
  return rows.map(toRecord);
}

const toRecord = (row: Row): BudgetRecord => ({
  id: row.id as BudgetId,
  tenant: row.tenant as TenantId,
  scope: row.scope as BudgetScope,
  target: row.target,
  dimension: row.dimension as BudgetDimension,
  period: row.period as BudgetPeriod,
  crossing: row.crossing as Crossing,
  fallback: row.fallback,
  limit: Number(row.ceiling),
  warnAt: row.warn_at === null ? null : Number(row.warn_at),
  reserved: Number(row.reserved),
  spent: Number(row.spent),
  resetsAt: row.resets_at?.getTime() ?? null,
  setBy: row.set_by,
  setAt: row.set_at.getTime(),
});
