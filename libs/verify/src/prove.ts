import { emptyRoot, HASH_BYTES, nodeHash, sameBytes } from './hashing';
import { consistencyRanges, cover, inclusionRanges, type Node, type Range } from './ranges';
import { placeOf, type Tile, TILE_WIDTH, type TileReader, tilePath, tileWidth, treeOf } from './tiles';

/** A tile that is missing, short, or not what the hashes above it say. */
export class TileError extends Error {
  constructor(
    readonly tile: Tile,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${tilePath(tile)}: ${reason}`, options);
    this.name = 'TileError';
  }
}

type HashTile = Tile & { readonly level: number };

/** Reads each tile once; what is under way is shared. */
class Tiles {
  readonly #held = new Map<string, Promise<Uint8Array>>();

  constructor(
    private readonly reader: TileReader,
    private readonly size: number,
  ) {}

  async node(node: Node): Promise<Uint8Array> {
    const { tile, from, count } = placeOf(node, this.size);
    if (from + count > tile.width) throw new RangeError(`node ${node.height}/${node.index} is beyond ${this.size}`);
    const hashes = await this.tile(tile);
    return treeOf([hashes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES)]).root();
  }

  /** Root of any range of leaves that is a subtree of an RFC 6962 tree. */
  async range(range: Range): Promise<Uint8Array> {
    const parts = await Promise.all(cover(range).map((node) => this.node(node)));
    return parts.reduceRight((right, left) => nodeHash(left, right));
  }

  /** A tile of leaves is large, and needed once. */
  forget({ level, index }: HashTile): void {
    this.#held.delete(`${level}/${index}`);
  }

  tile(tile: HashTile): Promise<Uint8Array> {
    const key = `${tile.level}/${tile.index}`;
    const held = this.#held.get(key) ?? this.#read(tile);
    this.#held.set(key, held);
    return held;
  }

  async #read(tile: HashTile): Promise<Uint8Array> {
    const bytes = await this.reader.read(tile);
    const wanted = tile.width * HASH_BYTES;
    if (bytes.length < wanted) throw new TileError(tile, `${bytes.length} bytes where ${wanted} are due`);
    return bytes.subarray(0, wanted);
  }
}

/**
 * The siblings that prove leaf `index` in the tree of `size` leaves, leaf's sibling first (RFC 9162 §2.1.3.1).
 * Throws `RangeError` for a leaf beyond the tree, `TileError` for a tile that is too short, and what the reader throws.
 */
export async function inclusionProof(index: number, size: number, reader: TileReader): Promise<Uint8Array[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`);
  const tiles = new Tiles(reader, size);
  return Promise.all(inclusionRanges(index, size).map((range) => tiles.range(range)));
}

/** What proves that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 §2.1.4.1). Throws as above. */
export async function consistencyProof(first: number, second: number, reader: TileReader): Promise<Uint8Array[]> {
  if (!(first >= 0 && first <= second)) throw new RangeError(`a tree of ${first} is no beginning of one of ${second}`);
  if (first === 0 || first === second) return [];
  const tiles = new Tiles(reader, second);
  return Promise.all(consistencyRanges(first, second).map((range) => tiles.range(range)));
}

/** Root of the tree of `size` leaves, from its tiles. Throws as above. */
export async function rootAt(size: number, reader: TileReader): Promise<Uint8Array> {
  return size === 0 ? emptyRoot() : new Tiles(reader, size).range({ start: 0, end: size });
}

/**
 * Level-0 tiles as leaf hashes that are known to be those of the tree with that root: each tile is held against the
 * hash above it, up to the right edge, and that against the root. Throws `TileError` naming the tile that does not fit.
 */
async function* provenLeaves(
  tree: { readonly size: number; readonly root: Uint8Array; readonly from: number; readonly to: number },
  reader: TileReader,
): AsyncGenerator<{ readonly first: number; readonly leaves: Uint8Array }> {
  const { size, root, from, to } = tree;
  const tiles = new Tiles(reader, size);
  const edge = await Promise.all(
    edgeTiles(size).map(async (tile) => (tile ? await tiles.tile(tile) : new Uint8Array(0))),
  );
  if (!sameBytes(treeOf(edge).root(), root)) {
    const last = edgeTiles(size).find((tile) => tile !== null) ?? { level: 0, index: 0, width: 0 };
    throw new TileError(last, 'the tiles of the right edge do not make the root of the checkpoint');
  }
  const proven = new Set<string>();
  const prove = async (tile: HashTile): Promise<Uint8Array> => {
    const hashes = await tiles.tile(tile);
    const key = `${tile.level}/${tile.index}`;
    if (tile.width < TILE_WIDTH || proven.has(key)) return hashes;
    const index = Math.floor(tile.index / TILE_WIDTH);
    const level = tile.level + 1;
    const above = await prove({ level, index, width: tileWidth(size, level, index) });
    const at = (tile.index % TILE_WIDTH) * HASH_BYTES;
    if (!sameBytes(treeOf([hashes]).root(), above.subarray(at, at + HASH_BYTES))) {
      throw new TileError(tile, 'its hashes do not make the hash above them');
    }
    proven.add(key);
    return hashes;
  };
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
    const tile = { level: 0, index, width: tileWidth(size, 0, index) };
    yield { first: index * TILE_WIDTH, leaves: await prove(tile) };
    tiles.forget(tile);
  }
}

/** The partial tiles of a tree, level 0 first; null where a level has none. Together they make the root. */
function edgeTiles(size: number): (HashTile | null)[] {
  const found: (HashTile | null)[] = [];
  for (let level = 0, row = size; row > 0; level++, row = Math.floor(row / TILE_WIDTH)) {
    const width = row % TILE_WIDTH;
    found.push(width === 0 ? null : { level, index: Math.floor(row / TILE_WIDTH), width });
  }
  return found;
}

/**
 * Reads every tile of a log and holds it against the tree of that root. Throws `TileError` for the
 * first that cannot be read, is short or does not fit.
 */
export async function verifyTiles(
  tree: { readonly size: number; readonly root: Uint8Array },
  reader: TileReader,
  onProgress?: (index: number) => void,
): Promise<void> {
  const named: TileReader = {
    read: (tile) =>
      reader.read(tile).catch((cause: unknown) => {
        throw new TileError(tile, `it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      }),
  };
  for await (const { first, leaves } of provenLeaves({ ...tree, from: 0, to: tree.size }, named)) {
    onProgress?.(first + leaves.length / HASH_BYTES);
  }
}
