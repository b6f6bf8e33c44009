import { appendTenantEvents } from '@writ/audit';
import type { Tx } from '@writ/database';
import { canonicalJson, type Json, type JsonObject, type TenantId } from '@writ/kernel';

/** A subject or a resource of an application outside, as the directory knows it. */
export interface DirectoryEntry {
  readonly type: string;
  readonly id: string;
  readonly properties: JsonObject;
  /** Opaque principal id. */
  readonly setBy: string;
  /** RFC 3339 UTC. */
  readonly setAt: string;
}

type Key = Pick<DirectoryEntry, 'type' | 'id'>;

interface Row extends Key {
  readonly properties: JsonObject;
  readonly set_by: string;
  readonly set_at: Date;
}

const toEntry = ({ type, id, properties, set_by, set_at }: Row): DirectoryEntry => ({
  type,
  id,
  properties,
  setBy: set_by,
  setAt: set_at.toISOString(),
});

const COLUMNS = 'type, id, properties, set_by, set_at';
const types = (keys: readonly Key[]): readonly string[] => keys.map(({ type }) => type);
const ids = (keys: readonly Key[]): readonly string[] => keys.map(({ id }) => id);

/** Those of `keys` that the directory knows. */
async function find(tx: Tx, tenant: TenantId, keys: readonly Key[]): Promise<readonly DirectoryEntry[]> {
  if (keys.length === 0) return [];
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.directory_entry
      WHERE tenant = $1 AND (type, id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [tenant, types(keys), ids(keys)],
  );
  return rows.map(toEntry);
}

interface ListQuery {
  readonly tenant: TenantId;
  /** All types when absent. */
  readonly type?: string;
  readonly limit: number;
  /** The entry after which the list goes on. */
  readonly after?: Key;
}

/** In order of type and id, byte by byte. */
async function list(tx: Tx, { tenant, type, limit, after }: ListQuery): Promise<readonly DirectoryEntry[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.directory_entry
      WHERE tenant = $1 AND ($2::text IS NULL OR type = $2) AND (type, id) > ($3, $4)
      ORDER BY type, id LIMIT $5`,
    [tenant, type ?? null, after?.type ?? '', after?.id ?? '', limit],
  );
  return rows.map(toEntry);
}

export interface DirectoryChange {
  readonly tenant: TenantId;
  /** Opaque principal id. */
  readonly by: string;
  readonly entries: readonly (Key & { readonly properties?: JsonObject })[];
}

/**
 * Puts entries in place of what was known of them; of two entries for one thing the later counts. Answers how many said
 * something new. Evidence names the thing's type and the properties that changed: ids and values may be about people.
 */
async function set(tx: Tx, { tenant, by, entries }: DirectoryChange): Promise<number> {
  const wanted = new Map(entries.map((entry) => [keyOf(entry), entry]));
  // One order for all who write: two calls about the same things wait for one another and never cross.
  const sorted = [...wanted.keys()].sort().map((key) => wanted.get(key)!);
  await tx.query(
    `SELECT 1 FROM writ.directory_entry
      WHERE tenant = $1 AND (type, id) IN (SELECT * FROM unnest($2::text[], $3::text[])) ORDER BY type, id FOR UPDATE`,
    [tenant, types(sorted), ids(sorted)],
  );
  const known = new Map((await find(tx, tenant, sorted)).map((entry) => [keyOf(entry), entry.properties]));
  const changed = sorted
    .map((entry) => ({ ...entry, names: changedNames(known.get(keyOf(entry)), entry.properties ?? {}) }))
    .filter(({ names }) => names !== null);
  if (changed.length === 0) return 0;
  await tx.query(
    `INSERT INTO writ.directory_entry (tenant, type, id, properties, set_by)
     SELECT $1, one.type, one.id, one.properties, $2
       FROM unnest($3::text[], $4::text[], $5::jsonb[]) AS one (type, id, properties)
     ON CONFLICT (tenant, type, id) DO UPDATE
       SET properties = excluded.properties, set_by = excluded.set_by, set_at = clock_timestamp()`,
    [tenant, by, types(changed), ids(changed), changed.map(({ properties }) => canonicalJson(properties ?? {}))],
  );
  await record(tx, { tenant, by, type: 'directory.set', changed });
  return changed.length;
}

/** Forgets entries. Answers how many there were. */
async function remove(tx: Tx, { tenant, by, entries }: DirectoryChange): Promise<number> {
  const rows = await tx.query<Row>(
    `DELETE FROM writ.directory_entry
      WHERE tenant = $1 AND (type, id) IN (SELECT * FROM unnest($2::text[], $3::text[])) RETURNING ${COLUMNS}`,
    [tenant, types(entries), ids(entries)],
  );
  const changed = rows.map((row) => ({ type: row.type, id: row.id, names: Object.keys(row.properties).sort() }));
  await record(tx, { tenant, by, type: 'directory.removed', changed });
  return rows.length;
}

interface Recorded {
  readonly tenant: TenantId;
  readonly by: string;
  readonly type: 'directory.set' | 'directory.removed';
  readonly changed: readonly { readonly type: string; readonly names: readonly string[] | null }[];
}

/** One event per type of thing. */
async function record(tx: Tx, { tenant, by, type, changed }: Recorded): Promise<void> {
  const byType = Map.groupBy(changed, (one) => one.type);
  await appendTenantEvents(
    tx,
    tenant,
    [...byType].map(([of, entries]) => {
      const names = [...new Set(entries.flatMap((entry) => entry.names ?? []))].sort();
      const shown = names.slice(0, MOST_NAMES).join(' ');
      const detail = { entries: entries.length, properties: names.length > MOST_NAMES ? `${shown} …` : shown };
      return { type, actor: by, object: { type: 'directory', id: of }, detail };
    }),
  );
}

/** Names of properties that one event lists. */
const MOST_NAMES = 20;

const keyOf = ({ type, id }: Key): string => JSON.stringify([type, id]);

/** Names of properties that differ; null where nothing does. */
function changedNames(known: JsonObject | undefined, wanted: JsonObject): readonly string[] | null {
  if (known === undefined) return Object.keys(wanted).sort();
  const names = [...new Set([...Object.keys(known), ...Object.keys(wanted)])].filter(
    (name) => textOf(known[name]) !== textOf(wanted[name]),
  );
  return names.length === 0 ? null : names.sort();
}

const textOf = (value: Json | undefined): string | null => (value === undefined ? null : canonicalJson(value));

/** Statements about the directory; each in the caller's transaction. */
export const directory = { find, list, set, remove } as const;
