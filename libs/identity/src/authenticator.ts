import type { Database } from '@writ/database';
import {
  type Clock,
  type Failure,
  type KeyId,
  ok,
  type Principal,
  refuse,
  type Result,
  type TenantId,
} from '@writ/kernel';
import { KeyLookups } from './key-lookups';
import { hashOf, sameHash, tokenOf } from './secret';

/** A caller whose credential was good, and how far that credential reaches. */
export interface Caller {
  readonly principal: Principal;
  readonly scopes: readonly string[];
  readonly key: { readonly id: KeyId; readonly expires_at: string };
  /** Set when the caller came with a session in place of the key. */
  readonly session: { readonly hash: string; readonly expires_at: string; readonly csrf: string } | null;
}

const refusal = (code: string, message: string, next: string): Failure => ({ code, class: 'permanent', message, next });

const UNAUTHENTICATED = refusal(
  'unauthenticated',
  'no valid credential was presented',
  'Send `Authorization: Bearer <API key>` with a key of this server.',
);

/** Last use is a hint for housekeeping: written at most once a minute per key. */
const TOUCH_AFTER_MS = 60_000;

/**
 * API keys in, callers out. One look-up by the hash of the whole token: neither the answer nor its timing tells anything
 * about keys other than the one presented, and only the holder of a right secret learns that a key expired or was revoked.
 */
export class ApiKeyAuthenticator {
  private readonly keys: KeyLookups;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.keys = new KeyLookups(database);
  }

  /** Refuses `unauthenticated` (missing, malformed, unknown), `key_revoked`, `key_expired`. */
  async authenticate(authorization: string | undefined): Promise<Result<Caller>> {
    const token = tokenOf(authorization);
    if (token === null) return refuse(UNAUTHENTICATED);
    const hash = hashOf(token);
    const row = await this.keys.find(hash);
    if (!row || !sameHash(row.hash, hash)) return refuse(UNAUTHENTICATED);
    if (row.revoked_at !== null) {
      return refuse(refusal('key_revoked', `key ${row.id} was revoked`, 'Ask an administrator for a new key.'));
    }
    const now = this.clock.now();
    const expiresAt = row.expires_at.toISOString();
    if (row.expires_at.getTime() <= now) {
      return refuse(refusal('key_expired', `key ${row.id} expired at ${expiresAt}`, 'Create a new key.'));
    }
    if (now - (row.last_used_at?.getTime() ?? 0) > TOUCH_AFTER_MS) await this.touch(row.tenant, row.id);
    return ok({
      principal: { tenant: row.tenant, kind: row.kind, id: row.principal, roles: row.roles },
      scopes: row.scopes,
      key: { id: row.id, expires_at: expiresAt },
      session: null,
    });
  }

  private async touch(tenant: TenantId, id: KeyId): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(`UPDATE writ.api_key SET last_used_at = clock_timestamp() WHERE tenant = $1 AND id = $2`, [tenant, id]),
    );
  }
}
