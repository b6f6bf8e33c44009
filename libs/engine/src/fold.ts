import { assertNever, type Json } from '@writ/kernel';
import type { ModelReply, ToolRequest } from '@writ/gateways';
import { valueAt } from '@writ/registry';
import type { RunEvent, RunStarted, StepDenied, StepReconciled, StepSettled, WaitFor } from './events';
import { type AgentNode, attributeKey, emptyState, type NodeResult, type OpenStep, type RunState } from './state';

/**
 * Events in, state out. Nothing else changes a state, and nothing here reads a clock, a definition or the outside:
 * the same events always fold to the same state.
 */
export function fold(events: readonly RunEvent[]): RunState {
  const [first, ...rest] = events;
  if (first?.type !== 'run_started') throw new Error('a journal begins with run_started');
  const state = begin(first);
  for (const event of rest) apply(state, event);
  return state;
}

export function begin(started: RunStarted): RunState {
  const state = emptyState(started);
  state.seq = 1;
  return state;
}

/** Applies one event in place. The state belongs to one worker; readers get it only between events. */
export function apply(state: RunState, event: RunEvent): void {
  state.seq += 1;
  switch (event.type) {
    case 'run_started':
      throw new Error('run_started comes once, first');
    case 'run_resumed':
      // What was read for a decision under way may be as old as the crash: age 0 means read it again.
      state.fresh = new Set();
      wake(state);
      return;
    case 'step_intended':
      wake(state);
      state.lastStep = Math.max(state.lastStep, event.step);
      if (event.kind === 'data') {
        state.reading = { intent: event, phase: 'in_flight', failure: null, notBefore: null };
        return;
      }
      if (state.open && event.attempt > 1) chargeLost(state, state.open);
      state.open = { intent: event, phase: 'in_flight', failure: null, notBefore: null };
      if (event.kind === 'model') state.usage.model_calls += 1;
      if (event.kind === 'tool' && event.attempt === 1) state.usage.tool_calls += 1;
      return;
    case 'step_settled':
      settle(state, event);
      return;
    case 'step_denied':
      deny(state, event);
      return;
    case 'step_asked':
      state.lastStep = Math.max(state.lastStep, event.step - 1);
      return;
    case 'step_unknown':
      if (state.open) state.open.phase = 'unknown';
      return;
    case 'step_reconciled':
      state.mailSeen.add(event.mail);
      wake(state);
      if (state.open?.intent.step === event.step) reconcile(state, event);
      return;
    case 'retry_scheduled':
      for (const one of [state.open, state.reading])
        if (one?.intent.step === event.step) one.notBefore = event.not_before;
      return;
    case 'call_rejected':
      answer(state, event.path, { call: event.call, content: `Error: ${event.code}: ${event.message}` });
      return;
    case 'node_failed':
      state.results.set(event.path, { done: true, output: null });
      return;
    case 'wait_started':
      state.wait = event.wait;
      state.status = waitingStatus(event.wait);
      return;
    case 'wait_ended':
      takeSignal(state);
      state.wait = null;
      state.status = 'running';
      state.results.set(event.path, { done: true, output: event.output });
      return;
    case 'signal_received':
      state.mailSeen.add(event.mail);
      state.signals.push({ name: event.name, payload: event.payload, taken: false });
      return;
    case 'cancel_requested':
      state.mailSeen.add(event.mail);
      state.cancel ??= { by: event.by, reason: event.reason };
      return;
    case 'run_finished':
      state.status = 'succeeded';
      state.output = event.output;
      state.wait = null;
      return;
    case 'run_failed':
      state.status = event.status;
      state.failure = event.failure;
      state.wait = null;
      return;
    case 'run_cancelled':
      state.status = 'cancelled';
      state.failure = { code: 'cancelled', class: 'cancelled', message: event.reason };
      state.wait = null;
      return;
    default:
      assertNever(event, 'run event');
  }
}

/** A run that moves again has left what it waited for, unless that is a signal or a time of its own definition. */
function wake(state: RunState): void {
  if (state.wait && state.wait.for !== 'signal') {
    state.wait = null;
    state.status = 'running';
  }
}

function waitingStatus(wait: WaitFor): RunState['status'] {
  switch (wait.for) {
    case 'signal':
      return 'waiting_external';
    case 'stop':
      return 'paused';
    case 'approval':
      return 'waiting_approval';
    case 'reconciliation':
      return 'waiting_reconciliation';
    case 'retry':
      return 'running';
    default:
      return assertNever(wait, 'wait');
  }
}

/** A model attempt whose outcome was lost costs what was reserved for it: the vendor may have billed it. */
function chargeLost(state: RunState, open: OpenStep): void {
  if (open.phase === 'in_flight' && open.intent.kind === 'model') state.usage.tokens += open.intent.reserve ?? 0;
}

function settle(state: RunState, event: StepSettled): void {
  const open = state.reading?.intent.step === event.step ? state.reading : state.open;
  if (!open || open.intent.step !== event.step || open.intent.attempt !== event.attempt) {
    throw new Error(`step ${event.step} attempt ${event.attempt} settled without an open intent`);
  }
  state.usage.tokens += event.tokens ?? 0;
  if (!event.final) {
    open.phase = 'failed';
    open.failure = event.failure ?? null;
    return;
  }
  if (open === state.reading) state.reading = null;
  else state.open = null;
  finishStep(state, open, {
    at: event.at,
    result: event.outcome === 'ok' ? (event.result ?? null) : null,
    failure: event.failure ?? null,
  });
}

