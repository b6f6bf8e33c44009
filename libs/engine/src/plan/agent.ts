import { canonicalJson, type Hop, type JsonObject } from '@writ/kernel';
import { type AgentDefinition, type BillOfMaterials, offeredTools, type Versioned } from '@writ/registry';
import { checkArguments } from '../arguments';
import type { NextStep } from '../next-step';
import { failedAs, type PlanAt, type Planned } from './plan-at';

export interface AgentPlan {
  /** The agent that speaks first. */
  readonly entry: string;
  /** Agents control may pass to. */
  readonly peers: ReadonlySet<string>;
  readonly maxHandoffs: number;
  readonly input: JsonObject;
}

export const hopOf = (agent: Versioned<AgentDefinition>): Hop => ({
  agent: agent.definition.name,
  digest: agent.digest,
});

export function agentOf(bill: BillOfMaterials, name: string): Versioned<AgentDefinition> {
  const agent = bill.agents.get(name);
  if (!agent) throw new Error(`the bill of ${bill.workflow.definition.name} lacks agent ${name}`);
  return agent;
}

/**
 * The model/tool loop of one agent, and of peers that hand over: answer the model's calls in order, then ask the model
 * again, until it answers without calls.
 */
export function planAgent(plan: AgentPlan, at: PlanAt): Planned {
  const { bill, path, state } = at;
  const node = state.agents.get(path);
  const entry = agentOf(bill, plan.entry);
  const own = [hopOf(entry), ...(node?.hops ?? [])];
  const chain = [...at.chain, ...own];
  const agent = agentOf(bill, own.at(-1)!.agent);
  const request = node?.queue[0];
  if (!request) {
    const turns = node?.turns ?? 0;
    if (turns >= agent.definition.max_turns) {
      return failedAs('turn_limit', `agent ${agent.definition.name} took ${turns} turns without finishing`);
    }
    const { peers } = plan;
    return { next: [{ type: 'call_model', path, chain, agent, peers, opening: openingText(plan.input) }] };
  }
  const step = (one: NextStep): Planned => ({ next: [one] });
  const reject = (code: string, message: string): Planned =>
    step({ type: 'reject_call', path, call: request.callId, code, message });
  // Names match byte for byte: a near match is a different tool.
  const offered = offeredTools(agent.definition, bill, plan.peers).find((tool) => tool.name === request.name);
  if (!offered) return reject('unknown_tool', `there is no tool ${JSON.stringify(request.name.slice(0, 80))}`);
  const args = checkArguments(request.argumentsText, offered.parameters);
  if (!args.ok) return reject(args.failure.code, args.failure.message);
  if (offered.means.type === 'tool') {
    const tool = bill.tools.get(offered.means.tool)!;
    return step({ type: 'invoke_tool', path, chain, tool, args: args.value, call: request.callId });
  }
  if (offered.means.type !== 'handoff') return reject('not_available', `${offered.name} cannot be used here`);
  const handoffs = own.length - 1;
  if (handoffs >= plan.maxHandoffs) {
    return reject('handoff_limit', `this conversation has been handed over ${handoffs} times, its limit`);
  }
  return step({
    type: 'hand_off',
    path,
    chain,
    to: agentOf(bill, offered.means.to),
    purpose: String(args.value['reason'] ?? ''),
    message: String(args.value['message'] ?? ''),
    call: request.callId,
  });
}

/** The first words an agent hears: the input's `message` when it has nothing else, otherwise the whole input. */
function openingText(input: JsonObject): string {
  const keys = Object.keys(input);
  const message = input['message'];
  return keys.length === 1 && typeof message === 'string' ? message : canonicalJson(input);
}
