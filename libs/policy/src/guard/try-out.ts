import type { Json } from '@writ/kernel';
import type { GuardrailPolicy, Place } from './compile';
import { type Cut, cutOut, joinedCuts } from './content';
import type { GuardOutcome } from './facts';
import { inspect } from './inspect';

export interface Tried {
  readonly guardrail: string;
  /** `not_asked`: it asks a tool or a model, which nobody does to try something out. */
  readonly outcome: GuardOutcome | 'not_asked';
  readonly what: { readonly [kind: string]: number | string };
}

/** What the guardrails of a place would say of content. Nothing is asked of anybody and nothing is kept. */
export function tryOut(
  policy: GuardrailPolicy,
  { place, content, labels }: { readonly place: Place; readonly content: Json; readonly labels: readonly string[] },
): { readonly verdict: 'allow' | 'ask' | 'deny'; readonly checks: readonly Tried[]; readonly content: Json } {
  const cuts: Cut[] = [];
  const verdicts = new Set<string>();
  const checks = policy.applying(place).map((guardrail): Tried => {
    const { id, says, owed } = guardrail;
    if (says.call !== undefined) return { guardrail: id, outcome: 'not_asked', what: {} };
    const looked = inspect(guardrail, [{ key: '', value: content }], { labels: new Set(labels), answer: null });
    const { outcome, what } = looked.finding;
    if (outcome === 'fired') verdicts.add(owed === null ? 'deny' : 'ask');
    if (outcome === 'failed') verdicts.add('deny');
    cuts.push(...(looked.cuts.get('') ?? []));
    return { guardrail: id, outcome, what };
  });
  const verdict = verdicts.has('deny') ? 'deny' : verdicts.has('ask') ? 'ask' : 'allow';
  return { verdict, checks, content: cuts.length === 0 ? content : cutOut(content, joinedCuts(cuts)) };
}
