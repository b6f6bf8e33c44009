import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  consistencyProof,
  decodeBundle,
  encodeBundle,
  growTiles,
  inclusionProof,
  leafHash,
  nodeHash,
  parseTilePath,
  rootAt,
  type Tile,
  tilePath,
  type TileReader,
  tileWidth,
  Tree,
  verifyConsistency,
  verifyInclusion,
  verifyTiles,
} from '@writ/verify';
import { consistent, included, leaf, mth, path, proof } from './second/merkle';

const entryOf = (i: number): Buffer => createHash('sha256').update(`entry ${i}`).digest();
const MOST = 1_000;
const LEAVES = Array.from({ length: MOST }, (_, i) => leaf(entryOf(i)));
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

/** A log as a table would hold it: grown in steps, each tile under its path, partial ones replaced. */
class TileTable implements TileReader {
  readonly tiles = new Map<string, Uint8Array>();
  edge: readonly Uint8Array[] = [];
  size = 0;
  root = '';

  grow(to: number): this {
    const grown = growTiles(this.edge, Buffer.concat(LEAVES.slice(this.size, to)));
    for (const { level, index, hashes } of grown.tiles) this.tiles.set(`${level}/${index}`, hashes);
    this.edge = grown.edge;
    this.size = grown.size;
    this.root = hex(grown.root);
    return this;
  }

  read({ level, index }: Tile): Promise<Uint8Array> {
    const hashes = this.tiles.get(`${level}/${index}`);
    return hashes ? Promise.resolve(hashes) : Promise.reject(new Error(`no tile ${level}/${index}`));
  }
}

const size = fc.integer({ min: 1, max: MOST });

