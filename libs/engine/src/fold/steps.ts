import { assertNever, canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import type { ModelReply } from '@writ/gateways';
import { valueAt } from '@writ/registry';
import * as approvals from '../approvals/standing';
import { shareOf, usedBy } from '../budget/shares';
import {
  isAside,
  neverLanded,
  type StepAsked,
  type StepDenied,
  type StepIntended,
  type StepReconciled,
  type StepSettled,
} from '../events';
import { actOver, answered, verdictIn } from '../guard/account';
import { LateSet } from '../late';
import { attributeKey, type BranchState, type NodeResult, type OpenStep, type RunState } from '../state';
import { answer, giveWork, handOver, takeReply, text } from './agent';
import { share } from './board';
import { forget, isOver } from './branches';
import { childEnded } from './nodes';
import { bringIn, enter, goOut } from './flow';
import { branchAt, ownerOf, wake } from './places';
import { endRelays } from './relay';

/** Decided and about to be done. */
export function intend(state: RunState, event: StepIntended): void {
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
  if (isAside(event.kind)) {
    branch.reading = open;
    return;
  }
  if (branch.open && event.attempt > 1) chargeLost(state, branch.open);
  if (branch.open?.report && branch.open.intent.step === event.step) open.report = branch.open.report;
  branch.open = open;
  branch.asked = null;
  goOut(state, event);
  if (event.kind === 'model') state.usage.model_calls += 1;
  if (event.kind === 'tool' && event.attempt === 1) state.usage.tool_calls += 1;
}

/** Asked about: the run waits, and the act is decided again when it wakes. */
export function ask(state: RunState, event: StepAsked): void {
  state.lastStep = Math.max(state.lastStep, event.step);
  ownerOf(state, event.path).asked = { step: event.step, target: event.target, args: digestOfArgs(event.args) };
  if (event.approval !== undefined) approvals.asked(state.approvals, approvals.placeOf(event), event.approval);
}

const digestOfArgs = (args: JsonObject | undefined): string | null =>
  args === undefined ? null : digestOf(canonicalJson(args));

/** A model attempt whose outcome was lost costs what was reserved for it: the vendor may have billed it. */
function chargeLost(state: RunState, open: OpenStep): void {
  if (open.phase === 'in_flight' && open.intent.kind === 'model') state.usage.tokens += open.intent.reserve ?? 0;
}

export function settle(state: RunState, event: StepSettled): void {
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
  const { path, child } = open.intent;
  // A child that was surely never started leaves all that was set aside for it.
  if (child && neverLanded(event)) state.ledger.giveBack(path, child.budget, {});
  finishStep(state, branch, {
    open,
    at: event.at,
    result: event.outcome === 'ok' ? (event.result ?? null) : null,
    failure: event.failure ?? null,
    neverLanded: neverLanded(event),
  });
}

interface StepEnd {
  readonly open: OpenStep;
  /** A failed act that surely took no effect; absent where nobody can say. */
  readonly neverLanded?: boolean;
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
  if (!isAside(intent.kind)) actOver(state, { path: intent.path, done: true });
  if (!branch.live) {
    // The join was decided without it: recorded, never merged. A run that it may have started is still to be told.
    if (failure === null || (failure.class === 'cancelled' && !end.neverLanded)) bear(state, end.open);
    forget(state, branch);
    return;
  }
  switch (intent.kind) {
    case 'agent':
      endRelays(state, intent.path);
      enter(state, { from: 'outside', name: intent.target, value: result });
      endNode(
        state,
        intent.path,
        failure ? { done: false, failure, status: 'failed' } : { done: true, output: result },
      );
      break;
    case 'model':
      if (intent.relay && !failure) endNode(state, intent.path, { done: true, output: result });
      else if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
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
    case 'check':
      if (intent.check)
        answered(state, intent.check, failure ? { failed: failure.code } : verdictIn(intent.check, result));
      return;
    case 'finish':
      endNode(
        state,
        intent.path,
        failure ? { done: false, failure, status: 'failed' } : { done: true, output: intent.args?.['output'] ?? null },
      );
      break;
    case 'run':
      if (failure) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else bear(state, end.open);
      break;
    case 'start':
      endNode(state, intent.path, failure ? { done: false, failure, status: 'failed' } : { done: true, output: null });
      break;
    case 'handoff':
      if (!failure) handOver(state, intent);
      break;
    case 'delegate':
      if (!failure) giveWork(state, intent);
      else if (intent.call === undefined) endNode(state, intent.path, { done: false, failure, status: 'failed' });
      else answer(state, intent.path, { call: intent.call, content: failureText(failure) });
      break;
    case 'board':
    case 'message':
      if (!failure) share(state, intent, { result, at: end.at });
      endCall(state, intent, { result, failure });
      break;
    case 'tool':
      bringIn(state, intent, failure ? failureText(failure) : result);
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
  branch.fresh = new LateSet();
}

/** What a model asked for is answered to it; what the workflow asked for is its node's result. */
function endCall(
  state: RunState,
  { path, call }: StepIntended,
  { result, failure }: Pick<StepEnd, 'result' | 'failure'>,
): void {
  if (call !== undefined) {
    const content = failure ? `Error: ${failure.code}: ${failure.message}` : text(result);
    return answer(state, path, { call, content });
  }
  endNode(state, path, failure ? { done: false, failure, status: 'failed' } : { done: true, output: result });
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

export function deny(state: RunState, event: StepDenied): void {
  const branch = ownerOf(state, event.path);
  wake(branch);
  if (branch.wait?.for === 'message') branch.wait = null;
  state.lastStep = Math.max(state.lastStep, event.step);
  if (!isAside(event.kind)) {
    branch.fresh = new LateSet();
    branch.asked = null;
    actOver(state, { path: event.path, done: false });
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
  if (isAside(event.kind)) {
    if (event.attribute) bringNothing(state, branch, attributeKey(event.attribute.name, event.attribute.resource.id));
    if (event.check) answered(state, event.check, { failed: event.decision.reason });
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

export function reconcile(state: RunState, branch: BranchState, event: StepReconciled): void {
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

/** A child run is known from here on, and what it has reported already is taken. */
function bear(state: RunState, { intent: { path, child }, report }: OpenStep): void {
  if (!child) return;
  state.children.set(path, { run: child.run, intent: child, toldAt: null, ended: false });
  if (report) childEnded(state, report);
}
