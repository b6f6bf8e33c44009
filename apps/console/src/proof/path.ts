import { nodeHash } from '@writ/verify';

/** One step up the tree: two hashes become the one above them. */
export interface PathStep {
  /** How high above the leaves the result stands. */
  readonly height: number;
  /** Which of the two is ours; the other came with the proof. */
  readonly ours: 'left' | 'right';
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  readonly result: Uint8Array;
}

const halved = (n: number): number => Math.floor(n / 2);

/**
 * The way from a leaf to the root as `verifyInclusion` goes it (RFC 9162 §2.1.3.2), step by step, so that a person can
 * follow it. Null when the proof has more or fewer hashes than the way has steps.
 */
export function pathOf(input: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): readonly PathStep[] | null {
  const { index, size, leaf, proof } = input;
  if (index >= size) return null;
  const steps: PathStep[] = [];
  let at = index;
  let last = size - 1;
  let hash = leaf;
  let height = 0;
  for (const sibling of proof) {
    if (last === 0) return null;
    const ours = at % 2 === 1 || at === last ? 'right' : 'left';
    const [left, right] = ours === 'right' ? [sibling, hash] : [hash, sibling];
    hash = nodeHash(left, right);
    while (ours === 'right' && at % 2 === 0 && at !== 0) {
      at = halved(at);
      last = halved(last);
      height += 1;
    }
    at = halved(at);
    last = halved(last);
    height += 1;
    steps.push({ height, ours, left, right, result: hash });
  }
  return last === 0 ? steps : null;
}
