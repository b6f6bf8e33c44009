import type { Database } from '@writ/database';
import type { KeyId, TenantId } from '@writ/kernel';

export interface Credential {
  readonly tenant: TenantId;
  readonly key: KeyId;
  /** Hash of the session, when the caller came with one. */
  readonly session: string | null;
}

export type Ended = 'key_revoked' | 'key_expired' | 'session_ended';

/**
 * Which of these credentials are good no longer, and why, by the database's clock: one statement for all of them, so that
 * whoever keeps a connection open can be asked about again and again.
 */
export async function endedCredentials(
  db: Database,
  credentials: readonly Credential[],
): Promise<ReadonlyMap<Credential, Ended>> {
  if (credentials.length === 0) return new Map();
  const tenants = [...new Set(credentials.map(({ tenant }) => tenant))];
  const rows = await db.withTenant(tenants, (tx) =>
    tx.query<{ n: number; ended: Ended | null }>(
      `SELECT c.n::int AS n, CASE WHEN k.id IS NULL OR k.revoked_at IS NOT NULL THEN 'key_revoked'
                                  WHEN k.expires_at <= clock_timestamp() THEN 'key_expired'
                                  WHEN c.session IS NULL THEN NULL
                                  WHEN s.hash IS NULL OR s.ended_at IS NOT NULL OR s.expires_at <= clock_timestamp()
                                    THEN 'session_ended' END AS ended
         FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS c (tenant, key, session, n)
         LEFT JOIN writ.api_key k ON k.tenant = c.tenant AND k.id = c.key
         LEFT JOIN writ.session s ON s.tenant = c.tenant AND s.hash = c.session`,
      [
        credentials.map(({ tenant }) => tenant),
        credentials.map(({ key }) => key),
        credentials.map(({ session }) => session),
      ],
    ),
  );
  return new Map(rows.flatMap(({ n, ended }) => (ended === null ? [] : [[credentials[n - 1]!, ended] as const])));
}
