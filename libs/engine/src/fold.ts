import { assertNever, canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import type { ModelReply } from '@writ/gateways';
import { valueAt } from '@writ/registry';
import * as approvals from './approvals/standing';
import { awaited } from './awaited';
import type {
  ApprovalAnswered,
  ChildEnded,
  InputAnswered,
  NodeFailed,
  RunEvent,
  RunStarted,
  StepDenied,
  StepIntended,
  StepReconciled,
  StepSettled,
  WaitFor,
} from './events';
import { ownLimits, shareOf, usedBy } from './budget/shares';
import {
  agentNode,
  answer,
  giveWork,
  handOver,
  returnAnswer,
  returnWork,
  takeAnswer,
  takeReply,
  takeRoute,
  text,
  updateLedger,
} from './fold-agent';
import { applyBranches, forget, isOver } from './fold-branches';
import { hearNote } from './notes';
import { branchOf } from './path';
import {
  attributeKey,
  branchState,
  type BranchState,
  emptyState,
  type NodeResult,
  type OpenStep,
  type RunState,
} from './state';
import { standingStatus } from './waits';

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
  state.ledger.limit({ path: '', level: 'run', limits: ownLimits(started.budget), since: started.at });
  return state;
}

/** Applies one event in place. The state belongs to one worker; readers get it only between events. */
export function apply(state: RunState, event: RunEvent): void {
  state.seq += 1;
  switch (event.type) {
    case 'run_started':
      throw new Error('run_started comes once, first');
    case 'run_resumed':
      for (const branch of state.branches.values()) {
        // What was read for a decision under way may be as old as the crash: age 0 means read it again.
        branch.fresh = new Set();
        wake(branch);
      }
      break;
    case 'step_intended':
      intend(state, event);
      break;
    case 'step_settled':
      settle(state, event);
      return;
    case 'step_denied':
      deny(state, event);
      break;
    case 'step_asked':
      state.lastStep = Math.max(state.lastStep, event.step);
      ownerOf(state, event.path).asked = { step: event.step, target: event.target, args: digestOfArgs(event.args) };
      if (event.approval !== undefined) approvals.asked(state.approvals, approvals.placeOf(event), event.approval);
      return;
    case 'approval_answered':
      state.mailSeen.add(event.mail);
      approvalAnswered(state, event);
      break;
    case 'input_answered':
      state.mailSeen.add(event.mail);
      answerInput(state, event);
      break;
    case 'note_received':
      state.mailSeen.add(event.mail);
      hearNote(state, event);
      return;
    case 'approval_ended':
      approvals.ended(state.approvals, event.path);
      return;
    case 'step_unknown': {
      const branch = branchAt(state, event.step);
      if (branch?.open?.intent.step === event.step) branch.open.phase = 'unknown';
      return;
    }
    case 'step_reconciled': {
      state.mailSeen.add(event.mail);
      const branch = branchAt(state, event.step);
      if (branch?.open?.intent.step === event.step) {
        wake(branch);
        reconcile(state, branch, event);
      }
      break;
    }
    case 'retry_scheduled': {
      const branch = branchAt(state, event.step);
      for (const one of [branch?.open, branch?.reading]) {
        if (one?.intent.step === event.step) one.notBefore = event.not_before;
      }
      return;
    }
    case 'call_rejected':
      answer(state, event.path, { call: event.call, content: `Error: ${event.code}: ${event.message}` });
      agentNode(state, event.path).refused.add(event.code);
      return;
    case 'work_returned':
      returnWork(state, event);
      break;
    case 'ledger_updated':
      return updateLedger(state, event);
    case 'route_chosen':
      return takeRoute(state, event);
    case 'answer_taken':
      return takeAnswer(state, event.path);
    case 'answer_returned':
      return returnAnswer(state, event);
    case 'node_failed':
      failNode(state, event);
      return;
    case 'branches_opened':
    case 'branch_started':
    case 'branch_ended':
    case 'branches_joined':
      applyBranches(state, event);
      break;
    case 'wait_started':
      if (event.wait.for === 'input') state.questions += 1;
      branchState(state, event.branch ?? ownerPath(event.wait)).wait = event.wait;
      break;
    case 'wait_ended': {
      const branch = ownerOf(state, event.path);
      takeSignal(state, branch);
      branch.wait = null;
      state.results.set(event.path, { done: true, output: event.output });
      break;
    }
    case 'signal_received':
      state.mailSeen.add(event.mail);
      state.signals.push({
        name: event.name,
        payload: event.payload,
        correlation: event.correlation ?? null,
        taken: false,
      });
      return;
    case 'cancel_requested':
      state.mailSeen.add(event.mail);
      state.cancel ??= { by: event.by, reason: event.reason };
      // Whoever held it held what is over now.
      state.paused = null;
      break;
    case 'pause_requested':
      state.mailSeen.add(event.mail);
      state.paused ??= { by: event.by, reason: event.reason };
      break;
    case 'resume_requested':
      state.mailSeen.add(event.mail);
      state.paused = null;
      break;
    case 'run_redriven':
      state.mailSeen.add(event.mail);
      state.status = 'running';
      state.failure = null;
      break;
    case 'child_told': {
      const child = state.children.get(event.path);
      if (child) child.toldAt ??= event.at;
      return;
    }
    case 'child_ended':
      childEnded(state, event);
      break;
    case 'run_finished':
      state.output = event.output;
      return end(state, 'succeeded');
    case 'run_failed':
      state.failure = event.failure;
      return end(state, event.status);
    case 'run_cancelled':
      state.failure = { code: 'cancelled', class: 'cancelled', message: event.reason };
      return end(state, 'cancelled');
    default:
      assertNever(event, 'run event');
  }
  state.status = standingStatus(state);
}

