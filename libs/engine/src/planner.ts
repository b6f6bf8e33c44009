import { assertNever, type JsonObject } from '@writ/kernel';
import { type BillOfMaterials, type Node, resolveTemplate } from '@writ/registry';
import { planAgent } from './plan-agent';
import type { Act, NextStep } from './next-step';
import type { NodeResult, RunState } from './state';

type Planned = { readonly ended: NodeResult } | { readonly next: NextStep };

export interface Scope {
  readonly input: JsonObject;
  readonly steps: Record<string, { readonly output: NodeOutput }>;
}
type NodeOutput = Extract<NodeResult, { done: true }>['output'];

type SequenceNode = Extract<Node, { type: 'sequence' }>;

/**
 * Decides what a run does next. Pure in its answers: the same state, time and bill give the same step. It only
 * remembers how far each sequence has come, so that step 10,000 costs what step 10 did.
 */
export class Planner {
  readonly #cursors = new Map<string, { index: number; scope: Scope }>();

  constructor(readonly bill: BillOfMaterials) {}

  next(state: RunState, now: number): NextStep {
    if (state.cancel) return { type: 'cancel', ...state.cancel };
    const deadline = state.started.deadline_at;
    if (deadline !== null && now >= deadline) {
      const message = `the run did not finish by ${new Date(deadline).toISOString()}`;
      return { type: 'fail', status: 'timed_out', failure: { code: 'deadline_exceeded', class: 'permanent', message } };
    }
    const read = state.reading;
    if (read?.phase === 'failed' && read.notBefore !== null && now < read.notBefore) {
      return { type: 'rest', until: read.notBefore };
    }
    if (state.open) return recover(state, now);
    return this.#planned(state, now);
  }

  /** The act that an open step was an attempt of: what the plan leads to when the step is looked past. */
  act(state: RunState, now: number): Act | null {
    const next = this.#planned(state, now);
    return next.type === 'call_model' || next.type === 'invoke_tool' || next.type === 'hand_off' ? next : null;
  }

  #planned(state: RunState, now: number): NextStep {
    const scope: Scope = { input: state.started.input, steps: {} };
    const planned = this.#plan(this.bill.workflow.definition.root, '', { state, scope, now });
    if ('next' in planned) return planned.next;
    const { ended } = planned;
    return ended.done
      ? { type: 'finish', output: ended.output }
      : { type: 'fail', status: ended.status, failure: ended.failure };
  }

  #plan(node: Node, path: string, at: { state: RunState; scope: Scope; now: number }): Planned {
    if (node.type === 'sequence') return this.#sequence(node, path, at);
    const { state, scope } = at;
    const result = state.results.get(path);
    if (result) return { ended: result };
    switch (node.type) {
      case 'agent': {
        const input = resolve(node.input, scope, path);
        if ('ended' in input) return input;
        return {
          next: planAgent(this.bill, state, {
            path,
            entry: node.agent,
            peers: new Set([node.agent]),
            maxHandoffs: 0,
            input: input.value,
          }),
        };
      }
      case 'swarm': {
        const input = resolve(node.input, scope, path);
        if ('ended' in input) return input;
        return {
          next: planAgent(this.bill, state, {
            path,
            entry: node.entry,
            peers: new Set(node.agents),
            maxHandoffs: node.max_handoffs,
            input: input.value,
          }),
        };
      }
      case 'tool': {
        const args = resolve(node.args, scope, path);
        if ('ended' in args) return args;
        const tool = this.bill.tools.get(node.tool);
        if (!tool) throw new Error(`the bill lacks tool ${node.tool}`);
        const agent = node.agent === undefined ? undefined : this.bill.agents.get(node.agent);
        const chain = agent ? [{ agent: agent.definition.name, digest: agent.digest }] : [];
        return { next: { type: 'invoke_tool', path, chain, tool, args: args.value, call: null } };
      }
      case 'wait':
        return {
          next: planWait(state, { path, signal: node.signal ?? null, timeoutMs: node.timeout_ms ?? null, now: at.now }),
        };
      case 'supervisor':
      case 'group_chat':
      case 'plan':
      case 'reflect':
      case 'run':
      case 'input':
        return { next: { type: 'delegate', path } };
      case 'router':
      case 'choice':
      case 'loop':
        return { next: { type: 'route', path } };
      case 'fanout':
      case 'map':
      case 'hedge':
        return { next: { type: 'branches', path } };
      default:
        return assertNever(node, 'node');
    }
  }

  #sequence(node: SequenceNode, path: string, at: { state: RunState; scope: Scope; now: number }): Planned {
    let cursor = this.#cursors.get(path);
    if (!cursor) {
      cursor = { index: 0, scope: { input: at.scope.input, steps: { ...at.scope.steps } } };
      this.#cursors.set(path, cursor);
    }
    let output: NodeOutput = null;
    for (; cursor.index < node.steps.length; cursor.index++) {
      const step = node.steps[cursor.index]!;
      const childPath = path === '' ? step.id : `${path}/${step.id}`;
      const planned = this.#plan(step.node, childPath, { ...at, scope: cursor.scope });
      if ('next' in planned) return planned;
      if (!planned.ended.done) {
        if (step.on_error !== 'skip') return planned;
        return { next: { type: 'skip_node', path: childPath, failure: planned.ended.failure } };
      }
      output = planned.ended.output;
      cursor.scope.steps[step.id] = { output };
    }
    const last = node.steps.at(-1);
    return { ended: { done: true, output: last ? (cursor.scope.steps[last.id]?.output ?? output) : null } };
  }
}

