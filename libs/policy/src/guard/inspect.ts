import { type Content, type Cut, leavesIn, WHOLE } from './content';
import { detect, type Span } from './detect';
import type { Guardrail } from './compile';
import type { GuardFinding } from './facts';

/** What one guardrail says of content, and what of it must not go on. */
export interface Inspection {
  readonly finding: GuardFinding;
  /** Key of the content → what is cut out of it; empty where it does not redact. */
  readonly cuts: ReadonlyMap<string, readonly Cut[]>;
}

/** What whoever was asked about the content said; `why` is a code where there was no usable answer. */
export type CallAnswer = { readonly flagged: boolean } | { readonly failed: string };

interface Fired {
  readonly what: GuardFinding['what'];
  readonly cuts: ReadonlyMap<string, readonly Cut[]>;
}

/**
 * Asks one guardrail about content. `labels` are those that have entered the run; `answer` is that of its call-out, where it
 * has one. INVARIANT (I7): a fault in looking is a check that failed, never one that found nothing.
 */
export function inspect(
  guardrail: Guardrail,
  content: readonly Content[],
  known: { readonly labels: ReadonlySet<string>; readonly answer: CallAnswer | null },
): Inspection {
  const { id, version, says } = guardrail;
  const said = (outcome: GuardFinding['outcome'], what: GuardFinding['what'] = {}): GuardFinding => ({
    guardrail: id,
    version,
    outcome,
    what,
  });
  if (content.length === 0) return { finding: said('passed'), cuts: NO_CUTS };
  let fired: Fired | null;
  try {
    if (says.call !== undefined) {
      if (known.answer === null) throw new Error('nobody was asked');
      if ('failed' in known.answer) return { finding: said('failed', { because: known.answer.failed }), cuts: NO_CUTS };
    }
    fired = firedAt(guardrail, content, known);
  } catch {
    return { finding: said('failed', { because: 'check_error' }), cuts: NO_CUTS };
  }
  if (fired === null) return { finding: said('passed'), cuts: NO_CUTS };
  return says.then === 'redact'
    ? { finding: said('redacted', fired.what), cuts: fired.cuts }
    : { finding: said('fired', fired.what), cuts: NO_CUTS };
}

const NO_CUTS: ReadonlyMap<string, readonly Cut[]> = new Map();

function firedAt(
  { says, words }: Guardrail,
  content: readonly Content[],
  { labels, answer }: { readonly labels: ReadonlySet<string>; readonly answer: CallAnswer | null },
): Fired | null {
  if (says.call !== undefined) {
    const flagged = answer !== null && 'flagged' in answer && answer.flagged;
    return flagged ? { what: { flagged: 1 }, cuts: wholeOf(content, 'flagged') } : null;
  }
  if (says.labels !== undefined) {
    const held = says.labels.filter((label) => labels.has(label));
    return held.length === 0 ? null : { what: { labels: held.join(' ') }, cuts: wholeOf(content, 'labelled') };
  }
  if (says.longer_than !== undefined) return tooLong(content, says.longer_than);
  return spansIn(content, (text) => [...detect(text, says.detect ?? []), ...(words?.find(text) ?? [])]);
}

const wholeOf = (content: readonly Content[], kind: string): Fired['cuts'] =>
  new Map(content.map(({ key }) => [key, [[WHOLE, 0, 0, kind]]]));

function spansIn(content: readonly Content[], find: (text: string) => readonly Span[]): Fired | null {
  const what: Record<string, number> = {};
  const cuts = new Map<string, Cut[]>();
  for (const { key, value } of content) {
    const own: Cut[] = [];
    for (const [leaf, text] of leavesIn(value).entries()) {
      for (const [from, to, kind] of find(text)) {
        what[kind] = (what[kind] ?? 0) + 1;
        own.push([leaf, from, to, kind]);
      }
    }
    if (own.length > 0) cuts.set(key, own);
  }
  return cuts.size === 0 ? null : { what, cuts };
}

/** What is beyond the length is cut off, from the first piece that reaches beyond it. */
function tooLong(content: readonly Content[], most: number): Fired | null {
  let characters = 0;
  const cuts = new Map<string, Cut[]>();
  for (const { key, value } of content) {
    const own: Cut[] = [];
    for (const [leaf, text] of leavesIn(value).entries()) {
      const room = Math.max(0, most - characters);
      if (text.length > room) own.push([leaf, room, text.length, 'too_long']);
      characters += text.length;
    }
    if (own.length > 0) cuts.set(key, own);
  }
  return characters <= most ? null : { what: { characters }, cuts };
}
