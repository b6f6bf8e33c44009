import { KeyRing, LogReader, logPlaces } from '@writ/audit';
import type { Database } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { formatVkey } from '@writ/verify';
import { rememberLog } from '../local/known-logs';

/**
 * Keeps the verifier keys of a log this process itself signs, so that `writ audit verify` of the same user knows them from
 * here and not from the log. Answers them, oldest first.
 */
export async function keepOwnKeys(
  env: { readonly [name: string]: string | undefined },
  database: Database,
  tenant: TenantId,
): Promise<readonly string[]> {
  const { origin } = await database.withTenant(tenant, (tx) => new LogReader(tx, tenant).status());
  const keys = new KeyRing(logPlaces(env).keys).keys().map((key) => formatVkey(key.verifier(origin)));
  rememberLog(env, origin, { keys });
  return keys;
}
