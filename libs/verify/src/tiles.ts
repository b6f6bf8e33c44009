import { HASH_BYTES } from './hashing';
import type { Node } from './ranges';
import { Tree } from './tree';

/** Hashes of a full tile, and the heights one tile spans (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** Which tile: its level, its index within the level, and how many hashes of it there are (256 when full). */
export interface Tile {
  /** `entries` is the bundle of log entries under the level-0 tile of that index. */
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/**
 * Reads tiles of a log, from a server, a table or a folder. Answers with at least `width` hashes of 32 bytes, throws
 * when it cannot; nothing it answers is believed before it is held against a root. May be called for many at once.
 */
export interface TileReader {
  read(tile: Tile & { readonly level: number }): Promise<Uint8Array>;
}

/** Path below the log's prefix: `tile/0/x001/x234/067`, `tile/1/000.p/17`, `tile/entries/003`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The tile a path names, or null for text that `tilePath` would not write. */
export function parseTilePath(path: string): Tile | null {
  const [, named, digits, partial] = PATH.exec(path) ?? [];
  if (named === undefined || digits === undefined) return null;
  const level = named === 'entries' ? named : Number(named);
  const tile: Tile = {
    level,
    index: Number(digits.replace(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  };
  // One tile, one path: no leading groups of zeros, no width of 256 or more, no level above 63.
  const known = tile.width <= TILE_WIDTH && (level === 'entries' || level <= 63);
  return known && tilePath(tile) === path ? tile : null;
}

/** How many hashes the tile has in a tree of `size`: 0 when it is not there, 256 when it is full. */
export function tileWidth(size: number, level: number, index: number): number {
  const row = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, row - index * TILE_WIDTH));
}

/** The tile a node is found in, and which of its hashes make it: one, or 2, 4, … 128 to be folded. */
export function placeOf(node: Node, size: number): { tile: Tile & { level: number }; from: number; count: number } {
  const level = Math.floor(node.height / TILE_HEIGHT);
  const count = 2 ** (node.height % TILE_HEIGHT);
  const first = node.index * count;
  const index = Math.floor(first / TILE_WIDTH);
  return { tile: { level, index, width: tileWidth(size, level, index) }, from: first % TILE_WIDTH, count };
}

/** Root of the tree whose partial tiles, level 0 first, are these (empty where a level has none). */
export function treeOf(edge: readonly Uint8Array[]): Tree {
  const tree = new Tree();
  for (let level = edge.length - 1; level >= 0; level--) {
    const hashes = edge[level]!;
    for (let at = 0; at < hashes.length; at += HASH_BYTES) {
      tree.appendSubtree(level * TILE_HEIGHT, hashes.subarray(at, at + HASH_BYTES));
    }
  }
  return tree;
}

export interface Grown {
  readonly size: number;
  readonly root: Uint8Array;
  /** The partial tiles afterwards, level 0 first: what the next call begins with. */
  readonly edge: readonly Uint8Array[];
  /** Every tile that changed, whole, as it stands at the new size; a partial one is replaced by its successor. */
  readonly tiles: readonly {
    readonly level: number;
    readonly index: number;
    readonly hashes: Uint8Array;
    /** Of a full tile, the hash that stands for it one level up. */
    readonly root: Uint8Array | null;
  }[];
}

/**
 * Adds leaves to a log kept as tiles. Pure: `edge` are the partial tiles at the size before (level 0 first, empty where
 * there is none), `leaves` the new leaf hashes, 32 bytes each. Costs about one hash a leaf, whatever the log's size.
 */
export function growTiles(edge: readonly Uint8Array[], leaves: Uint8Array): Grown {
  const before = edge.reduce((size, { length }, level) => size + (length / HASH_BYTES) * TILE_WIDTH ** level, 0);
  const tiles: { level: number; index: number; hashes: Uint8Array; root: Uint8Array | null }[] = [];
  const next: Uint8Array[] = [];
  let added = leaves;
  for (let level = 0; added.length > 0 || level < edge.length; level++) {
    const held = edge[level] ?? new Uint8Array(0);
    const row = concat(held, added);
    const first = Math.floor(before / TILE_WIDTH ** (level + 1));
    const full = Math.floor(row.length / (TILE_WIDTH * HASH_BYTES));
    const roots = new Uint8Array(full * HASH_BYTES);
    for (let i = 0; i < full; i++) {
      const hashes = row.slice(i * TILE_WIDTH * HASH_BYTES, (i + 1) * TILE_WIDTH * HASH_BYTES);
      const root = treeOf([hashes]).root();
      tiles.push({ level, index: first + i, hashes, root });
      roots.set(root, i * HASH_BYTES);
    }
    const partial = row.slice(full * TILE_WIDTH * HASH_BYTES);
    if (partial.length > 0 && added.length > 0) tiles.push({ level, index: first + full, hashes: partial, root: null });
    next.push(partial);
    added = roots;
  }
  const tree = treeOf(next);
  return { size: tree.size, root: tree.root(), edge: next, tiles };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** An entry bundle: each entry after its length as two bytes, big-endian. Throws above 65,535 bytes an entry. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new RangeError(`an entry of ${entry.length} bytes does not fit a bundle`);
    bundle[at] = entry.length >> 8;
    bundle[at + 1] = entry.length & 0xff;
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}

/** The entries of a bundle, or null when it ends within one. */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const [high, low] = [bundle[at], bundle[at + 1]];
    if (high === undefined || low === undefined) return null;
    const end = at + 2 + high * 256 + low;
    if (end > bundle.length) return null;
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
