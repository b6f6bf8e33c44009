import { assertNever } from '@writ/kernel';
import { isFinal } from '@writ/words';
import * as approvals from './approvals/standing';
import type { RunEvent, RunStarted, WaitFor } from './events';
import { ownLimits } from './budget/shares';
import { agentNode, answer, returnAnswer, returnWork, takeAnswer, takeRoute, updateLedger } from './fold/agent';
import { applyBranches } from './fold/branches';
import { enter } from './fold/flow';
import { inherit } from './fold/fork';
import { lookedAt } from './guard/account';
import { askUpgrade, settleUpgrade } from './fold/upgrade';
import { answerInput, approvalAnswered, childEnded, endWait, failNode } from './fold/nodes';
import { branchAt, wake } from './fold/places';
import { askRelay } from './fold/relay';
import { ask, deny, intend, reconcile, settle } from './fold/steps';
import { LateSet } from './late';
import { hearNote } from './notes';
import { branchOf } from './path';
import { branchState, emptyState, type RunState } from './state';
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
        branch.fresh = new LateSet();
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
      return ask(state, event);
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
      enter(state, { from: 'person', name: event.by, value: event.text });
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
    case 'relay_asked':
      return askRelay(state, event);
    case 'content_checked':
      return lookedAt(state, event);
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
    case 'wait_ended':
      endWait(state, event);
      break;
    case 'signal_received':
      state.mailSeen.add(event.mail);
      enter(state, { from: 'signal', name: event.name, value: event.payload });
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
      // It was over: it goes on to undo what it did.
      state.failure = null;
      if (isFinal(state.status)) state.status = 'running';
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
    case 'upgrade_requested':
      return askUpgrade(state, event);
    case 'upgrade_settled':
      return settleUpgrade(state, event);
    case 'run_forked':
      inherit(state, event);
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

const ownerPath = (wait: WaitFor): string => ('path' in wait ? branchOf(wait.path) : '');
