import type { EffectRule } from './model-text';
import type { PolicyLine } from './policy-text';
import type { Conjunction } from './tests';

/** One alternative of one line: what it covers, and what it says of it. */
export interface Verdict {
  readonly line: PolicyLine | null;
  readonly effect: 'allow' | 'deny';
  readonly covers: Conjunction;
  /** Alternatives of earlier lines that allow: where one of them covers a request too, this one says nothing. */
  readonly unless: readonly Conjunction[];
}

/** What a line says in the first place: the column `eft`, allow where there is none, and nothing for any other word. */
export function effectOf(line: PolicyLine): 'allow' | 'deny' | null {
  const word = line.values.get('eft') ?? 'allow';
  return word === 'allow' || word === '' ? 'allow' : word === 'deny' ? 'deny' : null;
}

/** Whether lines of this effect can change an answer at all. */
export function counts(rule: EffectRule, effect: 'allow' | 'deny'): boolean {
  if (rule === 'some_allow') return effect === 'allow';
  return rule === 'no_deny' ? effect === 'deny' : true;
}

/**
 * Turns "the first line that matches decides" into "forbid wins": an allowance stays as it is, since where it comes
 * first no denial is left to stand against it; a denial holds only where no earlier allowance covers the request.
 */
export function unordered(verdicts: readonly Verdict[], rule: EffectRule): readonly Verdict[] {
  if (rule !== 'first_match') return verdicts;
  const allowed: Conjunction[] = [];
  return verdicts.map((verdict) => {
    if (verdict.effect === 'deny') return { ...verdict, unless: [...allowed] };
    allowed.push(verdict.covers);
    return verdict;
  });
}
