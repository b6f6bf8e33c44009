import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import {
  type Clock,
  type Failure,
  type KeyId,
  ok,
  type PrincipalKind,
  randomBytes,
  refuse,
  type Result,
  sha256Hex,
  type TenantId,
} from '@writ/kernel';
import type { Caller } from './authenticator';
import { keepProof } from './proofs';
import { hashOf } from './secret';

/** A session lasts so long, or as long as its key when that ends sooner. */
const LASTS_MS = 12 * 3_600_000;
/** Sessions that ended so long ago are forgotten; what they did stays in the evidence. */
const KEPT_MS = 7 * 86_400_000;
const FORM = /^[A-Za-z0-9_-]{43}$/;

const refusal = (code: string, message: string): Failure => ({
  code,
  class: 'permanent',
  message,
  next: 'Log in again, or send `Authorization: Bearer <API key>`.',
});

const UNKNOWN = refusal('unauthenticated', 'no valid credential was presented');
const OVER = refusal('session_ended', 'the session ran out, or somebody logged out');

/**
 * What a page sends back with every write. It follows from the cookie's value, which no script and no other site can
 * read, so it needs no place of its own.
 */
export const csrfOf = (token: string): string => sha256Hex(`writ csrf ${token}`).slice(0, 32);

export interface NewSession {
  /** The cookie's value: 256 random bits. It exists nowhere else. */
  readonly token: string;
  readonly hash: string;
  /** RFC 3339. */
  readonly expiresAt: string;
}

/** Opens a session with the rights of the caller's key, and its evidence, durable with the caller's transaction. */
export async function createSession(
  tx: Tx,
  caller: Caller,
  trace: { readonly now: number; readonly trace: string },
): Promise<NewSession> {
  const { tenant, id: principal } = caller.principal;
  const token = Buffer.from(randomBytes(32)).toString('base64url');
  const hash = hashOf(token);
  const expires = Math.min(trace.now + LASTS_MS, Date.parse(caller.key.expires_at));
  await tx.query(`DELETE FROM writ.session WHERE tenant = $1 AND expires_at < to_timestamp($2::float8 / 1000)`, [
    tenant,
    trace.now - KEPT_MS,
  ]);
  await tx.query(
    `INSERT INTO writ.session (tenant, hash, key, created_at, expires_at)
     VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000))`,
    [tenant, hash, caller.key.id, trace.now, expires],
  );
  await appendTenantEvent(tx, tenant, {
    type: 'session.created',
    actor: principal,
    object: { type: 'key', id: caller.key.id },
    trace: trace.trace,
    detail: { session: hash.slice(0, 16), expires_at: new Date(expires).toISOString() },
  });
  // Who has just sent the key has proved who they are.
  await keepProof(tx, { tenant, principal, credential: hash, key: caller.key.id }, trace.now);
  return { token, hash, expiresAt: new Date(expires).toISOString() };
}

/** Ends a session, once. False when it had ended before. */
export async function endSession(tx: Tx, caller: Caller, trace: { readonly trace: string }): Promise<boolean> {
  const { tenant, id: principal } = caller.principal;
  const hash = caller.session?.hash ?? '';
  const [ended] = await tx.query(
    `UPDATE writ.session SET ended_at = clock_timestamp() WHERE tenant = $1 AND hash = $2 AND ended_at IS NULL RETURNING hash`,
    [tenant, hash],
  );
  if (!ended) return false;
  await appendTenantEvent(tx, tenant, {
    type: 'session.ended',
    actor: principal,
    object: { type: 'key', id: caller.key.id },
    trace: trace.trace,
    detail: { session: hash.slice(0, 16) },
  });
  return true;
}

interface Row {
  readonly session_expires_at: Date;
  readonly session_ended_at: Date | null;
  readonly tenant: TenantId;
  readonly id: KeyId;
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
}

/** Cookies in, callers out: the session and its key in one look-up by hash, at every request. */
export class SessionAuthenticator {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Refuses `unauthenticated` (malformed, unknown), `session_ended`, `key_revoked`, `key_expired`. */
  async authenticate(token: string): Promise<Result<Caller>> {
    if (!FORM.test(token)) return refuse(UNKNOWN);
    const hash = hashOf(token);
    const [row] = await this.database.call<Row>('find_session', [hash]);
    if (!row) return refuse(UNKNOWN);
    const now = this.clock.now();
    if (row.revoked_at !== null) return refuse(refusal('key_revoked', `key ${row.id} was revoked`));
    if (row.expires_at.getTime() <= now) return refuse(refusal('key_expired', `key ${row.id} has expired`));
    if (row.session_ended_at !== null || row.session_expires_at.getTime() <= now) return refuse(OVER);
    return ok({
      principal: { tenant: row.tenant, kind: row.kind, id: row.principal, roles: row.roles },
      scopes: row.scopes,
      key: { id: row.id, expires_at: row.expires_at.toISOString() },
      session: { hash, expires_at: row.session_expires_at.toISOString(), csrf: csrfOf(token) },
    });
  }
}
