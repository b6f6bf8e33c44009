import { appendTenantEvent } from '@writ/audit';
import type { Tx } from '@writ/database';
import type { KeyId, TenantId } from '@writ/kernel';
import type { Caller } from './authenticator';

/** Proofs older than this serve nothing: no policy counts one of more than a day. */
const KEPT_MS = 2 * 86_400_000;

/** What somebody comes with, as proofs are kept under it: a session's hash, or the key's id. */
export const credentialOf = ({ session, key }: Pick<Caller, 'session' | 'key'>): string => session?.hash ?? key.id;

export interface IdentityProof {
  readonly tenant: TenantId;
  readonly principal: string;
  readonly credential: string;
  /** The key whose secret was sent. */
  readonly key: KeyId;
}

/** Remembers that the holder of a credential has just sent the secret of a key of theirs; `now` in epoch milliseconds. */
export async function keepProof(tx: Tx, of: IdentityProof, now: number): Promise<void> {
  const { tenant, principal, credential, key } = of;
  await tx.query(`DELETE FROM writ.proof WHERE tenant = $1 AND proved_at < to_timestamp($2::float8 / 1000)`, [
    tenant,
    now - KEPT_MS,
  ]);
  await tx.query(
    `INSERT INTO writ.proof (tenant, credential, principal, key, proved_at)
     VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
     ON CONFLICT (tenant, credential) DO UPDATE
        SET principal = excluded.principal, key = excluded.key, proved_at = excluded.proved_at`,
    [tenant, credential, principal, key, now],
  );
}

/**
 * Keeps a proof of who somebody is, and its evidence, durable with the caller's transaction. It counts for this credential
 * alone: whoever took another session of theirs has proved nothing.
 */
export async function noteProof(
  tx: Tx,
  of: IdentityProof,
  { now, trace }: { readonly now: number; readonly trace: string },
): Promise<void> {
  await keepProof(tx, of, now);
  await appendTenantEvent(tx, of.tenant, {
    type: 'identity.proven',
    actor: of.principal,
    object: { type: 'key', id: of.key },
    trace,
    detail: { credential: of.credential.slice(0, 30) },
  });
}
