import type { Tx } from '@writ/database';
import type { PrincipalKind, TenantId } from '@writ/kernel';

/** Somebody who holds a good key, with the roles all their good keys give together. */
export interface KnownPrincipal {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
}

/** Names read for one question; a tenant with more has them asked about one by one. */
const MOST = 2_000;

/** Whom a tenant's keys name, by id. People who come by other ways than a key of ours are not known. */
export async function knownPrincipals(tx: Tx, tenant: TenantId): Promise<readonly KnownPrincipal[]> {
  return tx.query<KnownPrincipal>(
    `SELECT k.principal AS id, min(k.kind) AS kind,
            coalesce(array_agg(DISTINCT r.role) FILTER (WHERE r.role IS NOT NULL), '{}') AS roles
       FROM writ.api_key k LEFT JOIN LATERAL unnest(k.roles) AS r (role) ON true
      WHERE k.tenant = $1 AND k.revoked_at IS NULL AND k.expires_at > clock_timestamp()
      GROUP BY k.principal ORDER BY k.principal LIMIT $2`,
    [tenant, MOST],
  );
}