/** What follows an open step: wait for its time, try again, or ask a person. */
function recover(state: RunState, now: number): NextStep {
  const open = state.open!;
  switch (open.phase) {
    case 'unknown':
      return { type: 'rest', until: null };
    case 'redo':
      return { type: 'try_again', open };
    case 'failed':
      if (open.notBefore !== null && now < open.notBefore) return { type: 'rest', until: open.notBefore };
      return { type: 'try_again', open };
    case 'in_flight': {
      const repeatable =
        open.intent.kind === 'model' || open.intent.effect === 'read' || open.intent.effect === 'idempotent';
      // INVARIANT (I5): an unrepeatable effect whose outcome is lost is never retried silently.
      return repeatable ? { type: 'try_again', open } : { type: 'ask_person', open };
    }
    default:
      return assertNever(open.phase, 'phase');
  }
}

function resolve(
  template: Parameters<typeof resolveTemplate>[0] | undefined,
  scope: Scope,
  path: string,
): { readonly value: JsonObject } | { readonly ended: NodeResult } {
  if (template === undefined) return { value: scope.input };
  const resolved = resolveTemplate(template, scope);
  if (resolved.ok) return { value: resolved.value };
  const message = `${path === '' ? 'the workflow' : path}: ${resolved.failure.message}`;
  return { ended: { done: false, status: 'failed', failure: { ...resolved.failure, message } } };
}

function planWait(
  state: RunState,
  wait: {
    readonly path: string;
    readonly signal: string | null;
    readonly timeoutMs: number | null;
    readonly now: number;
  },
): NextStep {
  const { path, signal } = wait;
  const started = state.wait?.for === 'signal' && state.wait.path === path ? state.wait : null;
  if (!started) return { type: 'wait', path, signal, timeoutMs: wait.timeoutMs };
  const arrived = state.signals.find((candidate) => !candidate.taken && candidate.name === signal);
  if (arrived) return { type: 'end_wait', path, output: arrived.payload };
  if (started.until !== null && wait.now >= started.until) {
    if (signal === null) return { type: 'end_wait', path, output: null };
    const message = `the signal ${signal} did not come in time`;
    return { type: 'fail', status: 'failed', failure: { code: 'signal_timeout', class: 'permanent', message } };
  }
  return { type: 'rest', until: started.until };
}
