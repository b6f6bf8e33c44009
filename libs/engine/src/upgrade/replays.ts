import { setImmediate as turn } from 'node:timers/promises';
import { canonicalJson, digestOf } from '@writ/kernel';
import type { BillOfMaterials } from '@writ/registry';
import { isAside, type RunEvent, type StepDenied, type StepIntended, type StepKind, type WaitStarted } from '../events';
import { apply, begin } from '../fold';
import { type Act, isAct, type NextStep } from '../next-step';
import { Planner } from '../plan/planner';
import type { RunState } from '../state';

/** Whether a journal is one that other versions of its definitions would have led to; if not, where and why. */
export type Replay = { readonly fits: true } | { readonly fits: false; readonly at: number; readonly because: string };

/** Events between two turns of the event loop. */
const AT_A_TIME = 200;

/**
 * Plays a run's journal against a plan made of another bill: each time something was begun, the plan must want just that.
 * Words of agents may be others, and models: what was said stays said. Which steps there are, which tool is called with
 * what, which branches are opened and what is waited for must be the same up to here; what comes after may be anything.
 */
export async function replays(events: readonly RunEvent[], bill: BillOfMaterials): Promise<Replay> {
  const [first, ...rest] = events;
  if (first?.type !== 'run_started') throw new Error('a journal begins with run_started');
  const state = begin(first);
  const planner = new Planner(bill);
  for (const [i, event] of rest.entries()) {
    if (i % AT_A_TIME === AT_A_TIME - 1) await turn();
    const differs = differsAt(state, planner, event);
    if (differs !== null) return { fits: false, at: i + 1, because: differs };
    apply(state, event);
  }
  const now = events.at(-1)!.at;
  const wanted = planned(state, planner, now);
  return typeof wanted === 'string' ? { fits: false, at: events.length, because: wanted } : { fits: true };
}

function planned(state: RunState, planner: Planner, now: number): readonly NextStep[] | string {
  try {
    return planner.next(state, now);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function differsAt(state: RunState, planner: Planner, event: RunEvent): string | null {
  switch (event.type) {
    case 'step_intended':
      if (event.attempt > 1 || isAside(event.kind) || event.kind === 'finish') return null;
      return lacks(planned(state, planner, event.at), event, (steps) => steps.some((step) => begins(step, event)));
    case 'step_denied':
      if (isAside(event.kind) || event.kind === 'finish') return null;
      return lacks(planned(state, planner, event.at), event, (steps) => steps.some((step) => begins(step, event)));
    case 'branches_opened':
      return lacks(planned(state, planner, event.at), event, (steps) =>
        steps.some(
          (step) =>
            step.type === 'open_branches' && step.path === event.path && step.keys.join('\n') === event.keys.join('\n'),
        ),
      );
    case 'wait_started':
      return isOwn(event)
        ? lacks(planned(state, planner, event.at), event, (steps) => steps.some((step) => waits(step, event)))
        : null;
    default:
      return null;
  }
}

function lacks(
  wanted: readonly NextStep[] | string,
  event: RunEvent,
  has: (steps: readonly NextStep[]) => boolean,
): string | null {
  if (typeof wanted === 'string') return `${said(event)}, where the other version fails: ${wanted}`;
  if (has(wanted)) return null;
  const names = wanted.filter((step) => step.type !== 'rest').map(said);
  if (names.includes(said(event))) return `${said(event)}, where the other version wants it with other arguments`;
  return `${said(event)}, where the other version wants ${names.join(', ') || 'nothing'}`;
}

/** `tool pay at refund`. */
function said(of: RunEvent | NextStep): string {
  const path = 'path' in of && of.path !== '' ? of.path : 'the workflow';
  if (of.type === 'wait_started') return `a wait at ${'path' in of.wait ? of.wait.path : path}`;
  if ('target' in of) return `${of.kind} ${of.target} at ${path}`;
  return `${nameOf(of)} at ${path}`;
}

function nameOf(of: Exclude<RunEvent, { target: string }> | NextStep): string {
  switch (of.type) {
    case 'invoke_tool':
      return `tool ${of.tool.definition.name}`;
    case 'call_model':
      return `a turn of ${of.agent.definition.name}`;
    case 'start_child':
      return `run ${of.workflow.definition.name}`;
    case 'hand_off':
    case 'delegate':
      return `${KINDS[of.type]} ${of.to.definition.name}`;
    case 'wait':
    case 'wait_child':
      return 'a wait';
    default:
      return of.type.replaceAll('_', ' ');
  }
}

const KINDS: { readonly [T in Act['type']]: StepKind } = {
  call_model: 'model',
  relay_model: 'model',
  invoke_tool: 'tool',
  hand_off: 'handoff',
  delegate: 'delegate',
  start_child: 'run',
  begin_run: 'run',
  give_answer: 'finish',
  invoke_agent: 'agent',
  use_board: 'board',
  use_mailbox: 'message',
};

/** Whether this is the act that was begun, or refused. */
function begins(step: NextStep, event: StepIntended | StepDenied): boolean {
  const act = step.type === 'try_again' ? step.act : step;
  if (!isAct(act) || act.path !== event.path) return false;
  if (act.type === 'begin_run') return true;
  if (KINDS[act.type] !== event.kind) return false;
  switch (act.type) {
    case 'call_model':
      return act.agent.definition.name === event.agent;
    case 'invoke_tool':
      return act.tool.definition.name === event.target && sameArguments(act.args, event);
    case 'hand_off':
    case 'delegate':
      return act.to.definition.name === event.target;
    case 'start_child':
      return act.workflow.definition.name === event.target;
    case 'invoke_agent':
    case 'relay_model':
      return act.agent.definition.name === event.target || act.agent.definition.name === event.agent;
    default:
      return true;
  }
}

function sameArguments(args: object, event: StepIntended | StepDenied): boolean {
  // People may have changed what was asked about: the plan's own arguments are not those that were sent.
  if (event.decision.approval !== undefined || event.type === 'step_denied') return true;
  return digestOf(canonicalJson(args as never)) === event.args_digest;
}

/** Waits that a node itself declares; the others are for people, time and room, whatever the definitions say. */
const isOwn = ({ wait }: WaitStarted): boolean => wait.for === 'signal' || wait.for === 'child' || wait.for === 'input';

function waits(step: NextStep, { wait }: WaitStarted): boolean {
  if (!('path' in wait) || !('path' in step) || step.path !== wait.path) return false;
  switch (step.type) {
    case 'wait':
      return wait.for === 'signal' && step.signal === wait.signal;
    case 'wait_child':
      return wait.for === 'child';
    case 'ask_input':
      return wait.for === 'input';
    default:
      return false;
  }
}
