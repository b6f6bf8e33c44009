import { raiseAuthority, type Tx } from '@writ/database';
import { newId, ok, refuse, type Result, type StopId, type TenantId } from '@writ/kernel';
import { BUDGET_SCOPES, type BudgetScope, type StopMode, type StopScope } from '@writ/words';
import type { RecordChange } from './activate';
import { policyFailure } from './bundle';
import { isAtLeast, type Stop } from './stops';

/** A stop with its end, if it has one. */
export interface StopRecord extends Stop {
  readonly mode: StopMode;
  /** Steps a minute that a throttle lets through; null for every other rung. */
  readonly perMinute: number | null;
  /** Its release takes two persons; who set it counts as one of them. */
  readonly twoPersons: boolean;
  /** Who asked for its release and waits for a second person; null when nobody did. */
  readonly askedBy: string | null;
  readonly askedAt: number | null;
  readonly releasedBy: string | null;
  /** Epoch milliseconds. */
  readonly releasedAt: number | null;
}

export interface SetStopInput {
  /** `*` for a stop of the platform, which may reach every tenant. */
  readonly tenant: TenantId | '*';
  readonly scope: StopScope;
  /** Empty or null for `all` and for a tenant's own `tenant`. */
  readonly target?: string | null;
  /** `freeze_steps` unless told. */
  readonly mode?: StopMode;
  /** With `throttle`. */
  readonly perMinute?: number | null;
  /** A tenant's stop of itself, and those from `revoke` on, always take two persons to release. */
  readonly twoPersons?: boolean;
  readonly reason: string;
  /** Opaque principal id. */
  readonly author: string;
}

export interface StopRow {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
  readonly target: string;
  readonly mode: string;
  readonly per_minute: number | null;
  readonly two_persons: boolean;
  readonly reason: string;
  readonly set_by: string;
  readonly set_at: Date;
  readonly asked_by: string | null;
  readonly asked_at: Date | null;
  readonly released_by: string | null;
  readonly released_at: Date | null;
}

export const STOP_COLUMNS = `id, tenant, scope, target, mode, per_minute, two_persons, reason, set_by, set_at,
  asked_by, asked_at, released_by, released_at`;

/**
 * Sets a stop in the caller's transaction. Once that commits, no intent it covers commits any more (I3); permits already
 * out close within their two seconds, sooner where the change is known. What was under way then is its residue.
 */
export async function setStop(
  tx: Tx,
  input: SetStopInput,
  record: RecordChange = async () => undefined,
): Promise<Result<{ readonly stop: StopRecord; readonly epoch: number }>> {
  const { tenant, scope, reason, author } = input;
  const target = input.target ?? '';
  const mode = input.mode ?? 'freeze_steps';
  const perMinute = input.perMinute ?? null;
  const wrong = misshapen({ ...input, target, mode, perMinute });
  if (wrong !== null) return refuse(policyFailure('stop_target', wrong));
  // Whoever sets the platform's stops has the database itself in hand: a second person there would be for show.
  const wideOrHard = tenant !== '*' && (scope === 'tenant' || mode === 'revoke' || mode === 'terminate');
  const [row] = await tx.query<StopRow>(
    `INSERT INTO writ.stop (tenant, id, scope, target, mode, per_minute, two_persons, reason, set_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${STOP_COLUMNS}`,
    [tenant, newId('stop'), scope, target, mode, perMinute, wideOrHard || input.twoPersons === true, reason, author],
  );
  const stop = toRecord(row!);
  if (mode === 'throttle') await throttle(tx, stop);
  await record({
    type: 'stop.set',
    tenant,
    actor: author,
    object: { type: 'stop', id: stop.id },
    detail: { scope, target, mode, ...(perMinute !== null && { per_minute: perMinute }), reason },
  });
  const epoch = await raiseAuthority(tx, tenant);
  // A statement of its own, under the lock: its snapshot parts the units before this stop from those after it.
  await tx.query(
    `UPDATE writ.stop SET epoch = $3, horizon = pg_current_snapshot()::text WHERE tenant = $1 AND id = $2`,
    [tenant, stop.id, epoch],
  );
  if (mode === 'terminate') await wakeCovered(tx, stop);
  return ok({ stop, epoch });
}

