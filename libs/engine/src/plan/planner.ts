import { assertNever, type Failure } from '@writ/kernel';
import type { BillOfMaterials, Node } from '@writ/registry';
import { LateMap } from '../late';
import type { Fail, NextStep } from '../next-step';
import type { RunState } from '../state';
import { planAgent } from './agent';
import { planBoard } from './board';
import { planBegin } from './begin';
import { planChoice, planLoop } from './control';
import { budgetOf, planFanout, planHedge, planMap } from './fans';
import { DEFAULT_REPEATS } from './handoff-limits';
import { planInput } from './input';
import { inputOf, planTool, planWait } from './leaves';
import { planAndExecute } from './plan-execute';
import { type PlanAt, type Planned, type PlanMemory } from './plan-at';
import { ending, leftBehind, untold } from './ending';
import { strays, withOpenStep } from './recover';
import { planRouter } from './route';
import { planRun } from './run';
import { planSequence } from './sequence';
import { planGroupChat, planReflect } from './talk';
import { leftToUndo } from './undo';
import { type AgentPlan, DEFAULT_PARALLEL, DEFAULT_RESULT_CHARS, type Swarm, type Team } from './speaking';

/**
 * Decides what a run does next. Pure in its answers: the same state, time and bill give the same steps. It only remembers
 * what cannot change any more, so that step 10,000 costs what step 10 did.
 */
export class Planner {
  readonly #memory: PlanMemory = {
    cursors: new Map(),
    outputs: new Map(),
    items: new LateMap(),
    fans: new LateMap(),
  };

  constructor(readonly bill: BillOfMaterials) {}

  /** The end by a stop, which lets nothing be undone: what is left is listed, for when the stop is released. */
  stopped(state: RunState, { failure, now }: { readonly failure: Failure; readonly now: number }): Fail {
    return left({ type: 'fail', status: 'stopped', failure }, this.bill.workflow.definition.root, this.#at(state, now));
  }

  #at(state: RunState, now: number): PlanAt {
    const { bill } = this;
    const scope = { input: state.started.input, steps: {} };
    return { path: '', state, scope, now, chain: [], bill, memory: this.#memory, plan };
  }

  /** One step for each branch that is not over, or the one that ends the run. Branches under way plan theirs again. */
  next(state: RunState, now: number): readonly NextStep[] {
    const { root } = this.bill.workflow.definition;
    const at = this.#at(state, now);
    if (state.cancel) return ending({ type: 'cancel', ...state.cancel, ...NOTHING }, root, at);
    const deadline = state.started.deadline_at;
    if (deadline !== null && now >= deadline) {
      const message = `the run did not finish by ${new Date(deadline).toISOString()}`;
      const failure = { code: 'deadline_exceeded', class: 'permanent', message } as const;
      return [left({ type: 'fail', status: 'timed_out', failure }, root, at)];
    }
    if (state.paused) return [{ type: 'rest', path: '', until: deadline }];
    const begins = planBegin(at);
    if (begins !== null) return begins;
    const planned = plan(root, at);
    const owed = [...strays(state), ...untold(state)];
    if ('next' in planned) return owed.length === 0 ? planned.next : [...planned.next, ...owed];
    if (owed.length > 0) return owed;
    const { ended } = planned;
    if (ended.done) return [{ type: 'finish', output: ended.output }];
    return ending({ type: 'fail', status: ended.status, failure: ended.failure }, root, at);
  }
}

const NOTHING = { undone: [], notUndone: [], left: [] } as const;

const left = (end: Fail, root: Node, at: PlanAt): Fail => ({
  ...end,
  toUndo: leftToUndo(root, at),
  left: leftBehind(at.state),
});

function plan(node: Node, at: PlanAt): Planned {
  const { path, state, memory } = at;
  const known = memory.outputs.get(path);
  if (known !== undefined) return { ended: { done: true, output: known } };
  const result = state.results.get(path);
  if (result) return { ended: result };
  const planned = planNode(node, at);
  if ('ended' in planned && planned.ended.done) memory.outputs.set(path, planned.ended.output);
  return planned;
}

function planNode(node: Node, at: PlanAt): Planned {
  switch (node.type) {
    case 'sequence':
      return planSequence(node, at);
    case 'fanout':
      return planFanout(node, at);
    case 'map':
      return planMap(node, at);
    case 'hedge':
      return planHedge(node, at);
    case 'choice':
      return planChoice(node, at);
    case 'loop':
      return planLoop(node, at);
    case 'agent':
      return talk({ entry: node.agent }, node.input, at);
    case 'swarm':
      return talk({ entry: node.entry, swarm: swarmOf(node) }, node.input, at);
    case 'supervisor':
      return talk({ entry: node.supervisor, team: teamOf(node) }, node.input, at);
    case 'router':
      return planRouter(node, at);
    case 'group_chat':
      return planGroupChat(node, at);
    case 'reflect':
      return planReflect(node, at);
    case 'plan':
      return planAndExecute(node, at);
    case 'tool':
      return withOpenStep(planTool(node, at), at);
    case 'wait':
      return planWait(node, at);
    case 'run':
      return planRun(node, at);
    case 'board':
      return planBoard(node, at);
    case 'input':
      return planInput(node, at);
    default:
      return assertNever(node, 'node');
  }
}

/** An agent's conversation, with its input filled in. */
function talk(plan: Omit<AgentPlan, 'input'>, template: Parameters<typeof inputOf>[0], at: PlanAt): Planned {
  const input = inputOf(template, at);
  return 'ended' in input ? input : planAgent({ ...plan, input: input.value }, at);
}

const swarmOf = (node: Extract<Node, { type: 'swarm' }>): Swarm => ({
  peers: new Set(node.agents),
  maxHandoffs: node.max_handoffs,
  maxRepeats: node.max_repeats ?? DEFAULT_REPEATS,
  returns: node.returns ?? false,
});

const teamOf = (node: Extract<Node, { type: 'supervisor' }>, budget = budgetOf(node.worker_budget)): Team => ({
  ...(budget && { workerBudget: budget }),
  workers: node.workers,
  maxRounds: node.max_rounds,
  maxStalls: node.max_stalls,
  maxParallel: node.max_parallel ?? DEFAULT_PARALLEL,
  maxResultChars: node.max_result_chars ?? DEFAULT_RESULT_CHARS,
});
