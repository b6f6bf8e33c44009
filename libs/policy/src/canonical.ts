import type { Sliced } from '@writ/rules';
import type { RuleText } from './rule-text';

/**
 * The rules as one text that depends on what they say only: no comments, no order of writing, every id written out. Its
 * digest is the policy's version, and anybody can parse it again.
 */
export function* canonicalRules(text: RuleText): Sliced<string> {
  // Section by section, which is the order of whole lines too, with fewer of them to compare with one another.
  const sections = [text.links.g, text.links.g2, linesOf(text, 'p'), linesOf(text, 'p2')];
  yield;
  const sorted: string[] = [];
  for (const lines of sections) for (const line of yield* sortInSlices(lines)) sorted.push(line);
  return sorted.join('\n');
}

const linesOf = ({ rules }: RuleText, section: 'p' | 'p2'): readonly string[] =>
  rules.flatMap(({ rule, line }) => (rule.section === section ? [line] : []));

const RUN = 512;

/** Merge sort that can pause: one `Array.sort` over the 12,000 lines of a full bundle would stall for 10 ms. */
function* sortInSlices(lines: readonly string[]): Sliced<readonly string[]> {
  let runs: string[][] = [];
  for (let i = 0; i < lines.length; i += RUN) {
    runs.push(lines.slice(i, i + RUN).sort());
    yield;
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* merge(runs[i]!, runs[i + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge(a: readonly string[], b: readonly string[]): Sliced<string[]> {
  const out: string[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left <= right)) {
      out.push(left!);
      i += 1;
    } else {
      out.push(right);
      j += 1;
    }
    if (out.length % RUN === 0) yield;
  }
  return out;
}
