import type { Tx } from '@writ/database';
import { leafHash, type Tile, type TileReader } from '@writ/verify';
import type { LogName } from './log-rows';

export const HASH_BYTES = 32;
export const TILE_WIDTH = 256;

/** Leaf hashes of 32-byte entries that stand one after another. */
export function leavesOf(entries: Uint8Array): Uint8Array {
  const leaves = new Uint8Array(entries.length);
  for (let at = 0; at < entries.length; at += HASH_BYTES) {
    leaves.set(leafHash(entries.subarray(at, at + HASH_BYTES)), at);
  }
  return leaves;
}

/**
 * The log's entries [from, to): the SHA-256 of each event's stored line, one after another. Shorter when the log ends
 * before `to`.
 */
export async function readEntries(
  tx: Tx,
  log: LogName,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Uint8Array> {
  if (to <= from) return new Uint8Array(0);
  const rows = await tx.query<{ first: string; hashes: Buffer }>(
    `SELECT l.first_index + u.seq - l.seq AS first, u.hashes
       FROM writ.log_span l
       JOIN writ.audit_unit u ON u.tenant = l.tenant AND u.run = l.run AND u.seq >= l.seq AND u.seq < l.seq + l.count
      WHERE l.tenant = $1 AND l.generation = $2 AND l.first_index < $4
        AND l.first_index >= (SELECT coalesce(max(first_index), 0) FROM writ.log_span
                               WHERE tenant = $1 AND generation = $2 AND first_index <= $3)
      ORDER BY 1`,
    [log.tenant, log.generation, from, to],
  );
  const begin = Number(rows[0]?.first ?? from);
  const all = Buffer.concat(rows.map((row) => row.hashes));
  return all.subarray((from - begin) * HASH_BYTES, (to - begin) * HASH_BYTES);
}

/** The log's tiles as the database holds them: complete ones whole, partial ones put together from their parts. */
export class StoredTiles implements TileReader {
  constructor(
    private readonly tx: Tx,
    private readonly log: LogName,
  ) {}

  async read({ level, index, width }: Tile & { readonly level: number }): Promise<Uint8Array> {
    const [full] = await this.tx.query<{ hashes: Buffer }>(
      `SELECT hashes FROM writ.log_tile WHERE tenant = $1 AND generation = $2 AND level = $3 AND n = $4`,
      [this.log.tenant, this.log.generation, level, index],
    );
    if (full) return full.hashes;
    const from = index * TILE_WIDTH;
    if (level === 0) return leavesOf(await readEntries(this.tx, this.log, { from, to: from + width }));
    return this.roots(level - 1, { from, to: from + width });
  }

  private async roots(level: number, range: { readonly from: number; readonly to: number }): Promise<Uint8Array> {
    const rows = await this.tx.query<{ root: Buffer }>(
      `SELECT root FROM writ.log_tile
        WHERE tenant = $1 AND generation = $2 AND level = $3 AND n >= $4 AND n < $5 ORDER BY n`,
      [this.log.tenant, this.log.generation, level, range.from, range.to],
    );
    return Buffer.concat(rows.map((row) => row.root));
  }

  /** The partial tiles of a tree of `size`, level 0 first, empty where a level has none: what new leaves are added to. */
  async edge(size: number): Promise<Uint8Array[]> {
    const edge: Uint8Array[] = [];
    for (let level = 0, row = size; row > 0; level++, row = Math.floor(row / TILE_WIDTH)) {
      const width = row % TILE_WIDTH;
      const tile = { level, index: Math.floor(row / TILE_WIDTH), width };
      edge.push(width === 0 ? new Uint8Array(0) : (await this.read(tile)).subarray(0, width * HASH_BYTES));
    }
    return edge;
  }
}
