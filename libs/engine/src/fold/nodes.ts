import { assertNever } from '@writ/kernel';
import * as approvals from '../approvals/standing';
import { awaited } from '../awaited';
import { usedByChild } from '../budget/shares';
import type { ApprovalAnswered, ChildEnded, InputAnswered, NodeFailed, WaitEnded } from '../events';
import { branchOf } from '../path';
import type { BranchState, RunState } from '../state';
import { enter } from './flow';
import { ownerOf, wake } from './places';

/** What ends a node, or a wait of one, without a step of its own: rules, answers of people, signals, child runs. */
export function failNode(state: RunState, { path, failure, rule }: NodeFailed): void {
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

/** An answer to a question that is no longer put changes nothing. */
export function answerInput(state: RunState, { path, input, answer: output }: InputAnswered): void {
  const branch = state.branches.get(branchOf(path));
  if (branch?.wait?.for !== 'input' || branch.wait.input !== input) return;
  branch.wait = null;
  enter(state, { from: 'person', name: '', value: output });
  state.results.set(path, { done: true, output });
}

export function approvalAnswered(state: RunState, { path, approval, verdict, edited }: ApprovalAnswered): void {
  const branch = state.branches.get(branchOf(path));
  if (branch) wake(branch);
  if (edited && verdict === 'approved') approvals.edited(state.approvals, path, { approval, ...edited });
}

export function endWait(state: RunState, event: WaitEnded): void {
  const branch = ownerOf(state, event.path);
  takeSignal(state, branch);
  branch.wait = null;
  state.results.set(event.path, { done: true, output: event.output });
}

/** A child's end is its node's result; what it used counts here, also when nobody wants its result any more. */
export function childEnded(state: RunState, event: ChildEnded): void {
  state.mailSeen.add(event.mail);
  const child = state.children.get(event.path);
  if (!child) {
    // A child may be over before its start is on record: the outcome of the start is on its way, or was lost with a
    // worker and is asked for again. A report is mail, and comes once.
    const open = ownerOf(state, event.path).open;
    if (open?.intent.child?.run === event.run) open.report ??= event;
    return;
  }
  if (child.ended || child.run !== event.run) return;
  child.ended = true;
  state.usage.model_calls += event.usage.model_calls;
  state.usage.tool_calls += event.usage.tool_calls;
  state.usage.tokens += event.usage.tokens;
  const { budget } = child.intent;
  state.ledger.giveBack(event.path, budget, usedByChild(budget, event.usage));
  const branch = ownerOf(state, event.path);
  if (branch.wait?.for === 'child') branch.wait = null;
  if (!branch.live) return;
  enter(state, {
    from: 'outside',
    name: child.intent.run,
    value: event.output,
    ...(event.flow && { labels: event.flow.labels }),
  });
  if (event.flow?.left) state.flow!.left = true;
  if (event.status === 'succeeded') {
    state.results.set(event.path, { done: true, output: event.output });
    return;
  }
  const { code = event.status, class: kind = 'permanent', message = event.status } = event.failure ?? {};
  const failure = {
    code: `child_${event.status}`,
    class: kind,
    message: `the run ${event.run} ${event.status}: ${message}`,
    details: { run: event.run, code },
  };
  state.results.set(event.path, { done: false, failure, status: 'failed' });
}

function takeSignal(state: RunState, branch: BranchState): void {
  const { wait } = branch;
  if (wait?.for !== 'signal' || wait.signal === null) return;
  const signal = awaited(state, wait);
  if (signal) signal.taken = true;
}
