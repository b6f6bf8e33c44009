import { Climb, emptyRoot, HASH_BYTES } from './hashing';

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
  readonly #climb = new Climb();

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
    this.#climb.begin(hashes, from);
    this.#carry(0, 1);
  }

  /** Adds a complete subtree of 2^height leaves by its root. Throws when the tree does not end where one may stand. */
  appendSubtree(height: number, root: Uint8Array): void {
    const width = 2 ** height;
    if (this.#size % width !== 0) throw new Error(`no subtree of ${width} leaves may begin at ${this.#size}`);
    this.#climb.begin(root, 0);
    this.#carry(height, width);
  }

  #carry(from: number, width: number): void {
    let height = from;
    for (let left = this.#size / width; left % 2 === 1; left = (left - 1) / 2) {
      this.#climb.join(this.#peaks, height * HASH_BYTES);
      height += 1;
    }
    this.#climb.put({ out: this.#peaks, at: height * HASH_BYTES });
    this.#size += width;
  }

  root(): Uint8Array {
    if (this.#size === 0) return emptyRoot();
    const climb = new Climb();
    let begun = false;
    let height = 0;
    for (let rest = this.#size; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) {
        if (begun) climb.join(this.#peaks, height * HASH_BYTES);
        else climb.begin(this.#peaks, height * HASH_BYTES);
        begun = true;
      }
      height += 1;
    }
    const out = new Uint8Array(HASH_BYTES);
    climb.put({ out, at: 0 });
    return out;
  }

  /** The same tree, going its own way from here. */
  copy(): Tree {
    const other = new Tree();
    other.#size = this.#size;
    other.#peaks.set(this.#peaks);
    return other;
  }
}
