import type { JsonObject } from '@writ/kernel';
import type { Snapshot } from '../snapshot';
import type { DecisionRequest } from '../types';
import type { GuardFacts } from './facts';
import { placeOf, requiredIn } from './guard-stage';
import { inspect } from './inspect';

/**
 * What guardrails say of arguments that a person has written in place of others: those that look at the content itself are
 * asked anew. What only the run can ask again (a call-out, labels) is as it was, until the run asks it.
 */
export function guardsOfEdited(
  snapshot: Snapshot,
  request: Pick<DecisionRequest, 'action' | 'object' | 'guards'>,
  args: JsonObject,
): { readonly guards?: GuardFacts } {
  const { guards } = request;
  const { guardrails } = snapshot;
  if (guards === undefined) return {};
  if (guardrails === null || guards.boundary === null) return { guards };
  const place = placeOf(guards, guards.boundary, request);
  const heard = guardrails.applying(place, requiredIn(snapshot, guards.tier)).map((guardrail) => {
    const { id, version, says } = guardrail;
    const before = guards.heard.find((one) => one.guardrail === id && one.version === version);
    if (says.call === undefined && says.labels === undefined) {
      return inspect(guardrail, [{ key: '', value: args }], { labels: new Set(), answer: null }).finding;
    }
    return before ?? { guardrail: id, version, outcome: 'passed' as const, what: {} };
  });
  return { guards: { ...guards, heard } };
}
