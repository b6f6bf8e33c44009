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

/** What makes the leaves of the lines those of the log, by the fewest changes; empty when they are the same. */
export function differences(lines: Hashes, leaves: Hashes): Difference[] {
  const start = alike(lines, leaves);
  if (start === lines.count && start === leaves.count) return [];
  const { odd, due } = unmatched(lines, leaves, start);
  const homes = new Map(due.map(({ leaf }) => [toHex(at(leaves, leaf)), leaf]));
  const moved = new Set<number>();
  const found: Difference[] = [];
  for (const one of odd) {
    const home = homes.get(toHex(at(lines, one.line)));
    if (home === undefined) continue;
    moved.add(home);
    found.push({ fault: 'reordered', ...one, home });
  }
  const strange = odd.filter(({ line }) => !found.some((one) => one.line === line));
  const absent = due.filter(({ leaf }) => !moved.has(leaf));
  // What is left at one place pairs up: a line that is not the leaf due there is that leaf, altered.
  for (const one of strange) {
    const pair = absent.findIndex(({ leaf, line }) => leaf === one.leaf || line === one.line);
    const due = pair < 0 ? undefined : absent.splice(pair, 1)[0];
    found.push(due ? { fault: 'altered', line: one.line, leaf: due.leaf } : { fault: 'inserted', ...one });
  }
  for (const one of absent) found.push({ fault: 'missing', ...one });
  return found.sort((a, b) => a.leaf - b.leaf || a.line - b.line);
}

/** A line and the leaf that is due where it stands, or a leaf and the line that stands where it is due. */
interface Spot {
  readonly line: number;
  readonly leaf: number;
}

/** Lines and leaves outside a longest common subsequence, each with where the other list then is. */
function unmatched(lines: Hashes, leaves: Hashes, start: number): { readonly odd: Spot[]; readonly due: Spot[] } {
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
  for (let i = 0, j = 0; i < n || j < m;) {
    if (i < n && j < m && same(i, j)) {
      i += 1;
      j += 1;
    } else if (j < m && (i === n || longest[i * width + j + 1]! >= longest[(i + 1) * width + j]!)) {
      due.push({ line: start + i, leaf: start + j });
      j += 1;
    } else {
      odd.push({ line: start + i, leaf: start + j });
      i += 1;
    }
  }
  return { odd, due };
}
