import type { DelegationId, Hop } from '@writ/kernel';
import { agentName, passesOn } from '@writ/rules';
import type { TenantAuthority } from './authority';
import { beyondTools } from './mandate';
import type { Entry } from './entries';
import type { DecisionRequest, ReasonCode } from './types';

/** Whose rights the receiver gets: the strictest of all rules that allow the handoff. */
export const grantedMode = (granting: readonly Entry[]): 'attenuate' | 'service' =>
  granting.length > 0 && granting.every((rule) => rule.section === 'p2' && rule.mode === 'service')
    ? 'service'
    : 'attenuate';

/** Why a delegation does not carry an act, or carries nothing any more. */
export interface Lapse {
  readonly reason: Extract<ReasonCode, 'delegation_revoked' | 'delegation_expired' | 'delegation_exceeded'>;
  /** The agent that acts by it, as a subject. */
  readonly subject: string;
  readonly delegation: DelegationId;
  /** What of its bounds the act lies beyond; null where it was revoked. */
  readonly bound: 'expires_at' | 'depth' | 'tools' | null;
  readonly what: string;
}

/**
 * The first delegation of the chain that does not carry the request; null when all do. INVARIANT (I6): a delegation
 * bounds whoever it was given to and everybody after, also past a `service`, which sheds the grants of agents and not what
 * was given along; so what ends one ends all that hangs from it. Asked at every use: chains are short, mostly of one hop.
 */
export function lapsedDelegation({ revoked }: TenantAuthority, request: DecisionRequest): Lapse | null {
  const { chain } = request;
  for (let i = 0; i < chain.length; i++) {
    const hop = chain[i]!;
    if (hop.delegation === undefined) continue;
    const lapse = revoked?.has(hop.delegation) ? REVOKED : hop.bounds === undefined ? null : beyondBounds(request, i);
    if (lapse === null) continue;
    const { reason, bound, what } = lapse;
    const { delegation } = hop;
    return { reason, subject: agentName(hop.agent), delegation, bound, what: `delegation ${delegation} ${what}` };
  }
  return null;
}

/** The first delegation of a chain that was revoked, or undefined. */
export const revokedIn = (
  revoked: ReadonlySet<DelegationId> | undefined,
  chain: readonly Pick<Hop, 'delegation'>[],
): DelegationId | undefined =>
  revoked && chain.find(({ delegation }) => delegation !== undefined && revoked.has(delegation))?.delegation;

const REVOKED = { reason: 'delegation_revoked', bound: null, what: 'was revoked' } as const;

function beyondBounds(request: DecisionRequest, i: number): Omit<Lapse, 'subject' | 'delegation'> | null {
  const { chain, action, now } = request;
  const { tools, depth, expires_at: end } = chain[i]!.bounds!;
  if (end !== undefined && now >= end) {
    return { reason: 'delegation_expired', bound: 'expires_at', what: `ended at ${new Date(end).toISOString()}` };
  }
  if (depth !== undefined && passesOn(action) && chain.length - i > depth) {
    return { reason: 'delegation_exceeded', bound: 'depth', what: `may be passed on ${depth} deep` };
  }
  const beyond = tools === undefined ? null : beyondTools(tools, request, 'its list');
  if (beyond === null) return null;
  return { reason: 'delegation_exceeded', bound: 'tools', what: `does not carry this: ${beyond}` };
}
