import { canonicalJson } from '@writ/kernel';
import type { Sliced } from '@writ/rules';
import type { PolicyBundle } from './bundle';
import { idPlace } from './id-place';
import type { LocatedRule, RuleText } from './rule-text';

/** Canonical JSON of a bundle before and behind the text of its rules, which is far larger than the rest and comes last. */
export function aroundRules(bundle: PolicyBundle): readonly [string, string] {
  const members = Object.entries(bundle);
  const before = canonicalJson(Object.fromEntries(members.filter(([key]) => key < 'rules')));
  const behind = canonicalJson(Object.fromEntries(members.filter(([key]) => key > 'rules')));
  const comma = (inner: string): string => (inner === '{}' ? '' : ',');
  return [`${before.slice(0, -1)}${comma(before)}"rules":`, `${comma(behind)}${behind.slice(1)}`];
}

/** Between lines inside of a JSON string. INVARIANT: nothing in a line needs another escape, since no name holds it. */
const NEWLINE = '\\n';

/**
 * The bundle as canonical JSON, its rules as one text that depends on what they say only: no comments, no order of
 * writing, every id written out. Its digest is the policy's version, and anybody can parse it again. Each rule then
 * knows where its id stands. `around`: what `aroundRules` gives. Written in one go: a text for the rules, then one for
 * the JSON of it, then one with the rest would each be copied whole.
 */
export function* canonicalBody({ links, rules }: RuleText, around: readonly [string, string]): Sliced<string> {
  // Section by section, which is the order of whole lines too, with fewer of them to compare with one another.
  const [actions, handoffs]: [LocatedRule[], LocatedRule[]] = [[], []];
  for (let i = 0; i < rules.length; i++) (rules[i]!.rule.section === 'p' ? actions : handoffs).push(rules[i]!);
  yield;
  const [before, behind] = [`${around[0]}"`, `"${around[1]}`];
  const sorted: string[] = [];
  let [at, last] = [before.length, ''];
  for (const lines of [links.g, links.g2]) {
    const inOrder = yield* sortInSlices(lines, byText);
    for (let i = 0; i < inOrder.length; i++) {
      const line = inOrder[i]!;
      if (line === last) continue;
      sorted.push(line);
      at += line.length + NEWLINE.length;
      last = line;
    }
  }
  const order = rules.some(isUnlike) ? byLine : byWords;
  for (const section of [actions, handoffs]) {
    const inOrder = yield* sortInSlices(section, order);
    for (let i = 0; i < inOrder.length; i++) {
      const rule = inOrder[i]!;
      const line = lineOf(rule);
      rule.idAt = idPlace(at + rule.text.length + COMMA.length, rule.rule.rid);
      sorted.push(line);
      at += line.length + NEWLINE.length;
    }
    yield;
  }
  sorted[0] = before + sorted[0]!;
  sorted[sorted.length - 1] += behind;
  return sorted.join(NEWLINE);
}

/** Between a rule's text and its id. */
const COMMA = ', ';
const lineOf = ({ rule, text }: LocatedRule): string => text + COMMA + rule.rid;

type Order<T> = (one: T, other: T) => number;
const byText: Order<string> = (one, other) => (one < other ? -1 : one === other ? 0 : 1);
const byLine: Order<LocatedRule> = (one, other) => byText(lineOf(one), lineOf(other));
/** The order of whole lines without making them: two texts differ before their ids begin, or one goes on where the other's comma is. */
const byWords: Order<LocatedRule> = (one, other) =>
  one.text < other.text ? -1 : one.text === other.text ? byText(one.rule.rid, other.rule.rid) : 1;

/** Whether one of its obligations holds what sorts before a comma: an id that goes on so comes before its own beginning. */
const isUnlike = ({ rule: { obligations } }: LocatedRule): boolean =>
  obligations.length > 0 && obligations.some((id) => /[!-+]/.test(id));

const RUN = 512;

/** Merge sort that can pause: one `Array.sort` over the 12,000 lines of a full bundle would stall for 10 ms. */
function* sortInSlices<T>(items: readonly T[], order: Order<T>): Sliced<readonly T[]> {
  let runs: T[][] = [];
  for (let i = 0; i < items.length; i += RUN) {
    runs.push(items.slice(i, i + RUN).sort(order));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* merge([runs[i]!, runs[i + 1] ?? []], order));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>([a, b]: readonly [readonly T[], readonly T[]], order: Order<T>): Sliced<T[]> {
  const out: T[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && order(left, right) <= 0)) {
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