function end(state: RunState, status: RunState['status']): void {
  state.status = status;
  for (const branch of state.branches.values()) branch.wait = null;
}

const ownerOf = (state: RunState, path: string): BranchState => branchState(state, branchOf(path));
const ownerPath = (wait: WaitFor): string => ('path' in wait ? branchOf(wait.path) : '');
const digestOfArgs = (args: JsonObject | undefined): string | null =>
  args === undefined ? null : digestOf(canonicalJson(args));

/** The branch whose open step or read this is. */
function branchAt(state: RunState, step: number): BranchState | undefined {
  for (const branch of state.branches.values()) {
    if (branch.open?.intent.step === step || branch.reading?.intent.step === step) return branch;
  }
  return undefined;
}

/** A branch that moves again has left what it waited for, unless its own definition waits: for a signal, a time, an answer. */
function wake(branch: BranchState): void {
  if (branch.wait && !('path' in branch.wait)) branch.wait = null;
}

/** An answer to a question that is no longer put changes nothing. */
function answerInput(state: RunState, { path, input, answer: output }: InputAnswered): void {
  const branch = state.branches.get(branchOf(path));
  if (branch?.wait?.for !== 'input' || branch.wait.input !== input) return;
  branch.wait = null;
  state.results.set(path, { done: true, output });
}

function approvalAnswered(state: RunState, { path, approval, verdict, edited }: ApprovalAnswered): void {
  const branch = state.branches.get(branchOf(path));
  if (branch) wake(branch);
  if (edited && verdict === 'approved') approvals.edited(state.approvals, path, { approval, ...edited });
}

function intend(state: RunState, event: StepIntended): void {
  const branch = ownerOf(state, event.path);
  // An intent that was on its way when its branch ended: in whichever order the two are applied, its outcome is owed.
  if (isOver(state, branch.path)) branch.live = false;
  // A branch that acts waits for nothing.
  branch.wait = null;
  state.lastStep = Math.max(state.lastStep, event.step);
  approvals.intended(state.approvals, approvals.placeOf(event), {
    approval: event.decision.approval,
    step: event.step,
    decision: event.decision.id,
  });
  state.ledger.reserve(event.step, event.attempt, { path: event.path, bound: shareOf(event) });
  const open: OpenStep = { intent: event, phase: 'in_flight', failure: null, notBefore: null };
  if (event.kind === 'data') {
    branch.reading = open;
    return;
  }
  if (branch.open && event.attempt > 1) chargeLost(state, branch.open);
  branch.open = open;
  branch.asked = null;
  if (event.kind === 'model') state.usage.model_calls += 1;
  if (event.kind === 'tool' && event.attempt === 1) state.usage.tool_calls += 1;
}

