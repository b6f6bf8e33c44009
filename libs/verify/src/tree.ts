import { emptyRoot, HASH_BYTES, joinInto } from './hashing';

/** Heights a tree of at most 2^53 − 1 leaves can have. */
const HEIGHTS = 54;

/**
 * A Merkle tree that only grows (RFC 6962 §2.1), kept as its right edge: one hash for each complete subtree that no
 * larger one covers. 1,728 bytes whatever its size, about one hash per leaf; it cannot answer for earlier sizes, which
 * is what tiles are for.
 */
export class Tree {
  #size = 0;
  /** The peak of height h stands at 32·h; it counts while bit h of the size is set. */
  readonly #peaks = new Uint8Array(HEIGHTS * HASH_BYTES);
  readonly #carried = new Uint8Array(HASH_BYTES);

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its leaf hash. */
  append(leafHash: Uint8Array): void {
    this.appendAt(leafHash, 0);
  }

  /** Adds the leaf whose hash stands in `hashes` at `from`. */
  appendAt(hashes: Uint8Array, from: number): void {
    for (let i = 0; i < HASH_BYTES; i++) this.#carried[i] = hashes[from + i]!;
    this.#carry(0, 1);
  }

  /** Adds a complete subtree of 2^height leaves by its root. Throws when the tree does not end where one may stand. */
  appendSubtree(height: number, root: Uint8Array): void {
    const width = 2 ** height;
    if (this.#size % width !== 0) throw new Error(`no subtree of ${width} leaves may begin at ${this.#size}`);
    this.#carried.set(root.subarray(0, HASH_BYTES));
    this.#carry(height, width);
  }

  #carry(from: number, width: number): void {
    const place = { out: this.#carried, at: 0 };
    let height = from;
    for (let left = this.#size / width; left % 2 === 1; left = (left - 1) / 2) {
      joinInto(this.#peaks, height * HASH_BYTES, place);
      height += 1;
    }
    this.#peaks.set(this.#carried, height * HASH_BYTES);
    this.#size += width;
  }

  root(): Uint8Array {
    if (this.#size === 0) return emptyRoot();
    let out: Uint8Array | null = null;
    let height = 0;
    for (let rest = this.#size; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) {
        if (out === null) out = this.#peaks.slice(height * HASH_BYTES, (height + 1) * HASH_BYTES);
        else joinInto(this.#peaks, height * HASH_BYTES, { out, at: 0 });
      }
      height += 1;
    }
    return out!;
  }

  /** The same tree, going its own way from here. */
  copy(): Tree {
    const other = new Tree();
    other.#size = this.#size;
    other.#peaks.set(this.#peaks);
    return other;
  }
}
