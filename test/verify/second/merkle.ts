import { createHash } from 'node:crypto';

// A second implementation of the Merkle tree, straight from the definitions of RFC 6962 and RFC 9162 §2.1: recursive,
// over whole lists, without a shared line with libs/verify. Slow and plain on purpose.

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const largestPowerBelow = (n: number): number => {
  let k = 1;
  while (k < n - k || 2 * k < n) k *= 2;
  return k;
};

export const leaf = (entry: Uint8Array): Buffer => sha256(Buffer.of(0), entry);
const inner = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right);

/** MTH over leaf hashes (RFC 6962 §2.1). */
export function mth(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return Buffer.from(leaves[0]!);
  const k = largestPowerBelow(leaves.length);
  return inner(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** PATH(m, D_n) (RFC 6962 §2.1.1). */
export function path(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = largestPowerBelow(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** PROOF(m, D_n) (RFC 6962 §2.1.2). */
export function proof(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  const subproof = (size: number, rest: readonly Uint8Array[], whole: boolean): Buffer[] => {
    if (size === rest.length) return whole ? [] : [mth(rest)];
    const k = largestPowerBelow(rest.length);
    return size <= k
      ? [...subproof(size, rest.slice(0, k), whole), mth(rest.slice(k))]
      : [...subproof(size - k, rest.slice(k), false), mth(rest.slice(0, k))];
  };
  return subproof(m, leaves, true);
}

/**
 * The root that a leaf and its path make, by walking the definition of PATH down and back up; undefined when the path
 * has not the length that index and size demand.
 */
export function rootFromPath(
  at: { readonly index: number; readonly size: number },
  leafHash: Uint8Array,
  siblings: readonly Uint8Array[],
): Uint8Array | undefined {
  if (at.size === 1) return siblings.length === 0 ? leafHash : undefined;
  const top = siblings.at(-1);
  if (top === undefined) return undefined;
  const k = largestPowerBelow(at.size);
  const rest = siblings.slice(0, -1);
  if (at.index < k) {
    const left = rootFromPath({ index: at.index, size: k }, leafHash, rest);
    return left && inner(left, top);
  }
  const right = rootFromPath({ index: at.index - k, size: at.size - k }, leafHash, rest);
  return right && inner(top, right);
}

export function included(claim: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  if (!(claim.index >= 0) || claim.index >= claim.size || claim.leafHash.length !== 32) return false;
  const root = rootFromPath(claim, claim.leafHash, claim.proof);
  return root !== undefined && Buffer.from(root).equals(claim.root);
}

/** Both roots that a consistency proof makes, by walking SUBPROOF; undefined when it has not the due length. */
function rootsFromProof(
  at: { readonly first: number; readonly second: number; readonly whole: boolean },
  known: Uint8Array,
  hashes: readonly Uint8Array[],
): readonly [Uint8Array, Uint8Array] | undefined {
  const { first, second, whole } = at;
  if (first === second) {
    if (whole) return hashes.length === 0 ? [known, known] : undefined;
    const [only] = hashes;
    return only !== undefined && hashes.length === 1 ? [only, only] : undefined;
  }
  const top = hashes.at(-1);
  if (top === undefined) return undefined;
  const k = largestPowerBelow(second);
  const rest = hashes.slice(0, -1);
  if (first <= k) {
    const left = rootsFromProof({ first, second: k, whole }, known, rest);
    return left && [left[0], inner(left[1], top)];
  }
  const right = rootsFromProof({ first: first - k, second: second - k, whole: false }, known, rest);
  return right && [inner(top, right[0]), inner(top, right[1])];
}

export function consistent(claim: {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { first, second } = claim;
  if (!(first >= 0) || first > second) return false;
  // RFC 6962 defines proofs for 0 < m ≤ n only; from nothing, nothing needs to be shown.
  if (first === 0) {
    const fromNothing = claim.proof.length === 0 && Buffer.from(claim.firstRoot).equals(sha256());
    const toWhat = Buffer.from(claim.secondRoot);
    return fromNothing && (second === 0 ? toWhat.equals(sha256()) : toWhat.length === 32);
  }
  const roots = rootsFromProof({ first, second, whole: true }, claim.firstRoot, claim.proof);
  return (
    roots !== undefined &&
    Buffer.from(roots[0]).equals(claim.firstRoot) &&
    Buffer.from(roots[1]).equals(claim.secondRoot)
  );
}
