import { type Database } from '@writ/database';
import { ApiKeyAuthenticator, createKey } from '@writ/identity';
import { systemClock, type TenantId } from '@writ/kernel';
import { openTenant } from '../../../control-plane/src';
import { fromFailure } from '../cli-error';

/** The tenant of `writ dev`: always the same, so that the next start finds it. */
export const DEV_TENANT = 'ten_00000000000000000000000dev' as TenantId;

const KEY_MS = 90 * 86_400_000;

export interface DevTenant {
  /** An administrator's key that works. */
  readonly token: string;
  /** True when the key was made by this start. */
  readonly fresh: boolean;
}

/**
 * The tenant of `writ dev` with an administrator's key that works: the one kept from an earlier start, else a new one.
 * Whoever may start this process owns the database, so a new key gives nobody more than they have.
 */
export async function devTenant(database: Database, kept: string | null): Promise<DevTenant> {
  const now = systemClock.now();
  const opened = await openTenant(database, { tenant: DEV_TENANT, name: 'dev', now });
  if (!opened.ok) throw fromFailure('The tenant of `writ dev` cannot be made.', opened.failure);
  if (opened.value.token !== null) return { token: opened.value.token, fresh: true };
  if (kept !== null && (await stillGood(database, kept))) return { token: kept, fresh: false };
  return { token: await anotherKey(database, now), fresh: true };
}

async function stillGood(database: Database, token: string): Promise<boolean> {
  const caller = await new ApiKeyAuthenticator(database, systemClock).authenticate(`Bearer ${token}`);
  return caller.ok && caller.value.principal.tenant === DEV_TENANT;
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
