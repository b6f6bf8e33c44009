import { appendTenantEvent } from '@writ/audit';
import { type Database, openDatabase, type Tx } from '@writ/database';
import type { Failure, Result, TenantId } from '@writ/kernel';
import type { PolicyChange } from '@writ/policy';
import { fromFailure } from '../cli-error';
import { ownDatabase } from './postgres';

type Variables = { readonly [name: string]: string | undefined };

type Work<T> = (db: Database) => Promise<T>;

/** The database of DATABASE_URL or the local one, with or without a control plane that answers. */
export const withDatabase = <T>(env: Variables, work: Work<T>): Promise<T> => opened(env, 'writer', work);

/** Likewise as its owner, who sees and changes the rows of all tenants. */
export const asOwner = <T>(env: Variables, work: Work<T>): Promise<T> => opened(env, 'owner', work);

async function opened<T>(env: Variables, role: 'writer' | 'owner', work: Work<T>): Promise<T> {
  const own = await ownDatabase(env, { create: false });
  try {
    const db = await openDatabase({
      url: own.url,
      role,
      poolSize: 1,
      applicationName: 'writ-cli',
    });
    try {
      return await work(db);
    } finally {
      await db.close();
    }
  } finally {
    await own.close();
  }
}

/** What an operator of the platform does in the database itself, in one transaction. */
export const onDatabase = <T>(env: Variables, tenant: TenantId | '*', work: (tx: Tx) => Promise<T>): Promise<T> =>
  withDatabase(env, (db) => db.withTenant(tenant, work));

export const recordIn =
  (tx: Tx) =>
  ({ type, tenant, actor, object, detail }: PolicyChange): Promise<void> =>
    appendTenantEvent(tx, tenant as never, { type, actor, object, detail });

/** A refusal ends the transaction too: nothing half-done is committed. */
export function held<T>(what: string, result: Result<T, Failure>): T {
  if (!result.ok) throw fromFailure(what, result.failure);
  return result.value;
}
