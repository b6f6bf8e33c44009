import { type DelegationId, type Hop, type HopBounds, newId, type ToolGrant } from '@writ/kernel';
import { type Decision, honouring } from '@writ/policy';
import type { AgentDefinition, BillOfMaterials } from '@writ/registry';
import { smaller } from './budget';
import type { StepIntended } from './events';
import type { RunBudget } from './run-budget';

type Given = NonNullable<AgentDefinition['gives']>[string];

interface PassedOn {
  /** Those who act, the one who passes on last; empty when the workflow itself does. */
  readonly chain: readonly Hop[];
  readonly to: string;
  /** Limits that the pattern sets beside. */
  readonly budget?: RunBudget | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What goes along with a handoff, a question or a piece of work, as whoever passes on is defined to give. */
export function givenAlong(
  { agents }: Pick<BillOfMaterials, 'agents'>,
  { chain, to, budget, now }: PassedOn,
): { readonly bounds?: HopBounds; readonly budget?: RunBudget } {
  const from = chain.at(-1);
  const gives = from && agents.get(from.agent)?.definition.gives;
  const given = gives && (gives[to] ?? gives['*']);
  if (!given) return budget ? { budget } : {};
  const bounds = boundsOf(given, now);
  const limits = smaller({ ...budget }, smaller({ ...given.budget }, { tool_calls: given.uses }));
  return {
    ...(Object.keys(bounds).length > 0 && { bounds }),
    ...(Object.keys(limits).length > 0 && { budget: limits }),
  };
}

const boundsOf = ({ tools, depth, lasts_ms: lasts, labels }: Given, now: number): HopBounds => ({
  ...(tools !== undefined && { tools: tools.map(grantOf) }),
  ...(depth !== undefined && { depth }),
  ...(lasts !== undefined && { expires_at: now + lasts }),
  ...(labels !== undefined && { labels }),
});

function grantOf(grant: NonNullable<Given['tools']>[number]): ToolGrant {
  if (typeof grant === 'string') return { tool: grant };
  const { tool, only, at_most: atMost } = grant;
  return { tool, ...(only && { only }), ...(atMost && { atMost }) };
}

type HandedOn = NonNullable<StepIntended['handoff']>;

/** What was decided about it: how the receiver acts, and what the obligations of the decision take away of what goes along. */
export function asDecided({ to, budget, ...rest }: HandedOn, decision: Decision): HandedOn {
  const { bounds, uses } = honouring.narrowed(to.bounds ?? {}, decision.obligations, decision.at);
  const limits = uses === undefined ? budget : smaller({ ...budget }, { tool_calls: uses });
  return {
    ...rest,
    to: {
      agent: to.agent,
      digest: to.digest,
      mode: decision.handoffMode ?? 'attenuate',
      delegation: newId('delegation'),
      ...(Object.keys(bounds).length > 0 && { bounds }),
    },
    ...(limits && { budget: limits }),
  };
}

/** The delegation that one made by the last of a chain hangs from; undefined for the first. */
export const parentOf = (chain: readonly Hop[]): DelegationId | undefined =>
  chain.findLast(({ delegation }) => delegation !== undefined)?.delegation;
