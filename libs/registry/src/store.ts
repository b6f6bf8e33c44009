import type { TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import { Definition, type DefinitionKind, type Versioned } from './definitions';

/** One stored version, without its body. */
export interface DefinitionRow {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly author: string;
  /** RFC 3339. */
  readonly created_at: string;
}

interface StoredRow extends Omit<DefinitionRow, 'created_at'> {
  readonly body: string;
  readonly created_at: Date;
}

const COLUMNS = 'kind, name, version, digest, author, created_at';

/** A body was valid when it was stored; defaults added since are filled in when it is read. */
const versioned = (row: Pick<StoredRow, 'digest' | 'version' | 'body'>): Versioned => ({
  digest: row.digest,
  version: row.version,
  definition: Definition.parse(JSON.parse(row.body)),
});

/** Publishing is serial per tenant: version numbers count without gaps, and references cannot be published past. */
export async function lockRegistry(tx: Tx, tenant: TenantId): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('writ.registry ' || $1, 0))`, [tenant]);
}

/** How many versions the tenant has. Rows are only ever added, so an unchanged count means an unchanged registry. */
export async function countVersions(tx: Tx, tenant: TenantId): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`SELECT count(*)::int AS n FROM writ.definition WHERE tenant = $1`, [
    tenant,
  ]);
  return row?.n ?? 0;
}

/** The newest version of everything, with bodies. */
export async function newestVersions(tx: Tx, tenant: TenantId): Promise<Versioned[]> {
  return (await newestRows(tx, tenant)).map(versioned);
}

/** The same with who published it and when. */
export async function newestStored(
  tx: Tx,
  tenant: TenantId,
): Promise<(DefinitionRow & { readonly definition: Definition })[]> {
  return (await newestRows(tx, tenant)).map((row) => ({
    ...withoutBody(row),
    definition: versioned(row).definition,
  }));
}

const newestRows = (tx: Tx, tenant: TenantId): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT DISTINCT ON (kind, name) ${COLUMNS}, body FROM writ.definition WHERE tenant = $1
      ORDER BY kind, name, version DESC`,
    [tenant],
  );

export async function versionsByDigest(tx: Tx, tenant: TenantId, digests: readonly string[]): Promise<Versioned[]> {
  const rows = await tx.query<StoredRow>(
    `SELECT ${COLUMNS}, body FROM writ.definition WHERE tenant = $1 AND digest = ANY($2::text[])
      ORDER BY kind, name, version`,
    [tenant, digests],
  );
  return rows.map(versioned);
}

/** One version of one definition: the given one, or the newest. */
export async function oneVersion(
  tx: Tx,
  key: {
    readonly tenant: TenantId;
    readonly kind: DefinitionKind;
    readonly name: string;
    readonly version?: number | undefined;
    readonly digest?: string | undefined;
  },
): Promise<(DefinitionRow & { readonly definition: Definition }) | null> {
  const [row] = await tx.query<StoredRow>(
    `SELECT ${COLUMNS}, body FROM writ.definition
      WHERE tenant = $1 AND kind = $2 AND name = $3 AND ($4::int IS NULL OR version = $4)
        AND ($5::text IS NULL OR digest = $5)
      ORDER BY version DESC LIMIT 1`,
    [key.tenant, key.kind, key.name, key.version ?? null, key.digest ?? null],
  );
  return row ? { ...withoutBody(row), definition: versioned(row).definition } : null;
}

function withoutBody(row: StoredRow): DefinitionRow {
  const { kind, name, version, digest, author, created_at } = row;
  return { kind, name, version, digest, author, created_at: created_at.toISOString() };
}

/**
 * Definitions in order of kind and name: the newest version of each, or every version of one `name`. `after` is the
 * `next` of the page before; at most `limit` rows.
 */
export async function listVersions(
  tx: Tx,
  query: {
    readonly tenant: TenantId;
    readonly kind?: DefinitionKind | undefined;
    readonly name?: string | undefined;
    readonly limit: number;
    readonly after?: string | undefined;
  },
): Promise<{ readonly data: DefinitionRow[]; readonly next: string | null }> {
  const [kind, name, version] = (query.after ?? '').split(' ');
  const rows = await tx.query<StoredRow>(
    `SELECT ${COLUMNS}, '' AS body FROM writ.definition d
      WHERE tenant = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR name = $3)
        AND ($3::text IS NOT NULL OR version =
             (SELECT max(version) FROM writ.definition n WHERE n.tenant = $1 AND n.kind = d.kind AND n.name = d.name))
        AND ($4::text IS NULL OR (kind, name, version) > ($4, $5::text, $6::int))
      ORDER BY kind, name, version LIMIT $7`,
    [
      query.tenant,
      query.kind ?? null,
      query.name ?? null,
      kind || null,
      name ?? '',
      Number(version ?? 0),
      query.limit + 1,
    ],
  );
  const data = rows.slice(0, query.limit).map(withoutBody);
  const last = data.at(-1);
  const next = rows.length > query.limit && last ? `${last.kind} ${last.name} ${last.version}` : null;
  return { data, next };
}
