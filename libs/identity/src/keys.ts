import { appendTenantEvent } from '@writ/audit';
import { raiseAuthority, type Tx } from '@writ/database';
import { type KeyId, ok, type PrincipalKind, refuse, type Result, type TenantId } from '@writ/kernel';
import { beyondHolder, type Grant } from './scopes';
import { mintKey } from './secret';

/** A key as people see it; the secret is nowhere kept. Times are RFC 3339. */
export interface ApiKeyView {
  readonly id: KeyId;
  readonly label: string;
  /** Opaque id of whom the key acts as. */
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

export interface KeyRow extends Omit<ApiKeyView, 'created_at' | 'expires_at' | 'revoked_at' | 'last_used_at'> {
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
}

const COLUMNS =
  'id, label, principal, kind, roles, scopes, created_by, created_at, expires_at, revoked_at, last_used_at';
const MAX_LIFE_MS = 366 * 86_400_000;

const view = (row: KeyRow): ApiKeyView => ({
  id: row.id,
  label: row.label,
  principal: row.principal,
  kind: row.kind,
  roles: row.roles,
  scopes: row.scopes,
  created_by: row.created_by,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  revoked_at: row.revoked_at?.toISOString() ?? null,
  last_used_at: row.last_used_at?.toISOString() ?? null,
});

export interface NewKey extends Grant {
  readonly label: string;
  readonly principal: string;
  readonly kind: PrincipalKind;
  /** Epoch milliseconds; in the future, at most 366 days. */
  readonly expiresAt: number;
}

/** Who creates it, and what they hold. */
export interface KeyCreator extends Grant {
  readonly id: string;
}

/**
 * Creates a key and its evidence, durable with the caller's transaction. Refuses `grant_exceeds_holder` and
 * `invalid_expiry`. The token in the answer exists nowhere else and is never shown again.
 */
export async function createKey(
  tx: Tx,
  tenant: TenantId,
  input: { readonly key: NewKey; readonly creator: KeyCreator; readonly now: number },
): Promise<Result<{ readonly key: ApiKeyView; readonly token: string }>> {
  const { key, creator, now } = input;
  const beyond = beyondHolder(key, creator);
  if (beyond.roles.length + beyond.scopes.length > 0) {
    return refuse({
      code: 'grant_exceeds_holder',
      class: 'policy',
      message: `${creator.id} does not hold ${[...beyond.roles, ...beyond.scopes].join(', ')} and so cannot give it`,
      next: 'Ask for less, or ask somebody who holds it.',
      details: { roles: beyond.roles.join(' '), scopes: beyond.scopes.join(' ') },
    });
  }
  if (key.expiresAt <= now || key.expiresAt > now + MAX_LIFE_MS) {
    return refuse({
      code: 'invalid_expiry',
      class: 'permanent',
      message: 'a key expires in the future, and within 366 days',
      next: 'Give an expires_at between now and 366 days from now.',
    });
  }
  const { id, token, hash } = mintKey();
  const [row] = await tx.query<KeyRow>(
    `INSERT INTO writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000))
     RETURNING ${COLUMNS}`,
    [tenant, id, hash, key.label, key.principal, key.kind, key.roles, key.scopes, creator.id, now, key.expiresAt],
  );
  if (!row) throw new Error(`key ${id} was inserted and not returned`);
  await appendTenantEvent(tx, tenant, {
    type: 'key.created',
    actor: creator.id,
    object: { type: 'key', id },
    detail: { principal: key.principal, roles: key.roles, scopes: key.scopes, expires_at: view(row).expires_at },
  });
  return ok({ key: view(row), token });
}

/** Keys, newest first; `after` is the `next` of the page before. */
export async function listKeys(
  tx: Tx,
  tenant: TenantId,
  query: { readonly limit: number; readonly after?: string },
): Promise<{ readonly data: ApiKeyView[]; readonly next: string | null }> {
  const rows = await tx.query<KeyRow>(
    `SELECT ${COLUMNS} FROM writ.api_key
      WHERE tenant = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [tenant, query.after ?? null, query.limit + 1],
  );
  const data = rows.slice(0, query.limit).map(view);
  return { data, next: rows.length > query.limit ? (data.at(-1)?.id ?? null) : null };
}

/**
 * Revokes a key, once: a second call answers the same. `null` when the tenant has no such key.
 * INVARIANT (I3): the authority epoch rises in the same transaction, so nothing decided before commits after.
 */
export async function revokeKey(
  tx: Tx,
  tenant: TenantId,
  input: { readonly id: KeyId; readonly by: string },
): Promise<ApiKeyView | null> {
  const [revoked] = await tx.query<KeyRow>(
    `UPDATE writ.api_key SET revoked_at = clock_timestamp() WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL
     RETURNING ${COLUMNS}`,
    [tenant, input.id],
  );
  if (!revoked) {
    const [earlier] = await tx.query<KeyRow>(`SELECT ${COLUMNS} FROM writ.api_key WHERE tenant = $1 AND id = $2`, [
      tenant,
      input.id,
    ]);
    return earlier ? view(earlier) : null;
  }
  await raiseAuthority(tx, tenant);
  await appendTenantEvent(tx, tenant, {
    type: 'key.revoked',
    actor: input.by,
    object: { type: 'key', id: input.id },
    detail: { principal: revoked.principal },
  });
  return view(revoked);
}

/**
 * Ends every key of one agent, or of all agents of the tenant (`agent` null), and with them their sessions. For a stop
 * that revokes, in its transaction, which raises the authority epoch itself. Answers the ids that ended.
 */
export async function revokeAgentKeys(
  tx: Tx,
  tenant: TenantId,
  input: { readonly agent: string | null; readonly by: string },
): Promise<readonly KeyId[]> {
  const revoked = await tx.query<{ id: KeyId; principal: string }>(
    `UPDATE writ.api_key SET revoked_at = clock_timestamp()
      WHERE tenant = $1 AND revoked_at IS NULL AND kind = 'agent' AND ($2::text IS NULL OR principal = 'agent:' || $2)
     RETURNING id, principal`,
    [tenant, input.agent],
  );
  for (const { id, principal } of revoked) {
    await appendTenantEvent(tx, tenant, {
      type: 'key.revoked',
      actor: input.by,
      object: { type: 'key', id },
      detail: { principal },
    });
  }
  return revoked.map(({ id }) => id);
}
