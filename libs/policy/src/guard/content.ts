import type { Json } from '@writ/kernel';
import { apart, type Span } from './detect';

/** One piece of content: a text, or a document with texts in it. The key names it where what was said of it is kept. */
export interface Content {
  readonly key: string;
  readonly value: Json;
}

/**
 * A stretch that is taken out of content, and what was there. `leaf` counts the texts and numbers of a document, names of
 * members among them, members in the order of their names; `WHOLE` stands for all that are no names.
 */
export type Cut = readonly [leaf: number, from: number, to: number, kind: string];
export const WHOLE = -1;

/** Beyond so many, nothing of the content is left: an account must not grow with what it is about. */
const MOST_CUTS = 2_000;

type Change = (text: string, leaf: number, isName: boolean) => string;

/** A document with each of its texts and numbers as `change` has it; a number that is changed becomes a text. */
function mapped(value: Json, change: Change): Json {
  let leaf = 0;
  const walk = (one: Json): Json => {
    if (typeof one === 'string') return change(one, leaf++, false);
    if (typeof one === 'number') {
      const text = String(one);
      const now = change(text, leaf++, false);
      return now === text ? one : now;
    }
    if (Array.isArray(one)) return one.map((item: Json) => walk(item));
    if (typeof one !== 'object' || one === null) return one;
    const members = one as { readonly [name: string]: Json };
    const names = Object.keys(members).sort();
    return Object.fromEntries(names.map((name) => [change(name, leaf++, true), walk(members[name]!)])) as Json;
  };
  return walk(value);
}

/** Every text and number of a document in the order that cuts count them. */
export function leavesIn(value: Json): readonly string[] {
  const leaves: string[] = [];
  mapped(value, (text) => {
    leaves.push(text);
    return text;
  });
  return leaves;
}

const REDACTED = (kind: string): string => `[redacted: ${kind}]`;

/** Content without what was cut out of it. */
export function cutOut(value: Json, cuts: readonly Cut[]): Json {
  const whole = cuts.find(([leaf]) => leaf === WHOLE);
  if (whole) return mapped(value, (text, _leaf, isName) => (isName ? text : REDACTED(whole[3])));
  const byLeaf = new Map<number, Span[]>();
  for (const [leaf, from, to, kind] of cuts) {
    const held = byLeaf.get(leaf);
    if (held) held.push([from, to, kind]);
    else byLeaf.set(leaf, [[from, to, kind]]);
  }
  return mapped(value, (text, leaf) => without(text, byLeaf.get(leaf)));
}

function without(text: string, spans: readonly Span[] | undefined): string {
  if (!spans) return text;
  let kept = '';
  let at = 0;
  for (const [from, to, kind] of apart(spans)) {
    kept += text.slice(at, from) + REDACTED(kind);
    at = to;
  }
  return kept + text.slice(at);
}

/** The cuts of several guardrails in one piece of content. */
export function joinedCuts(cuts: readonly Cut[]): readonly Cut[] {
  const whole = cuts.find(([leaf]) => leaf === WHOLE);
  if (whole) return [whole];
  return cuts.length > MOST_CUTS ? [[WHOLE, 0, 0, 'too much of it']] : cuts;
}
