import type { HandoffIndex } from './handoff-index';
import { agentName } from './names';
import type { HandoffRule } from './rule';

/**
 * Acts by which one agent lets another act: control moves (`handoff`) or work is assigned and control comes back
 * (`delegate`). Who may pass to whom is the same question for both, asked of section p2.
 */
export const passesOn = (action: string): boolean => action === 'handoff' || action === 'delegate';

/** One agent in the chain of those acting, as far as it matters whose rights bound an act. */
export interface ActingHop {
  readonly agent: string;
  /** How the hop before handed over; absent for the first agent. */
  readonly mode?: string | null;
}

/**
 * The hops before the current one whose own grants must cover an act too, first to last.
 *
 * Rights after a handoff are an intersection, taken anew at each use (I6): what any hop may not do, no hop after it may.
 * A hop that was handed over to in `service` mode acts with its own grants instead of those before it, but only while
 * the rule that allowed so still stands; otherwise it counts as attenuated. Initiator and mandate bound every mode.
 */
export function hopsToAsk<H extends ActingHop>(
  handoffs: Pick<HandoffIndex<HandoffRule>, 'candidates'>,
  chain: readonly H[],
): readonly H[] {
  if (chain.length < 2) return NOBODY;
  for (let i = chain.length - 1; i > 0; i--) {
    if (chain[i]!.mode === 'service' && serviceStands(handoffs, chain[i - 1]!, chain[i]!)) return chain.slice(i, -1);
  }
  return chain.slice(0, -1);
}

const NOBODY: readonly never[] = Object.freeze([]);

/**
 * Whether a rule still lets `from` hand over to `to` as a service. Purpose and condition were checked when the handoff
 * was made, and their facts are gone; the rule itself must still be there, and no rule may forbid the pair.
 */
function serviceStands(
  handoffs: Pick<HandoffIndex<HandoffRule>, 'candidates'>,
  from: ActingHop,
  to: ActingHop,
): boolean {
  const candidates = handoffs.candidates(agentName(from.agent), agentName(to.agent), null);
  const rules = candidates.map(({ entry }) => entry);
  return rules.some(isService) && !rules.some((rule) => rule.effect === 'deny' && rule.condition === null);
}

const isService = (rule: HandoffRule): boolean => rule.effect === 'allow' && rule.mode === 'service';