describe('the tree', () => {
  it('leaves and nodes hash as RFC 6962 §2.1 says', () => {
    expect(hex(leafHash(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(leafHash(entryOf(3)))).toBe(hex(LEAVES[3]!));
    expect(hex(leafHash(Buffer.from('an entry of some other length than a hash has')))).toBe(
      hex(leaf(Buffer.from('an entry of some other length than a hash has'))),
    );
    expect(hex(nodeHash(LEAVES[0]!, LEAVES[1]!))).toBe(hex(mth(LEAVES.slice(0, 2))));
  });

  it('grows leaf by leaf through the roots of the recursive definition', () => {
    const tree = new Tree();
    expect(hex(tree.root())).toBe(hex(mth([])));
    for (let n = 1; n <= 130; n++) {
      tree.append(LEAVES[n - 1]!);
      expect([tree.size, hex(tree.root())]).toEqual([n, hex(mth(LEAVES.slice(0, n)))]);
    }
  });

  it('takes complete subtrees where they may stand, and nowhere else', () => {
    const tree = new Tree();
    tree.appendSubtree(3, mth(LEAVES.slice(0, 8)));
    tree.appendSubtree(2, mth(LEAVES.slice(8, 12)));
    tree.append(LEAVES[12]!);
    expect(hex(tree.root())).toBe(hex(mth(LEAVES.slice(0, 13))));
    expect(() => tree.appendSubtree(1, LEAVES[0]!)).toThrow('no subtree of 2 leaves may begin at 13');
  });

  it('a copy goes its own way', () => {
    const tree = new Tree();
    tree.append(LEAVES[0]!);
    const other = tree.copy();
    other.append(LEAVES[1]!);
    expect([tree.size, hex(tree.root())]).toEqual([1, hex(LEAVES[0]!)]);
    expect(hex(other.root())).toBe(hex(mth(LEAVES.slice(0, 2))));
  });
});

describe('proofs from tiles', () => {
  it('whatever the steps it grew in, a log has the same tiles and the root of the definition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(size, { minLength: 1, maxLength: 6 }), async (sizes) => {
        const steps = [...sizes].sort((a, b) => a - b);
        const table = new TileTable();
        for (const step of steps) table.grow(step);
        const n = steps.at(-1)!;
        expect(table.root).toBe(hex(mth(LEAVES.slice(0, n))));
        expect(hex(await rootAt(n, table))).toBe(table.root);
        const once = new TileTable().grow(n);
        for (const [at, hashes] of once.tiles) expect(hex(table.tiles.get(at)!)).toBe(hex(hashes));
      }),
      { numRuns: 40 },
    );
  });

  it('inclusion and consistency proofs are those of the definition, and both implementations accept them', async () => {
    const table = new TileTable().grow(MOST);
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(), async (a, b, pick) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        const index = pick % second;
        const some = LEAVES.slice(0, second);
        const root = mth(some);
        const inclusion = await inclusionProof(index, second, table);
        expect(inclusion.map(hex)).toEqual(path(index, some).map(hex));
        const included1 = { index, size: second, leafHash: some[index]!, proof: inclusion, root };
        expect([verifyInclusion(included1), included(included1)]).toEqual([true, true]);
        const consistency = await consistencyProof(first, second, table);
        expect(consistency.map(hex)).toEqual(proof(first, some).map(hex));
        const firstRoot = mth(LEAVES.slice(0, first));
        const claim = { first, second, firstRoot, secondRoot: root, proof: consistency };
        expect([verifyConsistency(claim), consistent(claim)]).toEqual([true, true]);
      }),
      { numRuns: 60 },
    );
  });

  it('[I9] a proof with anything changed is refused, by both implementations alike', async () => {
    const table = new TileTable().grow(MOST);
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), fc.nat(), async (n, pick, what, bit) => {
        fc.pre(n > 1);
        const index = pick % n;
        const claim = {
          index,
          size: n,
          leafHash: LEAVES[index]!,
          proof: (await inclusionProof(index, n, table)).map((hash) => Buffer.from(hash)),
          root: mth(LEAVES.slice(0, n)),
        };
        const hashes = [claim.root, Buffer.from(claim.leafHash), ...claim.proof];
        const flipped = hashes.map((hash) => Buffer.from(hash));
        const at = flipped[what % flipped.length]!;
        at[bit % 32]! ^= 1 << (bit % 8);
        const [root, changed, ...siblings] = flipped as [Buffer, Buffer, ...Buffer[]];
        const wrong = [
          { ...claim, root, leafHash: changed, proof: siblings },
          { ...claim, index: (index + 1) % n },
          { ...claim, proof: claim.proof.slice(1) },
          { ...claim, proof: [...claim.proof, Buffer.alloc(32)] },
          { ...claim, index: -1 },
          { ...claim, index: n },
        ];
        for (const one of wrong) expect([verifyInclusion(one), included(one)]).toEqual([false, false]);
      }),
      { numRuns: 60 },
    );
  });

  it('a tile that is short is named, and a leaf beyond the tree is refused', async () => {
    const table = new TileTable().grow(300);
    const short: TileReader = {
      read: async (tile) => {
        const hashes = await table.read(tile);
        return tile.level === 0 && tile.index === 1 ? hashes.subarray(32) : hashes;
      },
    };
    await expect(inclusionProof(0, 300, short)).rejects.toThrow('tile/0/001.p/44: 1376 bytes where 1408 are due');
    await expect(inclusionProof(300, 300, table)).rejects.toThrow(RangeError);
    await expect(consistencyProof(301, 300, table)).rejects.toThrow(RangeError);
  });
});

