import { raiseAuthority, type Tx } from '@writ/database';
import { newId, ok, refuse, type Result, type StopId, type TenantId } from '@writ/kernel';
import type { RecordChange } from './activate';
import { policyFailure } from './bundle';
import type { Stop, StopScope } from './stops';

/** A stop with its end, if it has one. */
export interface StopRecord extends Stop {
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
  readonly reason: string;
  /** Opaque principal id. */
  readonly author: string;
}

interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
  readonly target: string;
  readonly reason: string;
  readonly set_by: string;
  readonly set_at: Date;
  readonly released_by: string | null;
  readonly released_at: Date | null;
}

const COLUMNS = 'id, tenant, scope, target, reason, set_by, set_at, released_by, released_at';

/**
 * Sets a stop in the caller's transaction. Once that commits, no intent it covers commits any more (I3); permits already
 * out close within their two seconds, sooner where the change is known.
 */
export async function setStop(
  tx: Tx,
  input: SetStopInput,
  record: RecordChange = async () => undefined,
): Promise<Result<{ readonly stop: StopRecord; readonly epoch: number }>> {
  const { tenant, scope, reason, author } = input;
  const target = input.target ?? '';
  const whole = scope === 'all' || (scope === 'tenant' && tenant !== '*');
  if (whole !== (target === '')) {
    const message = whole ? `A stop of scope ${scope} has no target.` : `A stop of scope ${scope} names its target.`;
    return refuse(policyFailure('stop_target', message));
  }
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.stop (tenant, id, scope, target, reason, set_by) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING ${COLUMNS}`,
    [tenant, newId('stop'), scope, target, reason, author],
  );
  const stop = toRecord(row!);
  await record({
    type: 'stop.set',
    tenant,
    actor: author,
    object: { type: 'stop', id: stop.id },
    detail: { scope, target, reason },
  });
  return ok({ stop, epoch: await raiseAuthority(tx, tenant) });
}

export interface ReleaseStopInput {
  readonly tenant: TenantId | '*';
  readonly id: string;
  readonly reason: string;
  readonly author: string;
}

/** Releases a stop. Fails with `stop_not_found`, or `stop_released` when somebody was faster. */
export async function releaseStop(
  tx: Tx,
  input: ReleaseStopInput,
  record: RecordChange = async () => undefined,
): Promise<Result<{ readonly stop: StopRecord; readonly epoch: number }>> {
  const { tenant, id, author, reason } = input;
  const [row] = await tx.query<Row>(
    `UPDATE writ.stop SET released_by = $3, released_at = now()
     WHERE tenant = $1 AND id = $2 AND released_at IS NULL RETURNING ${COLUMNS}`,
    [tenant, id, author],
  );
  if (!row) {
    const [known] = await tx.query(`SELECT 1 FROM writ.stop WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return refuse(
      known
        ? policyFailure('stop_released', `Stop ${id} has been released already.`)
        : policyFailure('stop_not_found', `There is no stop ${id}.`),
    );
  }
  const object = { type: 'stop', id } as const;
  await record({ type: 'stop.released', tenant, actor: author, object, detail: { reason } });
  return ok({ stop: toRecord(row), epoch: await raiseAuthority(tx, tenant) });
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
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.stop
     WHERE tenant IN ($1, '*') AND ($2 OR released_at IS NULL) AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [input.tenant, input.state === 'all', input.after ?? null, input.limit],
  );
  return rows.map(toRecord);
}

const toRecord = (row: Row): StopRecord => ({
  id: row.id as StopId,
  tenant: row.tenant as TenantId | '*',
  scope: row.scope as StopScope,
  target: row.target,
  reason: row.reason,
  setBy: row.set_by,
  setAt: row.set_at.getTime(),
  releasedBy: row.released_by,
  releasedAt: row.released_at?.getTime() ?? null,
});
