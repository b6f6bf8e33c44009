import { emptyRoot, HASH_BYTES, nodeHash, sameBytes } from './hashing';

export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (hash: Uint8Array): boolean => hash.length === HASH_BYTES;
const halved = (n: number): number => Math.floor(n / 2);

/** Whether the leaf stands at `index` of the tree with that root (RFC 9162 §2.1.3.2). Never throws. */
export function verifyInclusion({ index, size, leafHash, proof, root }: InclusionProof): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (!isHash(leafHash) || !isHash(root) || !proof.every(isHash)) return false;
  let at = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = halved(at);
        last = halved(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = halved(at);
    last = halved(last);
  }
  return last === 0 && sameBytes(hash, root);
}

export interface ConsistencyProof {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the first tree is the beginning of the second (RFC 9162 §2.1.4.2). Never throws. The empty tree is the
 * beginning of every tree: it takes an empty proof, and the root of nothing as its root, as C2SP tlog-witness has it.
 */
export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }: ConsistencyProof): boolean {
  if (!isCount(first) || !isCount(second) || first > second) return false;
  if (first === 0 && !sameBytes(firstRoot, emptyRoot())) return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot);
  if (!isHash(firstRoot) || !isHash(secondRoot) || !proof.every(isHash)) return false;
  if (first === 0) return proof.length === 0;
  return foldConsistency({ first, second, firstRoot, secondRoot, proof });
}

function foldConsistency({ first, second, firstRoot, secondRoot, proof }: ConsistencyProof): boolean {
  let at = first - 1;
  let last = second - 1;
  while (at % 2 === 1) {
    at = halved(at);
    last = halved(last);
  }
  // A first tree that is a complete subtree of the second is where the path begins; otherwise the proof says where.
  const path = at === 0 ? [firstRoot, ...proof] : proof;
  if (path[0] === undefined) return false;
  let older = path[0];
  let newer = path[0];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (at % 2 === 0 && at !== 0) {
        at = halved(at);
        last = halved(last);
      }
    } else {
      newer = nodeHash(newer, sibling);
    }
    at = halved(at);
    last = halved(last);
  }
  return last === 0 && sameBytes(older, firstRoot) && sameBytes(newer, secondRoot);
}
