import type { Tx } from '@writ/database';
import { type Failure, refuse, ok, type Result, sha256Hex, type TenantId } from '@writ/kernel';
import {
  consistencyProof,
  encodeBundle,
  formatTlogProof,
  inclusionProof,
  leafHash,
  parseTilePath,
  rootAt,
  tileWidth,
} from '@writ/verify';
import { type CheckpointRow, newestCheckpoint, readHead } from './log-rows';
import { logOrigin } from './origin';
import { HASH_BYTES, readEntries, StoredTiles, TILE_WIDTH } from './tiles';

const absent = (message: string): Failure => ({ code: 'not_found', class: 'permanent', message });

async function logOf(tx: Tx, tenant: TenantId) {
  const head = await readHead(tx, tenant);
  const log = { tenant, generation: head?.generation ?? 1 };
  return { log, newest: await newestCheckpoint(tx, log) };
}

/** The signed note of the newest checkpoint. Refuses with `not_found` while nothing was sealed. */
export async function newestNote(tx: Tx, tenant: TenantId): Promise<Result<CheckpointRow>> {
  const { newest } = await logOf(tx, tenant);
  return newest ? ok(newest) : refuse(absent('nothing of this tenant is sealed yet'));
}

export interface EventProof {
  readonly leafHash: Uint8Array;
  readonly checkpoint: CheckpointRow;
  /** Leaf's sibling first. */
  readonly proof: readonly Uint8Array[];
  /** The same as a C2SP tlog-proof that holds the event's bytes. */
  readonly tlogProof: string;
}

/** Proves an event that is sealed, up to the newest checkpoint. */
export async function proveEvent(
  tx: Tx,
  tenant: TenantId,
  event: { readonly index: number; readonly raw: string },
): Promise<EventProof> {
  const { index, raw } = event;
  const { log, newest } = await logOf(tx, tenant);
  if (!newest || index >= newest.size) throw new Error(`event ${index} of ${tenant} has an index and no checkpoint`);
  const proof = await inclusionProof(index, newest.size, new StoredTiles(tx, log));
  const tlogProof = formatTlogProof({ index, proof, checkpoint: newest.text, extra: Buffer.from(raw) });
  return { leafHash: leafHash(Buffer.from(sha256Hex(raw), 'hex')), checkpoint: newest, proof, tlogProof };
}

export interface TreesProof {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Proves that the tree of `from` events is the beginning of that of `to`. Refuses sizes beyond the log. */
export async function proveTrees(
  tx: Tx,
  tenant: TenantId,
  sizes: { readonly from: number; readonly to: number | null },
): Promise<Result<TreesProof>> {
  const { log, newest } = await logOf(tx, tenant);
  const { from } = sizes;
  const to = sizes.to ?? newest?.size ?? 0;
  if (to > (newest?.size ?? 0)) return refuse(absent(`the log has ${newest?.size ?? 0} events, not ${to}`));
  if (from > to) return refuse(absent(`a tree of ${from} events is no beginning of one of ${to}`));
  const tiles = new StoredTiles(tx, log);
  const [fromRoot, toRoot] = [await rootAt(from, tiles), await rootAt(to, tiles)];
  return ok({ origin: logOrigin(log), from, to, fromRoot, toRoot, proof: await consistencyProof(from, to, tiles) });
}

export interface ServedTile {
  readonly bytes: Uint8Array;
  /** Whether it is full, and so never changes. */
  readonly full: boolean;
}

/** A tile or an entry bundle by its C2SP path below the prefix. Refuses what the newest checkpoint does not reach. */
export async function serveTile(tx: Tx, tenant: TenantId, path: string): Promise<Result<ServedTile>> {
  const tile = parseTilePath(path);
  if (!tile) return refuse(absent(`${path} names no tile`));
  const { log, newest } = await logOf(tx, tenant);
  const { index, width } = tile;
  const level = tile.level === 'entries' ? 0 : tile.level;
  const there = level > 7 ? 0 : tileWidth(newest?.size ?? 0, level, index);
  if (width > there) return refuse(absent(`the tree of ${newest?.size ?? 0} events has no ${path}`));
  const full = width === TILE_WIDTH;
  if (tile.level !== 'entries') {
    const hashes = await new StoredTiles(tx, log).read({ level, index, width });
    return ok({ bytes: hashes.subarray(0, width * HASH_BYTES), full });
  }
  const from = index * TILE_WIDTH;
  const entries = await readEntries(tx, log, { from, to: from + width });
  const each = Array.from({ length: width }, (_, i) => entries.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  return ok({ bytes: encodeBundle(each), full });
}
