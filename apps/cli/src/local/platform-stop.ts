import { listStops, releaseStop, setStop, type StopRecord } from '@writ/policy';
import type { Row } from '../output/output';
import { operator } from './operator';
import { held, onDatabase, recordIn } from './platform-database';

type Variables = { readonly [name: string]: string | undefined };

/** Stops every tenant, in the database itself. */
export const setPlatformStop = (env: Variables, reason: string): Promise<Row> =>
  onDatabase(env, '*', async (tx) => {
    const input = { tenant: '*', scope: 'all', reason, author: operator() } as const;
    const { stop } = held('Nothing was stopped.', await setStop(tx, input, recordIn(tx)));
    return rowOf(stop);
  });

export const releasePlatformStop = (
  env: Variables,
  asked: { readonly id: string; readonly reason: string },
): Promise<Row> =>
  onDatabase(env, '*', async (tx) => {
    const input = { tenant: '*', ...asked, author: operator() } as const;
    const { stop } = held('Nothing was released.', await releaseStop(tx, input, recordIn(tx)));
    return rowOf(stop);
  });

export const listPlatformStops = (env: Variables, state: 'in_force' | 'all'): Promise<Row[]> =>
  onDatabase(env, '*', async (tx) => (await listStops(tx, { tenant: '*', state, limit: 200 })).map(rowOf));

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
