import type { Failure, Result } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { openDatabase, type Tx } from '@writ/database';
import { listStops, type PolicyChange, releaseStop, setStop, type StopRecord } from '@writ/policy';
import { fromFailure } from '../cli-error';
import type { Row } from '../output/output';
import { operator } from './operator';
import { ownDatabase } from './postgres';

type Variables = { readonly [name: string]: string | undefined };

async function onPlatform<T>(env: Variables, work: (tx: Tx) => Promise<T>): Promise<T> {
  const own = await ownDatabase(env, { create: false });
  try {
    const db = await openDatabase({
      url: own.url,
      role: 'writer',
      poolSize: 1,
      applicationName: 'writ-cli',
    });
    try {
      return await db.platform(work);
    } finally {
      await db.close();
    }
  } finally {
    await own.close();
  }
}

const recordIn =
  (tx: Tx) =>
  ({ type, tenant, actor, object, detail }: PolicyChange): Promise<void> =>
    appendTenantEvent(tx, tenant as never, { type, actor, object, detail });

/** A refusal ends the transaction too: nothing half-done is committed. */
function held<T>(what: string, result: Result<T, Failure>): T {
  if (!result.ok) throw fromFailure(what, result.failure);
  return result.value;
}

/** Stops every tenant, in the database itself. */
export const setPlatformStop = (env: Variables, reason: string): Promise<Row> =>
  onPlatform(env, async (tx) => {
    const input = { tenant: '*', scope: 'all', reason, author: operator() } as const;
    const { stop } = held('Nothing was stopped.', await setStop(tx, input, recordIn(tx)));
    return rowOf(stop);
  });

export const releasePlatformStop = (
  env: Variables,
  asked: { readonly id: string; readonly reason: string },
): Promise<Row> =>
  onPlatform(env, async (tx) => {
    const input = { tenant: '*', ...asked, author: operator() } as const;
    const { stop } = held('Nothing was released.', await releaseStop(tx, input, recordIn(tx)));
    return rowOf(stop);
  });

export const listPlatformStops = (env: Variables, state: 'in_force' | 'all'): Promise<Row[]> =>
  onPlatform(env, async (tx) => (await listStops(tx, { tenant: '*', state, limit: 200 })).map(rowOf));

const rowOf = (stop: StopRecord): Row => ({
  id: stop.id,
  scope: stop.scope,
  target: stop.target || null,
  mode: stop.mode,
  reason: stop.reason,
  set_by: stop.setBy,
  set_at: new Date(stop.setAt).toISOString(),
  released_by: stop.releasedBy,
  released_at: stop.releasedAt === null ? null : new Date(stop.releasedAt).toISOString(),
});
