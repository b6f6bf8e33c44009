import type { Link, Rule, Sliced } from '@writ/rules';
import { type RuleText, TENANT_COLUMN } from './rule-text';

/** A rule's columns in the model's order, without the section. */
export function ruleColumns(rule: Rule): string[] {
  const tail = [rule.condition ?? '', rule.effect, rule.obligations.join('|'), rule.rid];
  return rule.section === 'p'
    ? [rule.subject, TENANT_COLUMN, rule.object, rule.action, ...tail]
    : [rule.source, rule.target, TENANT_COLUMN, rule.purpose, rule.mode, ...tail];
}

const linkLine = (section: 'g' | 'g2', link: Link): string =>
  [section, link.member, link.group, TENANT_COLUMN].join(', ');

/**
 * The rules as one text that depends on what they say only: no comments, no order of writing, every id written out. Its
 * digest is the policy's version, and anybody can parse it again.
 */
export function* canonicalRules(text: RuleText): Sliced<string> {
  const lines: string[] = [];
  for (const { rule } of text.rules) {
    lines.push([rule.section, ...ruleColumns(rule)].join(', '));
    yield;
  }
  for (const link of text.roles) lines.push(linkLine('g', link));
  for (const link of text.classes) lines.push(linkLine('g2', link));
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