function misshapen(input: {
  readonly tenant: TenantId | '*';
  readonly scope: StopScope;
  readonly target: string;
  readonly mode: StopMode;
  readonly perMinute: number | null;
}): string | null {
  const { tenant, scope, target, mode, perMinute } = input;
  const whole = scope === 'all' || (scope === 'tenant' && tenant !== '*');
  if (whole !== (target === '')) {
    return whole ? `A stop of scope ${scope} has no target.` : `A stop of scope ${scope} names its target.`;
  }
  if ((mode === 'throttle') !== (perMinute !== null)) return 'A throttle, and only a throttle, names a rate.';
  if (perMinute !== null && !(Number.isSafeInteger(perMinute) && perMinute >= 0)) return 'A rate is a whole number.';
  if (mode === 'throttle' && (tenant === '*' || !isBudgetScope(scope))) {
    return `Steps are throttled by ${BUDGET_SCOPES.join(', ')}, within a tenant.`;
  }
  return null;
}

const isBudgetScope = (scope: string): scope is BudgetScope => (BUDGET_SCOPES as readonly string[]).includes(scope);

async function throttle(tx: Tx, stop: StopRecord): Promise<void> {
  await tx.query(
    `INSERT INTO writ.budget (tenant, id, scope, target, dimension, period, ceiling, crossing, resets_at, set_by, stop)
     VALUES ($1, $2, $3, $4, 'steps', 'minute', $5, 'wait', writ.period_end('minute', now()), $6, $7)`,
    [stop.tenant, newId('budget'), stop.scope, stop.target, stop.perMinute, stop.setBy, stop.id],
  );
}

/** Runs at rest that a terminating stop covers are due now. After the epoch, for the reason of `wakeAsked`. */
async function wakeCovered(tx: Tx, { tenant, scope, target }: StopRecord): Promise<void> {
  await tx.query(`SELECT writ.wake_stopped($1, $2, $3)`, [tenant, scope, target]);
}

export interface ListStopsInput {
  readonly tenant: TenantId | '*';
  readonly state: 'in_force' | 'all';
  readonly limit: number;
  /** Id of the last stop of the page before. */
  readonly after?: string;
}

/** Stops that reach the tenant, its own and the platform's, newest first. */
export async function listStops(tx: Tx, input: ListStopsInput): Promise<readonly StopRecord[]> {
  const rows = await tx.query<StopRow>(
    `SELECT ${STOP_COLUMNS} FROM writ.stop
     WHERE tenant IN ($1, '*') AND ($2 OR released_at IS NULL) AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [input.tenant, input.state === 'all', input.after ?? null, input.limit],
  );
  return rows.map(toRecord);
}

/** A stop that reaches the tenant, in force or not; null when there is none of this id. */
export async function findStop(tx: Tx, tenant: TenantId | '*', id: string): Promise<StopRecord | null> {
  const [row] = await tx.query<StopRow>(`SELECT ${STOP_COLUMNS} FROM writ.stop WHERE tenant IN ($1, '*') AND id = $2`, [
    tenant,
    id,
  ]);
  return row ? toRecord(row) : null;
}

/** Whether `to` is a lower rung than the stop stands on: what a staged release may go down to. */
export const isLower = (stop: Stop, to: StopMode): boolean => to !== stop.mode && isAtLeast(stop, to);

export const toRecord = (row: StopRow): StopRecord => ({
  id: row.id as StopId,
  tenant: row.tenant as TenantId | '*',
  scope: row.scope as StopScope,
  target: row.target,
  mode: row.mode as StopMode,
  perMinute: row.per_minute,
  twoPersons: row.two_persons,
  reason: row.reason,
  setBy: row.set_by,
  setAt: row.set_at.getTime(),
  askedBy: row.asked_by,
  askedAt: row.asked_at?.getTime() ?? null,
  releasedBy: row.released_by,
  releasedAt: row.released_at?.getTime() ?? null,
});
