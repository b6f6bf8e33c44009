import { canonicalJson, digestOf, type Json } from '@writ/kernel';
import type { Snapshot } from '../snapshot';
import type { Decision } from '../types';
import { ruleTexts } from './rule-texts';

/**
 * Digest of everything in a policy that a decision rests on: its verdict, reason and stage, whom each stage asked, the
 * rules that spoke there, word for word with their conditions, and the obligations with their values. A change of the
 * policy that alters any of it gives another digest; one that does not, gives the same, whatever else it changes.
 *
 * What conditions read is left out: arguments and objects are bound by digests of their own, and the time of day is not
 * what an approval is about.
 */
export function basisOf(decision: Pick<Decision, BasisFields>, snapshot: Snapshot): string {
  const texts = ruleTexts(snapshot);
  const rule = (match: Decision['stages'][number]['matches'][number]): Json => [
    match.rid,
    texts.line(match.rid) ?? '',
    match.condition === null ? null : (texts.condition(match.condition) ?? null),
    match.error === undefined,
  ];
  const stages = decision.stages.map(({ stage, subject, verdict, matches }): Json => {
    const spoken = [...matches].sort((a, b) => (a.rid < b.rid ? -1 : a.rid > b.rid ? 1 : 0));
    return [stage, subject, verdict, spoken.map(rule)];
  });
  const obligations = [...decision.obligations]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, type, values }): Json => [id, type, values]);
  const { verdict, reason, stage, handoffMode = null } = decision;
  return digestOf(canonicalJson({ verdict, reason, stage, mode: handoffMode, stages, obligations }));
}

type BasisFields = 'verdict' | 'reason' | 'stage' | 'handoffMode' | 'stages' | 'obligations';
