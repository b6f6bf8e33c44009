import type { Hop } from '@writ/kernel';
import { agentName } from '@writ/rules';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import type { DecisionRequest } from '../types';

/**
 * The request with the agents of its chain as they would have come to act: each handed over to by the one before, in the
 * mode that the policy gives such a handoff. Without it a chain that is only asked about would be held to the rights of
 * agents that a real one sheds. A hop that nobody lets be passed on to keeps no mode, and counts as attenuated.
 */
export function passedOn(authority: TenantAuthority, request: DecisionRequest): DecisionRequest {
  const chain: Hop[] = [];
  for (const hop of request.chain) {
    const mode = chain.length === 0 ? undefined : modeOf(authority, request, { chain, to: hop.agent });
    chain.push(mode === undefined ? hop : { ...hop, mode });
  }
  return { ...request, chain };
}

interface Step {
  readonly chain: readonly Hop[];
  readonly to: string;
}

function modeOf(authority: TenantAuthority, request: DecisionRequest, { chain, to }: Step): Hop['mode'] {
  const { tenant, initiator, attributes, now, resource, risk } = request;
  const about = { tenant, initiator, now, chain: [...chain], ...(resource && { resource }), ...(risk && { risk }) };
  for (const purpose of purposes(authority, { chain, to })) {
    for (const action of ['handoff', 'delegate'] as const) {
      const object = { type: 'agent', id: to } as const;
      const handoff = { to, purpose, depth: chain.length };
      const asked = { ...about, action, object, handoff, ...(attributes && { attributes }) };
      const { verdict, handoffMode } = decide(authority, asked);
      if (verdict !== 'deny') return handoffMode;
    }
  }
  return undefined;
}

/** A question says nothing of purposes: any that a rule on this pair is for will do, whatever is for any of them first. */
function purposes({ snapshot }: TenantAuthority, { chain, to }: Step): readonly string[] {
  const from = agentName(chain.at(-1)!.agent);
  const rules = snapshot?.handoffs.candidates(from, agentName(to), null) ?? [];
  const named = rules.map(({ entry }) => entry.purpose).filter((purpose) => !purpose.includes('*'));
  return ['any', ...new Set(named)];
}
