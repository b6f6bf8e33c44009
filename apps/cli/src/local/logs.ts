import { announceKey, KeyRing, logPlaces, OutsideCheckpoints, recoverLogs } from '@writ/audit';
import type { Row } from '../output/output';
import { operator } from './operator';
import { asOwner } from './platform-database';

type Variables = { readonly [name: string]: string | undefined };

/** Opens anew the logs that cannot go on under their name; answers which. */
export async function recover(env: Variables, reason: string): Promise<Row[]> {
  const { keys, checkpoints } = logPlaces(env);
  const parts = { outside: new OutsideCheckpoints(checkpoints), ring: new KeyRing(keys) };
  const opened = await asOwner(env, (db) => recoverLogs(db, { ...parts, reason, operator: operator() }));
  return opened.map((log) => ({
    origin: log.origin,
    tenant: log.tenant,
    generation: log.generation,
    because: log.because,
    database_size: log.databaseSize,
    outside_size: log.outsideSize,
  }));
}

/** Makes a new key unless one waits already, and announces it in every log; answers which. */
export async function rotateKey(env: Variables): Promise<Row[]> {
  const { keys } = logPlaces(env);
  const ring = new KeyRing(keys);
  // With keys in the environment the new one is there already: announcing it is all there is to do.
  if ('file' in keys) ring.add();
  const announced = await asOwner(env, (db) => announceKey(db, ring, operator()));
  return announced.map((one) => ({ tenant: one.tenant, old_key: one.oldKey, new_key: one.newKey }));
}
