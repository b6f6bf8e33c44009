import { type Link, type Sliced, TENANT_COLUMN } from '@writ/rules';
import type { RuleText } from './rule-text';

const linkLine = (section: 'g' | 'g2', link: Link): string =>
  `${section}, ${link.member}, ${link.group}, ${TENANT_COLUMN}`;

/**
 * The rules as one text that depends on what they say only: no comments, no order of writing, every id written out. Its
 * digest is the policy's version, and anybody can parse it again.
 */
export function* canonicalRules(text: RuleText): Sliced<string> {
  const lines = text.rules.map(({ line }) => line);
  yield;
  for (const link of text.roles) lines.push(linkLine('g', link));
  for (const link of text.classes) lines.push(linkLine('g2', link));
  yield;
  const sorted = yield* sortInSlices(lines);
  return sorted.join('\n');
}

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
