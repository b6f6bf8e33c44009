import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { LogName } from './log-rows';
import type { Growth } from './log-rows';

/** Gives every unit that is visible and unsealed its indices; at most about `most` of them. */
export async function placeUnits(
  tx: Tx,
  last: string,
  most: number,
): Promise<{ readonly growths: readonly Growth[]; readonly upto: string | null }> {
  const rows = await tx.query<{
    tenant: TenantId | '*' | null;
    generation: number;
    size: string;
    hashes: Buffer;
    announced: boolean;
    upto: string | null;
  }>(`SELECT * FROM writ.seal_units($1::pg_snapshot, $2)`, [last, most]);
  const growths = rows.flatMap(({ tenant, generation, size, hashes, announced }) =>
    tenant === null ? [] : [{ tenant, generation, size: Number(size), entries: hashes, announced }],
  );
  return { growths, upto: rows[0]?.upto ?? null };
}

/**
 * A snapshot as of which everything below transaction number `upto` that `now` sees is visible, and nothing at or above
 * it: what a round that stopped there leaves for the next.
 */
export function cutSnapshot(now: string, upto: string): string {
  const [xmin = '', , open = ''] = now.split(':');
  const below = open.split(',').filter((xid) => xid !== '' && BigInt(xid) < BigInt(upto));
  const low = BigInt(xmin) < BigInt(upto) ? xmin : upto;
  return `${low}:${upto}:${below.join(',')}`;
}

/** `caughtUpAt`: the round left nothing that was visible at this time. */
export async function moveLease(
  tx: Tx,
  to: { readonly snapshot: string; readonly caughtUpAt: Date | null },
): Promise<void> {
  await tx.query(
    `UPDATE writ.log_lease SET snapshot = $1::pg_snapshot, caught_up_at = coalesce($2, caught_up_at) WHERE tenant = '*'`,
    [to.snapshot, to.caughtUpAt],
  );
}

export interface TileRow extends LogName {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

export async function writeTiles(tx: Tx, tiles: readonly TileRow[]): Promise<void> {
  if (tiles.length === 0) return;
  await tx.query(
    `INSERT INTO writ.log_tile (tenant, generation, level, n, hashes, root)
     SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[])`,
    [
      tiles.map((tile) => tile.tenant),
      tiles.map((tile) => tile.generation),
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.index),
      tiles.map((tile) => Buffer.from(tile.hashes)),
      tiles.map((tile) => Buffer.from(tile.root)),
    ],
  );
}

export interface HeadRow extends LogName {
  readonly before: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Heads and their checkpoints. Throws when a head is not where the round found it. */
export async function writeHeads(tx: Tx, heads: readonly HeadRow[]): Promise<void> {
  if (heads.length === 0) return;
  const moved = await tx.query(
    `WITH h AS (
       SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bytea[], $6::text[])
         AS t (tenant, generation, before, size, root, note)
     ), kept AS (
       INSERT INTO writ.log_checkpoint (tenant, generation, size, root, text)
       SELECT tenant, generation, size, root, note FROM h
     )
     UPDATE writ.log_head l SET size = h.size, changed_at = now() FROM h
      WHERE l.tenant = h.tenant AND l.generation = h.generation AND l.size = h.before AND l.state = 'open'
     RETURNING l.tenant`,
    [
      heads.map((head) => head.tenant),
      heads.map((head) => head.generation),
      heads.map((head) => head.before),
      heads.map((head) => head.size),
      heads.map((head) => Buffer.from(head.root)),
      heads.map((head) => head.note),
    ],
  );
  if (moved.length !== heads.length) throw new Error('a log is not where the round found it');
}

/** A key signs for the first time, from this size on. */
export async function beginKey(
  tx: Tx,
  log: LogName,
  key: { readonly keyId: string; readonly vkey: string; readonly known: boolean; readonly size: number },
): Promise<void> {
  if (key.known) {
    await tx.query(
      `UPDATE writ.log_key SET from_size = $4 WHERE tenant = $1 AND generation = $2 AND key_id = $3 AND from_size IS NULL`,
      [log.tenant, log.generation, key.keyId, key.size],
    );
    return;
  }
  await tx.query(`INSERT INTO writ.log_key (tenant, generation, key_id, vkey, from_size) VALUES ($1, $2, $3, $4, $5)`, [
    log.tenant,
    log.generation,
    key.keyId,
    key.vkey,
    key.size,
  ]);
}
