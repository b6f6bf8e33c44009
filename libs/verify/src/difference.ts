import { toHex } from '@writ/kernel';
import { HASH_BYTES, type Hashes, sameBytes } from './hashing';

/** How lines and the leaf hashes the log holds for them differ. */
export type Difference =
  /** The line `line` is not the one of `leaf`. */
  | { readonly fault: 'altered'; readonly line: number; readonly leaf: number }
  /** No line is the one of `leaf`; `line` is what stands there. */
  | { readonly fault: 'missing'; readonly line: number; readonly leaf: number }
  /** The line is no leaf; it stands where `leaf` is due. */
  | { readonly fault: 'inserted'; readonly line: number; readonly leaf: number }
  /** The line is that of the leaf `home`, and stands where `leaf` is due. */
  | { readonly fault: 'reordered'; readonly line: number; readonly leaf: number; readonly home: number };

const at = ({ bytes }: Hashes, i: number): Uint8Array => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);

/** How many hashes both begin with. */
function alike(a: Hashes, b: Hashes): number {
  const most = Math.min(a.count, b.count) * HASH_BYTES;
  let i = 0;
  while (i < most && a.bytes[i] === b.bytes[i]) i += 1;
  return Math.floor(i / HASH_BYTES);
}

export interface Differences {
  readonly found: readonly Difference[];
  /** Lines before which a leaf is due that is not shown there, once for each such leaf. */
  readonly hidden: readonly number[];
}

const ALIKE: Differences = { found: [], hidden: [] };

/** What makes the leaves of the lines those of the log, by the fewest changes. */
export function differences(lines: Hashes, leaves: Hashes): Differences {
  const start = alike(lines, leaves);
  if (start === lines.count && start === leaves.count) return ALIKE;
  const { odd, due } = fewest(inPlace(lines, leaves, start), unmatched(lines, leaves, start));
  const homes = new Map(due.map(({ leaf }) => [toHex(at(leaves, leaf)), leaf]));
  const moved = new Set<number>();
  const found: Difference[] = [];
  const strange: Spot[] = [];
  for (const one of odd) {
    const home = homes.get(toHex(at(lines, one.line)));
    if (home === undefined || moved.has(home)) {
      strange.push(one);
    } else {
      moved.add(home);
      found.push({ fault: 'reordered', ...one, home });
    }
  }
  const absent = due.filter(({ leaf }) => !moved.has(leaf));
  // What is left at one place pairs up: a line that is not the leaf due there is that leaf, altered.
  for (const one of strange) {
    const pair = absent.findIndex(({ leaf, line }) => leaf === one.leaf || line === one.line);
    const leaf = pair < 0 ? undefined : absent.splice(pair, 1)[0]!.leaf;
    found.push(leaf === undefined ? { fault: 'inserted', ...one } : { fault: 'altered', line: one.line, leaf });
  }
  for (const one of absent) found.push({ fault: 'missing', ...one });
  found.sort((a, b) => a.leaf - b.leaf || a.line - b.line);
  return { found, hidden: due.map(({ line }) => line) };
}

/** A line and the leaf that is due where it stands, or a leaf and the line that stands where it is due. */
interface Spot {
  readonly line: number;
  readonly leaf: number;
}

interface Unmatched {
  readonly odd: readonly Spot[];
  readonly due: readonly Spot[];
}

const fewest = (a: Unmatched | null, b: Unmatched): Unmatched => (a && a.odd.length <= b.odd.length + 1 ? a : b);

/** Lines that are not the leaf at the very same place: two that changed places are two, however far apart. */
function inPlace(lines: Hashes, leaves: Hashes, start: number): Unmatched | null {
  if (lines.count !== leaves.count) return null;
  const spots: Spot[] = [];
  for (let i = start; i < lines.count; i++) {
    if (!sameBytes(at(lines, i), at(leaves, i))) spots.push({ line: i, leaf: i });
  }
  return { odd: spots, due: spots };
}

/** Lines and leaves outside a longest common subsequence, each with what stands beside it in the other list. */
function unmatched(lines: Hashes, leaves: Hashes, start: number): Unmatched {
  const [n, m] = [lines.count - start, leaves.count - start];
  const width = m + 1;
  const same = (i: number, j: number): boolean => sameBytes(at(lines, start + i), at(leaves, start + j));
  // Longest common subsequence of what follows (i, j); spans are of 512 lines at most.
  const longest = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      longest[i * width + j] = same(i, j)
        ? longest[(i + 1) * width + j + 1]! + 1
        : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const odd: Spot[] = [];
  const due: Spot[] = [];
  for (let i = 0, j = 0; i < n || j < m; i++, j++) {
    // A hole is lines [i, lineEnd) where leaves [j, leafEnd) are due; after it they agree again.
    let [lineEnd, leafEnd] = [i, j];
    while ((lineEnd < n || leafEnd < m) && !(lineEnd < n && leafEnd < m && same(lineEnd, leafEnd))) {
      const here = longest[lineEnd * width + leafEnd]!;
      if (leafEnd < m && (lineEnd === n || longest[lineEnd * width + leafEnd + 1]! === here)) leafEnd += 1;
      else lineEnd += 1;
    }
    for (let k = i; k < lineEnd; k++) odd.push({ line: start + k, leaf: start + Math.min(j + k - i, leafEnd) });
    for (let k = j; k < leafEnd; k++) due.push({ line: start + Math.min(i + k - j, lineEnd), leaf: start + k });
    [i, j] = [lineEnd, leafEnd];
  }
  return { odd, due };
}