describe('the tiles of a server', () => {
  const SIZE = 256 * 3 + 17;
  const many = Array.from({ length: SIZE }, (_, i) => leaf(entryOf(i)));
  const grown = growTiles([], Buffer.concat(many));
  const tiles = new Map(grown.tiles.map(({ level, index, hashes }) => [`${level}/${index}`, hashes]));
  const tree = { size: SIZE, root: grown.root };
  const served = (change: (hashes: Buffer, tile: Tile) => Uint8Array | null): TileReader => ({
    read(tile) {
      const hashes = change(Buffer.from(tiles.get(`${tile.level}/${tile.index}`)!), tile);
      return hashes ? Promise.resolve(hashes) : Promise.reject(new Error('404 not found'));
    },
  });

  it('are one tree: every leaf is reached', async () => {
    let reached = 0;
    await verifyTiles(
      tree,
      served((hashes) => hashes),
      (index) => (reached = index),
    );
    expect(reached).toBe(SIZE);
    await verifyTiles(
      { size: 0, root: mth([]) },
      served((hashes) => hashes),
    );
  });

  it.each([
    [0, 1, 'tile/0/001: it cannot be read: 404 not found'],
    [0, 3, 'tile/0/003.p/17: it cannot be read: 404 not found'],
    [1, 0, 'tile/1/000.p/3: it cannot be read: 404 not found'],
  ])('one that is missing is named: level %i, number %i', async (level, index, message) => {
    const holed = served((hashes, tile) => (tile.level === level && tile.index === index ? null : hashes));
    await expect(verifyTiles(tree, holed)).rejects.toThrow(message);
  });

  it('[I9] a changed bit anywhere in them is named, by its tile or by the edge it stands at', async () => {
    const places = [...tiles.keys()];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.nat(), fc.nat(7), async (place, at, bit) => {
        const changed = served((hashes, tile) => {
          if (`${tile.level}/${tile.index}` === place) hashes[at % hashes.length]! ^= 1 << bit;
          return hashes;
        });
        const named = place.startsWith('0/') && place !== '0/3' ? `tile/0/00${place.slice(2)}` : 'right edge';
        await expect(verifyTiles(tree, changed)).rejects.toThrow(named);
      }),
      { numRuns: 100 },
    );
  });

  it('one that is short, or of another log, is named', async () => {
    const short = served((hashes, tile) => (tile.level === 0 && tile.index === 2 ? hashes.subarray(32) : hashes));
    await expect(verifyTiles(tree, short)).rejects.toThrow('tile/0/002: 8160 bytes where 8192 are due');
    await expect(
      verifyTiles(
        { size: SIZE, root: Buffer.alloc(32) },
        served((hashes) => hashes),
      ),
    ).rejects.toThrow('do not make the root of the checkpoint');
  });
});

describe('tile paths (C2SP tlog-tiles)', () => {
  it('are those of the text', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 1, index: 0, width: 17 })).toBe('tile/1/000.p/17');
    expect(tilePath({ level: 'entries', index: 273, width: 112 })).toBe('tile/entries/273.p/112');
  });

  it('the tree of 70,000 has the tiles of the text', () => {
    const widths = (level: number, index: number): number => tileWidth(70_000, level, index);
    expect([widths(0, 0), widths(0, 272), widths(0, 273), widths(0, 274)]).toEqual([256, 256, 112, 0]);
    expect([widths(1, 0), widths(1, 1), widths(2, 0), widths(2, 1), widths(3, 0)]).toEqual([256, 17, 1, 0, 0]);
  });

  it('are read back as they were written', () => {
    const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 }));
    const index = fc.integer({ min: 0, max: 2 ** 44 });
    fc.assert(
      fc.property(fc.record({ level, index, width: fc.integer({ min: 1, max: 256 }) }), (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }),
    );
  });

  it.each([
    'tile/0/0',
    'tile/0/x000/001',
    'tile/64/000',
    'tile/00/000',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000/',
    'tile/x/000',
    '',
  ])('"%s" names no tile', (text) => expect(parseTilePath(text)).toBeNull());
});

describe('entry bundles', () => {
  it('give back what went in, and a bundle cut short is no bundle', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(entries, (some) => {
        const bundle = encodeBundle(some);
        expect(decodeBundle(bundle)?.map(hex)).toEqual(some.map(hex));
        if (bundle.length > 0) expect(decodeBundle(bundle.subarray(0, -1))).toBeNull();
      }),
    );
  });

  it('an entry of 32 bytes takes 34', () => expect(encodeBundle([entryOf(1)])).toHaveLength(34));
  it('an entry too long for its length is refused', () => {
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
