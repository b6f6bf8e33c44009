import { type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';
import type { TenantAuthority } from '@writ/policy';
import { riskOf } from '@writ/registry';
import type { HeldRun } from '../held-run';
import { childOf } from '../path';
import { inputScope } from './account';
import { type Crossing, nameOf, valueLeft } from './crossing';
import { heardOf, lookAt, toLookAt } from './pass';

interface Heard {
  /** Node that the framework works for. */
  readonly path: string;
  readonly agent: string;
  readonly answer: Json;
  readonly now: number;
}

/**
 * What a tool answered, as the framework that leads an agent may hear it. It goes there without an act of its own, so nobody
 * can be asked in between: what people would be asked about is withheld. A guardrail that asks a tool or a model looks at it
 * with the request that brings it to the agent's model.
 */
export function passAnswer(
  held: HeldRun,
  { snapshot }: TenantAuthority,
  { path, agent, answer, now }: Heard,
): Result<Json> {
  if (snapshot === null || snapshot.guardrails === null) return ok(answer);
  const scope = inputScope(path, agent);
  const agents = [agent];
  const content = [{ key: nameOf(answer), value: answer }];
  const crossing: Crossing = { boundary: 'input', scope, agents, agent, tool: null, content };
  // Beside the acts of the agent: what stands against an answer does not stand against the next turn.
  const act = { path: childOf(path, '@heard') };
  const tier = riskOf(held.planner.bill);
  const applying = snapshot.guardrails
    .applying({ boundary: 'input', agents, tool: null }, snapshot.tiers?.of(tier).guardrails)
    .filter(({ says }) => says.call === undefined);
  const todo = applying.flatMap((guardrail) => toLookAt(held, { act, crossing, guardrail }));
  lookAt(held, { act, now, snapshot, crossing, todo, answers: new Map() });
  const lenient = tier === 'low';
  for (const guardrail of applying) {
    const { outcome } = heardOf(held, { act, crossing }, guardrail);
    if (outcome === 'fired') return refuse(withheld(agent, 'guardrail_denied'));
    const open = lenient && guardrail.says.on_error === 'open';
    if (outcome === 'failed' && !open) return refuse(withheld(agent, 'guardrail_failed'));
  }
  return ok(valueLeft(held.state, scope, answer));
}

const withheld = (agent: string, reason: string): Failure => ({
  code: 'policy_denied',
  class: 'policy',
  message: `what the tool answered was withheld from ${agent}: ${reason}`,
  details: { reason },
});
