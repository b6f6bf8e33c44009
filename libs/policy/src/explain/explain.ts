import { agentName, roleName } from '@writ/rules';
import type { Verdict } from '@writ/words';
import { attributeNeeds } from '../attribute-needs';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import { sentence } from '../sentence';
import type { AttributeNeed, Decision, DecisionRequest } from '../types';
import { type Approvers, approversOf, type Known } from './approvers';
import { type Remedy, remediesFor } from './remedies';
import { written } from './written';

/** One acting agent, or whom it is for, and what the policy says of it: the path from the name to the rule. */
export interface Link {
  readonly subject: string;
  readonly part: 'initiator' | 'agent';
  /** How control came to it; null for the first agent and for the initiator. */
  readonly mode: 'attenuate' | 'service' | null;
  /** Whether its own rights bounded this act; an agent that was shed by a service, or never reached, was not asked. */
  readonly asked: boolean;
  readonly verdict: Verdict | null;
  /** Per rule that spoke: from the name over its roles to the rule's subject, then the rule. */
  readonly paths: readonly (readonly string[])[];
}

/** All there is to say about one act under one policy. */
export interface Explanation {
  readonly decision: Decision;
  readonly sentence: string;
  readonly chain: readonly Link[];
  /** What the decision would read and nobody brought. */
  readonly needs: readonly AttributeNeed[];
  readonly remedies: readonly Remedy[];
  /** Who could approve it, now or after the smallest change. */
  readonly approvers: readonly Approvers[];
}

/**
 * Decides an act that nobody is about to do, and says all about it. For readers of the policy only; it records nothing
 * and gives nothing: the decision was committed nowhere, so no permit can be made of it.
 */
export async function explain(
  authority: TenantAuthority,
  request: DecisionRequest,
  known: readonly Known[] = [],
): Promise<Explanation> {
  const decision = decide(authority, request);
  const remedies = await remediesFor({ authority, request });
  const asking = decision.verdict === 'ask' ? decision : remedies.find(({ verdict }) => verdict === 'ask');
  return {
    decision,
    sentence: sentence(decision),
    chain: chainOf(authority, request, decision),
    needs: attributeNeeds(authority, request),
    remedies,
    approvers: asking ? approversOf(asking.obligations, { authority, request, known }) : [],
  };
}

/** Whose rights bounded the act, initiator first, then the agents in the order they came to act. */
function chainOf(
  { snapshot }: Pick<TenantAuthority, 'snapshot'>,
  { initiator, chain }: Pick<DecisionRequest, 'initiator' | 'chain'>,
  { stages }: Pick<Decision, 'stages'>,
): readonly Link[] {
  const link = (who: Pick<Link, 'subject' | 'part' | 'mode'>, roles: readonly string[]): Link => {
    const { subject } = who;
    const asked = stages.filter(
      (one) => one.subject === subject && one.stage !== 'mandate' && one.stage !== 'guardrail',
    );
    const paths = asked.flatMap(({ matches }) => matches.map(({ rid }) => pathTo(snapshot, [subject, ...roles], rid)));
    const verdict = asked.find((one) => one.verdict !== 'allow')?.verdict ?? asked[0]?.verdict ?? null;
    return { ...who, asked: asked.length > 0, verdict, paths };
  };
  const roles = initiator.roles.map(roleName);
  return [
    link({ subject: initiator.id, part: 'initiator', mode: null }, roles),
    ...chain.map(({ agent, mode = null }) => link({ subject: agentName(agent), part: 'agent', mode }, [])),
  ];
}

/** From the first of these names that leads to the rule's subject, over its roles, to the rule. */
export function pathTo(
  snapshot: TenantAuthority['snapshot'],
  names: readonly string[],
  rid: string,
): readonly string[] {
  const rule = snapshot && written(snapshot).rule(rid);
  const own = names[0] ?? '';
  if (!snapshot || !rule) return [own, rid];
  for (const name of names) {
    const path = written(snapshot).path(name, rule.subject);
    if (path !== null) return [...(name === own ? [] : [own]), ...path, rid];
  }
  return [own, rid];
}
