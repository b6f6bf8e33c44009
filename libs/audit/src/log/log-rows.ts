import type { Tx } from '@writ/database';
import { canonicalJson, type Failure, type TenantId } from '@writ/kernel';

/** SQL: whether the unit `u` stands in no span of its log's generation (a parameter, such as `$2`). */
export const notSealed = (generation: string): string => `coalesce((
  SELECT l.seq + l.count FROM writ.log_span l
   WHERE l.tenant = u.tenant AND l.run = u.run AND l.seq <= u.seq AND l.generation = ${generation}
   ORDER BY l.seq DESC LIMIT 1), 0) <= u.seq`;

/** A tenant's log as the database holds it. */
export interface LogHead {
  readonly tenant: TenantId | '*';
  readonly generation: number;
  readonly size: number;
  /** Why it is not signed; null while it is. */
  readonly refusal: Failure | null;
  /** True while it is sealed anew from the evidence itself. */
  readonly rescanning: boolean;
}

interface HeadRow {
  readonly tenant: TenantId | '*';
  readonly generation: number;
  readonly size: string;
  readonly refusal: string | null;
  readonly rescanning: boolean;
}

/** The transaction must be bound to the tenant. Null: nothing of the tenant was ever sealed. */
export async function readHead(tx: Tx, tenant: TenantId | '*'): Promise<LogHead | null> {
  const [row] = await tx.query<HeadRow>(
    `SELECT tenant, generation, size, refusal, rescan_from IS NOT NULL AS rescanning FROM writ.log_head WHERE tenant = $1`,
    [tenant],
  );
  if (!row) return null;
  const refusal = row.refusal === null ? null : (JSON.parse(row.refusal) as Failure);
  return { ...row, size: Number(row.size), refusal };
}

export interface CheckpointRow {
  readonly size: number;
  readonly generation: number;
  readonly root: Uint8Array;
  /** The signed note. */
  readonly text: string;
  readonly at: Date;
}

const CHECKPOINT = 'SELECT size, generation, root, text, at FROM writ.log_checkpoint';
type StoredCheckpoint = Omit<CheckpointRow, 'size'> & { readonly size: string };
const asCheckpoint = (row: StoredCheckpoint): CheckpointRow => ({ ...row, size: Number(row.size) });

/** The newest checkpoint of a log's present generation. */
export async function newestCheckpoint(tx: Tx, log: LogName): Promise<CheckpointRow | null> {
  const [row] = await tx.query<StoredCheckpoint>(
    `${CHECKPOINT} WHERE tenant = $1 AND generation = $2 ORDER BY size DESC LIMIT 1`,
    [log.tenant, log.generation],
  );
  return row ? asCheckpoint(row) : null;
}

/** Checkpoints of at least a size, smallest first. */
export async function checkpointsFrom(
  tx: Tx,
  log: LogName,
  query: { readonly size: number; readonly limit: number },
): Promise<CheckpointRow[]> {
  const rows = await tx.query<StoredCheckpoint>(
    `${CHECKPOINT} WHERE tenant = $1 AND generation = $2 AND size >= $3 ORDER BY size LIMIT $4`,
    [log.tenant, log.generation, query.size, query.limit],
  );
  return rows.map(asCheckpoint);
}

/** Newest first; `before` is the generation and size of the last one of the page before. */
export async function listCheckpoints(
  tx: Tx,
  tenant: TenantId,
  query: { readonly limit: number; readonly before?: readonly [generation: number, size: number] },
): Promise<CheckpointRow[]> {
  const rows = await tx.query<StoredCheckpoint>(
    `${CHECKPOINT} WHERE tenant = $1 AND ($2::int IS NULL OR (generation, size) < ($2, $3::bigint))
      ORDER BY generation DESC, size DESC LIMIT $4`,
    [tenant, query.before?.[0] ?? null, query.before?.[1] ?? null, query.limit],
  );
  return rows.map(asCheckpoint);
}

export interface LogName {
  readonly tenant: TenantId | '*';
  readonly generation: number;
}

/** New events of one log, already given their indices. */
export interface Growth extends LogName {
  /** Size before. */
  readonly size: number;
  /** SHA-256 of each new event, 32 bytes each. */
  readonly entries: Uint8Array;
  /** Whether events of the tenant's own stream are among them, where keys are announced. */
  readonly announced: boolean;
}

export interface KeyRow {
  readonly keyId: string;
  readonly vkey: string;
  /** Size of the first checkpoint it signed; null while it is only announced. */
  readonly fromSize: number | null;
  /** Sequence, in the tenant's stream, of the unit that announces it. */
  readonly announcedSeq: number | null;
}

/** Keys of one generation, in the order they began to sign; announced ones last. */
export async function readKeys(tx: Tx, log: LogName): Promise<KeyRow[]> {
  const rows = await tx.query<Omit<KeyRow, 'fromSize'> & { readonly fromSize: string | null }>(
    `SELECT key_id AS "keyId", vkey, from_size AS "fromSize", announced_seq AS "announcedSeq"
       FROM writ.log_key WHERE tenant = $1 AND generation = $2 ORDER BY from_size NULLS LAST, created_at`,
    [log.tenant, log.generation],
  );
  return rows.map((row) => ({ ...row, fromSize: row.fromSize === null ? null : Number(row.fromSize) }));
}

/** The log is not signed from now on, and says why. Its units are found again by a rescan. False: it said so before. */
export async function refuseToSign(tx: Tx, tenant: TenantId | '*', why: Failure): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.log_head AS h (tenant, state, refusal) VALUES ($1, 'refusing', $2)
     ON CONFLICT (tenant) DO UPDATE SET state = 'refusing', refusal = excluded.refusal, changed_at = now()
        WHERE h.refusal IS DISTINCT FROM excluded.refusal
     RETURNING tenant`,
    [tenant, canonicalJson(why)],
  );
  return rows.length > 0;
}

/**
 * The reason is gone: everything not sealed yet is looked for anew, since rounds passed over it meanwhile. False: there
 * was none.
 */
export async function signAgain(tx: Tx, tenant: TenantId | '*'): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.log_head SET state = 'open', refusal = NULL, changed_at = now(),
            rescan_from = pg_current_snapshot(), rescan_run = '', rescan_seq = -1
      WHERE tenant = $1 AND state = 'refusing' RETURNING tenant`,
    [tenant],
  );
  return rows.length > 0;
}
