import { canonicalJson, type JsonObject } from '@writ/kernel';
import { type OfferedTool, offeredTools, supervisorTools } from '@writ/registry';
import { checkArguments } from '../arguments';
import type { NextStep } from '../next-step';
import type { AgentNode } from '../state';
import { planAnswer } from './answer';
import { planBoardCall, planMessageCall } from './board';
import { planFramework } from './framework';
import { handoffFault } from './handoff-limits';
import { failedAs, type PlanAt, type Planned } from './plan-at';
import { withOpenStep } from './recover';
import { agentOf, type AgentPlan, hopOf, openingText, refusedBy, type Speaking } from './speaking';
import { planAssignment, planLedger, workSteps } from './team';

/**
 * The model/tool loop of one agent, and of peers that hand over: answer the model's calls in order, then ask the model
 * again, until it answers without calls. Work it has assigned goes on beside it, in a branch for each piece.
 */
export function planAgent(plan: AgentPlan, at: PlanAt): Planned {
  const result = at.state.results.get(at.path);
  const speaking = speakingAt(plan, at);
  if (speaking.agent.definition.framework) return result ? { ended: result } : planFramework(speaking);
  const own: Planned = result ? { ended: result } : withOpenStep(planTurn(speaking), at);
  const under = speaking.node?.work.length ?? 0;
  if ('ended' in own && under === 0) return own;
  // INVARIANT (I5): what was given away comes back before the node is over, or its outcome would be nobody's.
  const work = workSteps(speaking, planAgent);
  return { next: 'ended' in own ? work : [...own.next, ...work] };
}

function speakingAt(plan: AgentPlan, at: PlanAt): Speaking {
  const node = at.state.agents.get(at.path);
  const entry = plan.hop ?? hopOf(agentOf(at.bill, plan.entry));
  const own = [entry, ...(node?.hops ?? [])];
  const agent = agentOf(at.bill, own.at(-1)!.agent);
  return { plan, at, node, agent, own, chain: [...at.chain, ...own] };
}

function planTurn(speaking: Speaking): Planned {
  const { at, node, agent, chain } = speaking;
  const assigned = new Set(node?.work.map((one) => one.call));
  const request = node?.queue.find((one) => !assigned.has(one.callId));
  if (request) return planCall(speaking, request);
  // All that is left to answer is under way with others.
  if (node && node.queue.length > 0) return { next: [] };
  const schema = schemaOf(speaking);
  if (schema && node && node.answer !== null) return planAnswer(node, schema, at);
  const turns = node?.turns ?? 0;
  if (turns >= agent.definition.max_turns) {
    return failedAs('turn_limit', `agent ${agent.definition.name} took ${turns} turns without finishing`);
  }
  const { opening, from } = heardBy(speaking);
  const offers = offersTo(speaking);
  return { next: [{ type: 'call_model', path: at.path, chain, agent, offers, opening, from, schema }] };
}

/** The shape of the final answer: what the pattern asks for, or what the first agent promises its workflow. */
const schemaOf = ({ plan, at }: Speaking): JsonObject | null =>
  plan.output ?? (agentOf(at.bill, plan.entry).definition.output as JsonObject | undefined) ?? null;

function offersTo({ plan, at, agent }: Speaking): readonly OfferedTool[] {
  const peers = plan.swarm?.peers ?? new Set<string>();
  const own = offeredTools(agent.definition, at.bill, peers);
  return plan.team ? [...own, ...supervisorTools(plan.team.workers, at.bill)] : own;
}

type Request = AgentNode['queue'][number];

function planCall(speaking: Speaking, request: Request): Planned {
  const { at, chain } = speaking;
  const { path, bill } = at;
  const call = request.callId;
  const reject = (code: string, message: string): Planned => one({ type: 'reject_call', path, call, code, message });
  // Names match byte for byte: a near match is a different tool.
  const offered = offersTo(speaking).find((tool) => tool.name === request.name);
  if (!offered) return reject('unknown_tool', `there is no tool ${JSON.stringify(request.name.slice(0, 80))}`);
  const args = checkArguments(request.argumentsText, offered.parameters);
  if (!args.ok) return reject(args.failure.code, args.failure.message);
  const { means } = offered;
  switch (means.type) {
    case 'tool':
      return one({ type: 'invoke_tool', path, chain, tool: bill.tools.get(means.tool)!, args: args.value, call });
    case 'board':
      return planBoardCall(speaking, call, args.value);
    case 'message':
      return planMessageCall(speaking, { call, op: means.op, args: args.value });
    case 'handoff':
      return planHandoff(speaking, { call, to: means.to, args: args.value });
    case 'consult': {
      const brief = agentOf(bill, means.agent).definition.takes
        ? canonicalJson(args.value)
        : String(args.value['task'] ?? '');
      return planAssignment(speaking, { call, worker: means.agent, task: 'consult', brief, asks: true });
    }
    case 'delegate': {
      const text = (name: string): string => String(args.value[name] ?? '');
      return planAssignment(speaking, { call, worker: text('worker'), task: text('task'), brief: text('brief') });
    }
    case 'update_plan':
      return planLedger(speaking, call, args.value);
  }
}

const one = (step: NextStep): Planned => ({ next: [step] });

function planHandoff(
  speaking: Speaking,
  wanted: { readonly call: string; readonly to: string; readonly args: JsonObject },
): Planned {
  const { plan, at, node, own, chain } = speaking;
  const { path, bill } = at;
  const { call, to } = wanted;
  // One owner: control moves when what its owner has assigned has come back.
  if (node && node.work.length > 0) return { next: [] };
  const swarm = plan.swarm ?? { maxHandoffs: 0, maxRepeats: 0, returns: false };
  const payload = agentOf(bill, to).definition.takes ? (wanted.args['payload'] as JsonObject) : undefined;
  const message = payload ? canonicalJson(payload) : String(wanted.args['message'] ?? '');
  const received = [{ agent: own[0]!.agent, message: openingText(plan.input) }, ...(node?.received ?? [])];
  const been = received.map((one) => one.agent);
  const fault = handoffFault({ chain: been, received, to, message }, swarm);
  if (fault) return refusedBy(speaking, call, fault);
  const purpose = String(wanted.args['reason'] ?? '');
  const returns = swarm.returns;
  const step = { type: 'hand_off', path, chain, to: agentOf(bill, to), purpose, message, call, returns } as const;
  return one({ ...step, ...(payload && { payload }) });
}

/** What the agent in control hears of the conversation: by its own rule, once control has been handed to it. */
function heardBy({ plan, node, agent }: Speaking): { readonly opening: string; readonly from: number } {
  const opening = openingText(plan.input);
  const move = node?.moves.at(-1);
  const rule = agent.definition.context ?? 'all';
  if (!node || !move || rule === 'all') return { opening, from: 0 };
  if (rule === 'message') return { opening: move.message, from: move.from };
  // Turns are cut whole: an assistant's message and the answers to its calls stay together.
  const turns = node.messages.flatMap((message, i) => (message.role === 'assistant' && i < move.from ? [i] : []));
  return { opening, from: turns.slice(-rule.turns)[0] ?? move.from };
}
