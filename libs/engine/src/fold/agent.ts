import type { Json } from '@writ/kernel';
import type { ModelReply, ToolRequest } from '@writ/gateways';
import type { AnswerReturned, LedgerUpdated, RouteChosen, StepIntended, WorkReturned } from '../events';
import { giveNotes } from '../notes';
import { branchPath } from '../path';
import { ownWords } from '../guard/account';
import { bounded, bringsNothing, resultOf } from '../plan/ledger';
import { parseAnswer } from '../plan/structured-output';
import type { AgentNode, RunState } from '../state';
import { see } from './board';
import { leave } from './branches';

/** What happens inside a conversation: replies, answers to calls, control that moves, work that goes out and comes back. */
export function agentNode(state: RunState, path: string): AgentNode {
  let node = state.agents.get(path);
  if (!node) {
    node = {
      kind: 'agent',
      hops: [],
      messages: [],
      queue: [],
      turns: 0,
      notes: [],
      moves: [],
      received: [],
      work: [],
      rounds: 0,
      assigning: false,
      brought: [],
      stalls: 0,
      refused: new Set(),
      answer: null,
      repairs: 0,
    };
    state.agents.set(path, node);
  }
  return node;
}

export function takeReply(state: RunState, intent: StepIntended, reply: ModelReply): void {
  const { path } = intent;
  const node = agentNode(state, path);
  node.turns += 1;
  node.assigning = false;
  node.messages.push({ role: 'assistant', content: reply.content, toolCalls: reply.toolCalls });
  if (state.guards) ownWords(state, { path, agent: intent.agent ?? '', index: node.messages.length - 1 });
  node.queue = [...reply.toolCalls];
  node.notes.push(...state.notes.splice(0));
  if (node.queue.length > 0) return;
  if (node.moves.at(-1)?.returns) {
    const back = node.hops.at(-1)?.delegation;
    if (back !== undefined) state.ledger.lift(back);
    goBack(node, intent.agent ?? '', reply.content ?? '');
  } else if (intent.structured) node.answer = reply.content ?? '';
  else state.results.set(path, { done: true, output: reply.content });
}

/** Whoever was handed to has answered: the agent before is in control again, and hears the answer. */
function goBack(node: AgentNode, agent: string, answer: string): void {
  node.hops = node.hops.slice(0, -1);
  node.moves = node.moves.slice(0, -1);
  node.turns = 0;
  node.messages.push({ role: 'user', content: `${agent} has answered: ${answer}` });
}

export function answer(state: RunState, path: string, { call, content }: { call: string; content: string }): void {
  const node = agentNode(state, path);
  node.messages.push({ role: 'tool', callId: call, content });
  node.queue = node.queue.filter((request: ToolRequest) => request.callId !== call);
  giveNotes(node);
}

export function handOver(state: RunState, { at, path, call, handoff }: StepIntended): void {
  if (!handoff) return;
  const { to, message } = handoff;
  const node = agentNode(state, path);
  if (call !== undefined) answer(state, path, { call, content: `Handed over to ${to.agent}.` });
  // One owner per branch: what the agent before still wanted is answered, not done.
  for (const left of node.queue) {
    node.messages.push({
      role: 'tool',
      callId: left.callId,
      content: 'Error: handed_over: not done, control moved on',
    });
  }
  node.queue = [];
  node.hops = [...node.hops, to];
  node.moves = [...node.moves, { message, from: node.messages.length, returns: handoff.returns === true }];
  node.received.push({ agent: to.agent, message });
  node.turns = 0;
  limitWork(state, { path, handoff, since: at });
}

/** What was passed on is limited from here on, with all that comes of it. */
function limitWork(
  state: RunState,
  { path, handoff, since }: { path: string; handoff: NonNullable<StepIntended['handoff']>; since: number },
): void {
  const { budget: limits, to } = handoff;
  if (!limits) return;
  const by = to.delegation;
  state.ledger.limit({ path, level: 'delegation', limits, since, ...(by !== undefined && { by }) });
}

/** Work is given away, in a branch of its own; or an agent that a pattern chose may speak. */
export function giveWork(state: RunState, { at, path, step, call, handoff }: StepIntended): void {
  if (!handoff) return;
  const { to, purpose, message } = handoff;
  if (call === undefined) {
    state.entered.set(path, { hop: to });
    limitWork(state, { path, handoff, since: at });
    return;
  }
  const node = agentNode(state, path);
  if (handoff.asks !== true) {
    if (!node.assigning) node.rounds += 1;
    node.assigning = true;
  }
  const work = { call, path: branchPath(path, `d${step}`), to, task: purpose, brief: message, hops: node.hops.length };
  node.work = [...node.work, work];
  limitWork(state, { path: work.path, handoff, since: at });
}

export function returnWork(state: RunState, event: WorkReturned): void {
  const { path, call, branch, chars, failure } = event;
  const node = agentNode(state, path);
  const result = state.results.get(branch);
  const ok = event.outcome === 'ok' && result?.done === true;
  const said = ok ? text(result.output) : `Error: ${failure?.code ?? 'failed'}: ${failure?.message ?? 'no result'}`;
  node.work = node.work.filter((one) => one.call !== call);
  node.stalls = bringsNothing(node.brought, { ok, text: said }) ? node.stalls + 1 : 0;
  node.brought.push(resultOf(said));
  answer(state, path, { call, content: bounded(said, chars) });
  see(state, path, state.board.seen.get(branch) ?? []);
  leave(state, branch);
}

export function updateLedger(state: RunState, { path, call, ledger }: LedgerUpdated): void {
  state.ledgers.set(path, ledger);
  if (call === null) return;
  const node = agentNode(state, path);
  // A new plan is what a stall asks for.
  node.stalls = 0;
  node.refused.delete('stalled');
  answer(state, path, { call, content: `Version ${ledger.version} of the plan is written down.` });
}

export function takeRoute(state: RunState, { path, tier, choice }: RouteChosen): void {
  const choices = state.routes.get(path) ?? [];
  choices[tier] = choice;
  state.routes.set(path, choices);
}

export function takeAnswer(state: RunState, path: string): void {
  const node = agentNode(state, path);
  const output = parseAnswer(node.answer ?? '');
  node.answer = null;
  state.results.set(path, { done: true, output: output ?? null });
}

export function returnAnswer(state: RunState, { path, code, message }: AnswerReturned): void {
  const node = agentNode(state, path);
  node.answer = null;
  node.repairs += 1;
  const content = `Error: ${code}: ${message}. Answer again, with JSON that fits the schema and nothing else.`;
  node.messages.push({ role: 'user', content });
}

export const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
