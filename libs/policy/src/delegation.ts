import type { Hop } from '@writ/kernel';
import { agentName, type HandoffRule } from '@writ/rules';
import type { Entry, Snapshot } from './snapshot';

/**
 * The hops before the current one whose own grants must cover an act too, first to last.
 *
 * Rights after a handoff are an intersection, taken anew at each use (I6): what any hop may not do, no hop after it may.
 * A hop that was handed over to in `service` mode acts with its own grants instead of those before it, but only while
 * the rule that allowed so still stands; otherwise it counts as attenuated. Initiator and mandate bound every mode.
 */
export function hopsToAsk(snapshot: Snapshot, chain: readonly Hop[]): readonly Hop[] {
  if (chain.length < 2) return NOBODY;
  for (let i = chain.length - 1; i > 0; i--) {
    if (chain[i]!.mode === 'service' && serviceStands(snapshot, chain[i - 1]!, chain[i]!)) return chain.slice(i, -1);
  }
  return chain.slice(0, -1);
}

const NOBODY: readonly Hop[] = Object.freeze([]);

/**
 * Whether a rule still lets `from` hand over to `to` as a service. Purpose and condition were checked when the handoff
 * was made, and their facts are gone; the rule itself must still be there, and no rule may forbid the pair.
 */
function serviceStands(snapshot: Snapshot, from: Hop, to: Hop): boolean {
  const candidates = snapshot.handoffs.candidates(agentName(from.agent), agentName(to.agent), null);
  const rules = candidates.map(({ entry }) => entry);
  return rules.some(isService) && !rules.some((rule) => rule.effect === 'deny' && rule.condition === null);
}

const isService = (rule: HandoffRule): boolean => rule.effect === 'allow' && rule.mode === 'service';

/** Whose rights the receiver gets: the strictest of all rules that allow the handoff. */
export const grantedMode = (granting: readonly Entry[]): 'attenuate' | 'service' =>
  granting.length > 0 && granting.every((rule) => rule.section === 'p2' && rule.mode === 'service')
    ? 'service'
    : 'attenuate';