function failNode(state: RunState, { path, failure, rule }: NodeFailed): void {
  const branch = ownerOf(state, path);
  if (branch.wait && 'path' in branch.wait && branch.wait.path === path) branch.wait = null;
  switch (rule) {
    case 'skip':
      state.ruled.set(path, { rule, failure });
      state.results.set(path, { done: true, output: null });
      return;
    case 'fail':
      if (branch.open?.intent.path === path) branch.open = null;
      state.results.set(path, { done: false, status: 'failed', failure });
      return;
    case 'fallback':
    case 'compensate':
      state.ruled.set(path, { rule, failure });
      return;
    default:
      assertNever(rule, 'rule');
  }
}

/** A model attempt whose outcome was lost costs what was reserved for it: the vendor may have billed it. */
function chargeLost(state: RunState, open: OpenStep): void {
  if (open.phase === 'in_flight' && open.intent.kind === 'model') state.usage.tokens += open.intent.reserve ?? 0;
}

function settle(state: RunState, event: StepSettled): void {
  const branch = branchAt(state, event.step);
  const open = branch?.reading?.intent.step === event.step ? branch.reading : branch?.open;
  if (!branch || !open || open.intent.step !== event.step || open.intent.attempt !== event.attempt) {
    throw new Error(`step ${event.step} attempt ${event.attempt} settled without an open intent`);
  }
  state.usage.tokens += event.tokens ?? 0;
  state.ledger.settle(event.step, event.attempt, usedBy(open.intent, event));
  if (!event.final && branch.live) {
    open.phase = 'failed';
    open.failure = event.failure ?? null;
    return;
  }
  if (open === branch.reading) branch.reading = null;
  else branch.open = null;
  finishStep(state, branch, {
    open,
    at: event.at,
    result: event.outcome === 'ok' ? (event.result ?? null) : null,
    failure: event.failure ?? null,
  });
}

interface StepEnd {
  readonly open: OpenStep;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly result: Json;
  readonly failure: OpenStep['failure'];
}

/** A step is over for good: its node takes the answer. */
function finishStep(state: RunState, branch: BranchState, end: StepEnd): void {
  const { intent } = end.open;
  const { result, failure } = end;
  const place = approvals.placeOf(intent);
  const change = approvals.approvalStanding(state.approvals, place).edited;
  approvals.ended(state.approvals, place);
  if (!branch.live) {
    // The join was decided without it: recorded, never merged. A run that it may have started is still to be told.
    if (intent.child && (failure === null || failure.class === 'cancelled')) bear(state, intent);
    forget(state, branch);
    return;
  }
  switch (intent.kind) {
    case 'model':
      if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else takeReply(state, intent, result as unknown as ModelReply);
      break;
    case 'data':
      if (intent.attribute && !failure) {
        const key = attributeKey(intent.attribute.name, intent.attribute.resource.id);
        const value = valueAt(result, intent.attribute.pointer) ?? null;
        state.attributes.set(key, { value, source: intent.target, at: end.at });
        branch.fresh.add(key);
      } else if (intent.attribute) {
        bringNothing(state, branch, attributeKey(intent.attribute.name, intent.attribute.resource.id));
      }
      return;
    case 'run':
      if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else bear(state, intent);
      break;
    case 'handoff':
      if (!failure) handOver(state, intent);
      break;
    case 'delegate':
      if (!failure) giveWork(state, intent);
      else if (intent.call === undefined) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else answer(state, intent.path, { call: intent.call, content: failureText(failure) });
      break;
    case 'tool':
      if (intent.call !== undefined)
        answer(state, intent.path, {
          call: intent.call,
          content: `${change ? editedNote(change.args) : ''}${failure ? failureText(failure) : text(result)}`,
        });
      else if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else endNode(state, intent.path, { done: true, output: result });
      break;
    default:
      assertNever(intent.kind, 'step kind');
  }
  branch.fresh = new Set();
}

