import type { Tx } from '@writ/database';
import type { JsonObject, TenantId } from '@writ/kernel';

/** A policy that was put in force once, and is kept for as long as decisions name it. */
export interface PolicyVersion {
  readonly digest: string;
  /** Who first put it in force. */
  readonly author: string;
  /** RFC 3339 UTC. */
  readonly created_at: string;
  readonly active: boolean;
}

interface Row {
  readonly digest: string;
  readonly author: string;
  readonly created_at: Date;
  readonly active: boolean;
}

const COLUMNS = `bundle.digest, bundle.author, bundle.created_at,
  EXISTS (SELECT FROM writ.policy_head head
           WHERE head.tenant = bundle.tenant AND bundle.digest IN (head.digest, head.own)) AS active`;

const view = ({ digest, author, created_at: at, active }: Row): PolicyVersion => ({
  digest,
  author,
  created_at: at.toISOString(),
  active,
});

/**
 * Every policy the tenant ever wrote, newest first; not these with what the platform adds, which decisions name. `after` is
 * the digest a page ended with.
 */
export async function policyVersions(
  tx: Tx,
  tenant: TenantId,
  query: { readonly limit: number; readonly after?: string },
): Promise<{ readonly data: readonly PolicyVersion[]; readonly next: string | null }> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.policy_bundle bundle
      WHERE bundle.tenant = $1 AND bundle.own IS NULL AND ($2::text IS NULL OR (bundle.created_at, bundle.digest) <
            (SELECT edge.created_at, edge.digest FROM writ.policy_bundle edge WHERE edge.tenant = $1 AND edge.digest = $2))
      ORDER BY bundle.created_at DESC, bundle.digest DESC LIMIT $3`,
    [tenant, query.after ?? null, query.limit + 1],
  );
  const data = rows.slice(0, query.limit).map(view);
  return { data, next: rows.length > query.limit ? (data.at(-1)?.digest ?? null) : null };
}

/** One of them, with all it says, or one that decisions name; null where the tenant never had it. */
export async function policyByDigest(
  tx: Tx,
  tenant: TenantId,
  digest: string,
): Promise<(PolicyVersion & { readonly bundle: JsonObject }) | null> {
  const [row] = await tx.query<Row & { readonly body: string }>(
    `SELECT ${COLUMNS}, bundle.body FROM writ.policy_bundle bundle WHERE bundle.tenant = $1 AND bundle.digest = $2`,
    [tenant, digest],
  );
  return row ? { ...view(row), bundle: JSON.parse(row.body) as JsonObject } : null;
}
