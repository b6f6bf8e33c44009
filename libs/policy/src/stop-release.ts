import { raiseAuthority, type Tx } from '@writ/database';
import { ok, refuse, type Result, type TenantId } from '@writ/kernel';
import type { StopMode } from '@writ/words';
import type { RecordChange } from './activate';
import { policyFailure } from './bundle';
import { isLower, setStop, STOP_COLUMNS, type StopRecord, type StopRow, toRecord } from './stop-registry';

export interface ReleaseStopInput {
  readonly tenant: TenantId | '*';
  readonly id: string;
  readonly reason: string;
  readonly author: string;
  /** Go down to this rung instead of releasing all of it at once. */
  readonly to?: StopMode | null;
  /** With `to: 'throttle'`. */
  readonly perMinute?: number | null;
  /** The end of a drill, which set the stop a moment ago to release it. */
  readonly drill?: true;
}

export interface Released {
  /** The stop as it stands now: released, or with its release asked for. */
  readonly stop: StopRecord;
  /** The lower rung that is in force instead; null unless asked for. */
  readonly instead: StopRecord | null;
  readonly epoch: number | null;
}

/**
 * Releases a stop, or goes down to a lower rung. Where that takes two persons and the same one set it, this asks for it
 * and leaves the stop in force; somebody else's call then releases it (GOVERNANCE §1.7).
 * Fails with `stop_not_found`, `stop_released` when somebody was faster, `second_person_required` when the one who asked
 * asks again, or `stop_rung` when `to` is no lower rung.
 */
export async function releaseStop(
  tx: Tx,
  input: ReleaseStopInput,
  record: RecordChange = async () => undefined,
): Promise<Result<Released>> {
  const { tenant, id, author, reason, to = null, drill = false } = input;
  const [row] = await tx.query<StopRow>(
    `SELECT ${STOP_COLUMNS} FROM writ.stop WHERE tenant = $1 AND id = $2 FOR NO KEY UPDATE`,
    [tenant, id],
  );
  if (!row) return refuse(policyFailure('stop_not_found', `There is no stop ${id}.`));
  const stop = toRecord(row);
  if (stop.releasedAt !== null) return refuse(policyFailure('stop_released', `Stop ${id} has been released already.`));
  if (to !== null && !isLower(stop, to)) {
    return refuse(policyFailure('stop_rung', `${to} is not below ${stop.mode}: a release only goes down.`));
  }
  const two = stop.twoPersons && !drill;
  if (two && stop.askedBy === author) {
    return refuse(policyFailure('second_person_required', `${author} has asked for it; a second person releases it.`));
  }
  const object = { type: 'stop', id } as const;
  if (two && stop.askedBy === null && stop.setBy === author) {
    const [asked] = await tx.query<StopRow>(
      `UPDATE writ.stop SET asked_by = $3, asked_at = now() WHERE tenant = $1 AND id = $2 RETURNING ${STOP_COLUMNS}`,
      [tenant, id, author],
    );
    await record({ type: 'stop.release_asked', tenant, actor: author, object, detail: { reason } });
    return ok({ stop: toRecord(asked!), instead: null, epoch: null });
  }
  // The stream's lock before authority's, as everybody takes them.
  await tx.query(`SELECT 1 FROM writ.tenant_stream WHERE tenant = $1 FOR UPDATE`, [tenant]);
  // Before the rows: commits hold this lock while they wait for rows of budgets, so the other order could wait in a ring.
  const epoch = await raiseAuthority(tx, tenant);
  const [released] = await tx.query<StopRow>(
    `UPDATE writ.stop SET released_by = $3, released_at = now() WHERE tenant = $1 AND id = $2 RETURNING ${STOP_COLUMNS}`,
    [tenant, id, author],
  );
  await record({
    type: 'stop.released',
    tenant,
    actor: author,
    object,
    detail: { reason, ...(stop.askedBy !== null && { asked_by: stop.askedBy }), ...(to !== null && { to }) },
  });
  await tx.query(`UPDATE writ.budget SET removed_at = now() WHERE tenant = $1 AND stop = $2 AND removed_at IS NULL`, [
    tenant,
    id,
  ]);
  await wakePaused(tx, tenant);
  if (to === null) return ok({ stop: toRecord(released!), instead: null, epoch });
  const { scope, target } = stop;
  const instead = await setStop(
    tx,
    {
      tenant,
      scope,
      target,
      mode: to,
      perMinute: input.perMinute ?? null,
      twoPersons: stop.twoPersons,
      reason,
      author,
    },
    record,
  );
  if (!instead.ok) return instead;
  return ok({ stop: toRecord(released!), instead: instead.value.stop, epoch: instead.value.epoch });
}

/** Runs that a stop holds are due now, not at their next look. */
async function wakePaused(tx: Tx, tenant: TenantId | '*'): Promise<void> {
  await tx.query(`SELECT writ.wake_stopped($1, 'held', '')`, [tenant]);
}
