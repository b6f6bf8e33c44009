import { sha256Into } from '@writ/kernel';

/** Bytes of every hash here (SHA-256). */
export const HASH_BYTES = 32;

const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = 0x01;
const leaf = new Uint8Array(1 + HASH_BYTES);

/** Leaf hash of an entry: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const out = new Uint8Array(HASH_BYTES);
  if (entry.length === HASH_BYTES) {
    leafHashInto(entry, 0, { out, at: 0 });
    return out;
  }
  const prefixed = new Uint8Array(1 + entry.length);
  prefixed.set(entry, 1);
  sha256Into(prefixed, out, 0);
  return out;
}

/** Hashes in a row, 32 bytes each; there may be more bytes than are counted. */
export interface Hashes {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Where a hash goes. */
export interface Place {
  readonly out: Uint8Array;
  readonly at: number;
}

/** Leaf hash of the 32-byte entry that stands in `entries` at `from`. */
function leafHashInto(entries: Uint8Array, from: number, { out, at }: Place): void {
  for (let i = 0; i < HASH_BYTES; i++) leaf[1 + i] = entries[from + i]!;
  sha256Into(leaf, out, at);
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const out = new Uint8Array(HASH_BYTES);
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  sha256Into(node, out, 0);
  return out;
}

/**
 * A hash on its way up a tree: it stands where the right child of the next node goes, so that climbing one level is one
 * copy and one hash.
 */
export class Climb {
  readonly #node = new Uint8Array(1 + 2 * HASH_BYTES).fill(0x01, 0, 1);

  /** Begins with the hash in `hashes` at `from`. */
  begin(hashes: Uint8Array, from: number): void {
    for (let i = 0; i < HASH_BYTES; i++) this.#node[1 + HASH_BYTES + i] = hashes[from + i]!;
  }

  /** Becomes the parent of the hash in `lefts` at `from`, and itself. */
  join(lefts: Uint8Array, from: number): void {
    for (let i = 0; i < HASH_BYTES; i++) this.#node[1 + i] = lefts[from + i]!;
    sha256Into(this.#node, this.#node, 1 + HASH_BYTES);
  }

  put({ out, at }: Place): void {
    for (let i = 0; i < HASH_BYTES; i++) out[at + i] = this.#node[1 + HASH_BYTES + i]!;
  }
}

/** Root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1). */
export function emptyRoot(): Uint8Array {
  const out = new Uint8Array(HASH_BYTES);
  sha256Into(new Uint8Array(0), out, 0);
  return out;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
