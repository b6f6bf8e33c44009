/**
 * A run of leaves [start, end) that is a subtree of some RFC 6962 tree: `start` is a multiple of the smallest power of
 * two that is not below its length.
 */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A complete subtree: leaves [index · 2^height, (index + 1) · 2^height). */
export interface Node {
  readonly height: number;
  readonly index: number;
}

/** Largest power of two below `n`; for n ≥ 2 (RFC 9162 §2.1.1). */
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Complete subtrees that make up [start, end), left to right; any two bounds. */
export function cover({ start, end }: Range): Node[] {
  const nodes: Node[] = [];
  for (let at = start; at < end;) {
    let height = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      width *= 2;
      height += 1;
    }
    nodes.push({ height, index: at / width });
    at += width;
  }
  return nodes;
}

/** Siblings on the way from leaf `index` to the root of a tree of `size`, leaf's sibling first (RFC 9162 §2.1.3.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  const found: Range[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      found.push({ start: middle, end });
      end = middle;
    } else {
      found.push({ start, end: middle });
      start = middle;
    }
  }
  return found.reverse();
}

/** Subtrees whose roots prove that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 §2.1.4.1). */
export function consistencyRanges(first: number, second: number): Range[] {
  const found: Range[] = [];
  let start = 0;
  let end = second;
  while (end !== first) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      found.push({ start: middle, end });
      end = middle;
    } else {
      found.push({ start, end: middle });
      start = middle;
    }
  }
  // The old root itself is known to whoever checks, unless the old tree is only a part of its subtree.
  if (start > 0) found.push({ start, end });
  return found.reverse();
}