interface StepEnd {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly result: Json;
  readonly failure: OpenStep['failure'];
}

/** A step is over for good: its node takes the answer. */
function finishStep(state: RunState, open: OpenStep, end: StepEnd): void {
  const { intent } = open;
  const { result, failure } = end;
  switch (intent.kind) {
    case 'model':
      if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else takeReply(state, intent.path, result as unknown as ModelReply);
      break;
    case 'data':
      if (intent.attribute && !failure) {
        const key = attributeKey(intent.attribute.name, intent.attribute.resource.id);
        const value = valueAt(result, intent.attribute.pointer) ?? null;
        state.attributes.set(key, { value, source: intent.target, at: end.at });
        state.fresh.add(key);
      } else if (intent.attribute) {
        bringNothing(state, attributeKey(intent.attribute.name, intent.attribute.resource.id));
      }
      return;
    case 'handoff':
      if (!failure && intent.handoff)
        handOver(state, intent.path, { to: intent.handoff.to, call: intent.call ?? null });
      break;
    case 'tool':
      if (intent.call !== undefined)
        answer(state, intent.path, { call: intent.call, content: failure ? failureText(failure) : text(result) });
      else if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else endNode(state, intent.path, { done: true, output: result });
      break;
    default:
      assertNever(intent.kind, 'step kind');
  }
  state.fresh = new Set();
}

/** The decision that wanted the attribute is made without it: its conditions err, so allow rules do not match (I7). */
function bringNothing(state: RunState, key: string): void {
  state.attributes.delete(key);
  state.fresh.add(key);
}

const failureText = (failure: { readonly message: string }): string => `Error: ${failure.message}`;
const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function endNode(state: RunState, path: string, result: NodeResult): void {
  state.results.set(path, result);
}

function agentNode(state: RunState, path: string): AgentNode {
  let node = state.agents.get(path);
  if (!node) {
    node = { kind: 'agent', hops: [], messages: [], queue: [], turns: 0 };
    state.agents.set(path, node);
  }
  return node;
}

function takeReply(state: RunState, path: string, reply: ModelReply): void {
  const node = agentNode(state, path);
  node.turns += 1;
  node.messages.push({ role: 'assistant', content: reply.content, toolCalls: reply.toolCalls });
  node.queue = [...reply.toolCalls];
  if (node.queue.length === 0) endNode(state, path, { done: true, output: reply.content });
}

function answer(state: RunState, path: string, { call, content }: { call: string; content: string }): void {
  const node = agentNode(state, path);
  node.messages.push({ role: 'tool', callId: call, content });
  node.queue = node.queue.filter((request: ToolRequest) => request.callId !== call);
}

function handOver(state: RunState, path: string, moved: { to: AgentNode['hops'][number]; call: string | null }): void {
  const { to, call } = moved;
  const node = agentNode(state, path);
  if (call !== null) answer(state, path, { call, content: `Handed over to ${to.agent}.` });
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
  node.turns = 0;
}

function deny(state: RunState, event: StepDenied): void {
  wake(state);
  state.lastStep = Math.max(state.lastStep, event.step);
  if (event.kind !== 'data') state.fresh = new Set();
  if (state.open?.intent.step === event.step) state.open = null;
  if (state.reading?.intent.step === event.step) state.reading = null;
  const failure = {
    code: 'policy_denied',
    class: 'policy' as const,
    message: `${event.target} was denied: ${event.decision.reason}`,
    details: { decision: event.decision.id, reason: event.decision.reason },
  };
  if (event.kind === 'data') {
    if (event.attribute) bringNothing(state, attributeKey(event.attribute.name, event.attribute.resource.id));
    return;
  }
  if (event.call !== undefined) {
    // INVARIANT: the agent learns the stable reason code and nothing of the rules.
    answer(state, event.path, { call: event.call, content: `Error: denied: ${event.decision.reason}` });
    return;
  }
  const status = event.decision.reason === 'stopped' ? 'stopped' : 'denied';
  endNode(state, event.path, { done: false, failure, status });
}

function reconcile(state: RunState, { at, verdict, result = null }: StepReconciled): void {
  const open = state.open;
  if (!open) return;
  if (verdict === 'did_not_happen') {
    open.phase = 'redo';
    return;
  }
  state.open = null;
  if (verdict === 'happened') finishStep(state, open, { at, result, failure: null });
  else {
    const message = `${open.intent.target}: its outcome was lost and the step was abandoned`;
    finishStep(state, open, { at, result: null, failure: { code: 'abandoned', class: 'unknown', message } });
  }
}

function takeSignal(state: RunState): void {
  const wait = state.wait;
  if (wait?.for !== 'signal' || wait.signal === null) return;
  const signal = state.signals.find((candidate) => !candidate.taken && candidate.name === wait.signal);
  if (signal) signal.taken = true;
}