/** The decision that wanted the attribute is made without it: its conditions err, so allow rules do not match (I7). */
function bringNothing(state: RunState, branch: BranchState, key: string): void {
  state.attributes.delete(key);
  branch.fresh.add(key);
}

/** The model is told that its call was made with other arguments, or it would go on from ones that nobody used. */
const editedNote = (args: JsonObject): string =>
  `Note: a person changed the arguments of this call before approving it, to ${JSON.stringify(args)}.\n`;
const failureText = (failure: { readonly message: string }): string => `Error: ${failure.message}`;

function endNode(state: RunState, path: string, result: NodeResult): void {
  state.results.set(path, result);
}

function deny(state: RunState, event: StepDenied): void {
  const branch = ownerOf(state, event.path);
  wake(branch);
  state.lastStep = Math.max(state.lastStep, event.step);
  if (event.kind !== 'data') {
    branch.fresh = new Set();
    branch.asked = null;
  }
  if (branch.open?.intent.step === event.step) branch.open = null;
  if (branch.reading?.intent.step === event.step) branch.reading = null;
  approvals.ended(state.approvals, approvals.placeOf(event));
  const failure = {
    code: 'policy_denied',
    class: 'policy' as const,
    message: `${event.target} was denied: ${event.decision.reason}`,
    details: { decision: event.decision.id, reason: event.decision.reason },
  };
  if (event.kind === 'data') {
    if (event.attribute) bringNothing(state, branch, attributeKey(event.attribute.name, event.attribute.resource.id));
    return;
  }
  if (event.call !== undefined) {
    // INVARIANT: the agent learns the stable reason code and nothing of the rules.
    answer(state, event.path, { call: event.call, content: `Error: denied: ${event.decision.reason}` });
    return;
  }
  if (event.kind === 'delegate') {
    // Chosen and not allowed: what follows is the choosing pattern's to say.
    state.entered.set(event.path, { denied: failure });
    return;
  }
  const status = event.decision.reason === 'stopped' ? 'stopped' : 'denied';
  endNode(state, event.path, { done: false, failure, status });
}

function reconcile(state: RunState, branch: BranchState, event: StepReconciled): void {
  const { at, verdict, result = null } = event;
  const open = branch.open!;
  if (verdict === 'did_not_happen') {
    open.phase = 'redo';
    return;
  }
  branch.open = null;
  if (verdict === 'happened') finishStep(state, branch, { open, at, result, failure: null });
  else {
    const message = `${open.intent.target}: its outcome was lost and the step was abandoned`;
    finishStep(state, branch, { open, at, result: null, failure: { code: 'abandoned', class: 'unknown', message } });
  }
}

function bear(state: RunState, { path, child }: StepIntended): void {
  if (child) state.children.set(path, { run: child.run, intent: child, toldAt: null, ended: false });
}

/** A child's end is its node's result; what it used counts here, also when nobody wants its result any more. */
function childEnded(state: RunState, event: ChildEnded): void {
  state.mailSeen.add(event.mail);
  const child = state.children.get(event.path);
  if (!child || child.ended || child.run !== event.run) return;
  child.ended = true;
  state.usage.model_calls += event.usage.model_calls;
  state.usage.tool_calls += event.usage.tool_calls;
  state.usage.tokens += event.usage.tokens;
  const branch = ownerOf(state, event.path);
  if (branch.wait?.for === 'child') branch.wait = null;
  if (!branch.live) return;
  if (event.status === 'succeeded') return endNode(state, event.path, { done: true, output: event.output });
  const { code = event.status, class: kind = 'permanent', message = event.status } = event.failure ?? {};
  const failure = {
    code: `child_${event.status}`,
    class: kind,
    message: `the run ${event.run} ${event.status}: ${message}`,
    details: { run: event.run, code },
  };
  endNode(state, event.path, { done: false, failure, status: 'failed' });
}

function takeSignal(state: RunState, branch: BranchState): void {
  const { wait } = branch;
  if (wait?.for !== 'signal' || wait.signal === null) return;
  const signal = awaited(state, wait);
  if (signal) signal.taken = true;
}
