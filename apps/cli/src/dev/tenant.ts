import { type Database } from '@writ/database';
import { ApiKeyAuthenticator, createKey } from '@writ/identity';
import { systemClock, type TenantId } from '@writ/kernel';
import { openTenant } from '../../../control-plane/src';
import { fromFailure } from '../cli-error';

/** The tenant that `writ dev` makes: always the same, so that the next start finds it. */
const DEV_TENANT = 'ten_00000000000000000000000dev' as TenantId;

const KEY_MS = 90 * 86_400_000;

export interface DevTenant {
  readonly tenant: TenantId;
  /** An administrator's key that works. */
  readonly token: string;
  /** True when the key was made by this start. */
  readonly fresh: boolean;
}

/**
 * The tenant of `writ dev` with an administrator's key that works: the one kept from an earlier start, else a new one. A
 * kept key says which tenant it is: a folder that a demo left is gone on with as the demo's, not beside it.
 * Whoever may start this process owns the database, so a new key gives nobody more than they have.
 */
export async function devTenant(database: Database, kept: string | null): Promise<DevTenant> {
  const now = systemClock.now();
  const known = kept === null ? null : await tenantOf(database, kept);
  const [tenant, name] = known === null ? [DEV_TENANT, 'dev'] : [known, known];
  const opened = await openTenant(database, { tenant, name, now });
  if (!opened.ok) throw fromFailure('The tenant of `writ dev` cannot be opened.', opened.failure);
  if (opened.value.token !== null) return { tenant, token: opened.value.token, fresh: true };
  if (kept !== null && known !== null) return { tenant, token: kept, fresh: false };
  return { tenant, token: await anotherKey(database, now), fresh: true };
}

/** The tenant this key is an administrator's of, in this very database; null where it is not, or not any more. */
async function tenantOf(database: Database, token: string): Promise<TenantId | null> {
  const caller = await new ApiKeyAuthenticator(database, systemClock).authenticate(`Bearer ${token}`);
  if (!caller.ok || !caller.value.principal.roles.includes('administrator')) return null;
  return caller.value.principal.tenant;
}

async function anotherKey(database: Database, now: number): Promise<string> {
  const holds = { roles: ['administrator'], scopes: ['*'] };
  const key = {
    ...holds,
    label: 'administrator of this machine',
    principal: 'user:administrator',
    kind: 'user',
    expiresAt: now + KEY_MS,
  } as const;
  const made = await database.withTenant(DEV_TENANT, (tx) =>
    createKey(tx, DEV_TENANT, { key, creator: { id: 'service:bootstrap', ...holds }, now }),
  );
  if (!made.ok) throw fromFailure('A key for this machine cannot be made.', made.failure);
  return made.value.token;
}
