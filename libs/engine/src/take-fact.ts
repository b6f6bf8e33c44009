import { assertNever, type Failure } from '@writ/kernel';
import { evidence } from './evidence';
import { replayChild } from './fork/stubbed';
import type { HeldRun } from './held-run';
import type { ChooseRoute, EndBranch, Fact, JoinBranches, ReturnWork, SettleStray } from './next-step';
import { record, recordUnknown, recordWait } from './outcomes';
import { branchOf, branchPath } from './path';

/** Records what the plan draws from the events so far. It takes no time and needs no decision. */
export function takeFact(held: HeldRun, fact: Fact, now: number): void {
  const { path } = fact;
  switch (fact.type) {
    case 'open_branches':
      return record(held, { type: 'branches_opened', at: now, path, keys: fact.keys, deadline_at: fact.deadlineAt });
    case 'start_branch':
      return record(held, {
        type: 'branch_started',
        at: now,
        path,
        deadline_at: fact.deadlineAt,
        ...(fact.budget && { budget: fact.budget }),
      });
    case 'end_branch':
      return endBranch(held, fact, now);
    case 'join_branches':
      return join(held, fact, now);
    case 'reject_call': {
      const { call, code, message } = fact;
      return record(held, { type: 'call_rejected', at: now, path, call, code, message });
    }
    case 'return_work':
      return returnWork(held, fact, now);
    case 'update_ledger':
      return record(
        held,
        { type: 'ledger_updated', at: now, path, call: fact.call, ledger: fact.ledger },
        evidence(
          held.scope,
          { now, branch: branchOf(path) },
          {
            type: 'plan.updated',
            detail: { path, version: fact.ledger.version, tasks: fact.ledger.tasks.length },
          },
        ),
      );
    case 'choose_route':
      return chooseRoute(held, fact, now);
    case 'take_answer':
      return record(held, { type: 'answer_taken', at: now, path });
    case 'return_answer':
      return record(held, { type: 'answer_returned', at: now, path, code: fact.code, message: fact.message });
    case 'rule_node':
      return record(held, { type: 'node_failed', at: now, path, failure: fact.failure, rule: fact.rule });
    case 'wait': {
      const until = fact.timeoutMs === null ? null : now + fact.timeoutMs;
      const { signal, correlation } = fact;
      const wait = { for: 'signal', path, signal, ...(correlation !== undefined && { correlation }), until } as const;
      recordWait(held, { wait, branch: branchOf(path), now });
      // A wait that is known to have ended is over at once in a run that is given back what was.
      const output = held.recording?.waited(path);
      return output === undefined ? undefined : record(held, { type: 'wait_ended', at: now, path, output });
    }
    case 'wait_child':
      if (replayChild(held, fact, now)) return;
      return recordWait(held, { wait: { for: 'child', path, run: fact.run }, branch: branchOf(path), now });
    case 'wait_message': {
      const { mailbox, until } = fact;
      return recordWait(held, { wait: { for: 'message', path, mailbox, until }, branch: branchOf(path), now });
    }
    case 'end_wait':
      return record(held, { type: 'wait_ended', at: now, path, output: fact.output });
    case 'ask_person': {
      const { step, attempt } = fact.open.intent;
      return recordUnknown(held, { step, attempt, reason: 'outcome_lost', now, branch: branchOf(path) });
    }
    case 'settle_stray':
      return settleStray(held, fact, now);
    default:
      assertNever(fact, 'fact');
  }
}

/** A branch that timed out leaves its call behind; what may be repeated is aborted. */
function endBranch(held: HeldRun, { path, outcome, failure }: EndBranch, now: number): void {
  record(held, { type: 'branch_ended', at: now, path, outcome, ...(failure && { failure }) });
  abortBelow(held, path);
}

/** A decided join is evidence: which branches were merged, and which were cancelled. */
function join(held: HeldRun, { path, verdict }: JoinBranches, now: number): void {
  const { cancelled } = verdict;
  const merged = verdict.kind === 'ok' ? verdict.merged : [];
  const outcome = verdict.kind;
  record(
    held,
    {
      type: 'branches_joined',
      at: now,
      path,
      outcome,
      merged,
      cancelled,
      ...(verdict.kind === 'failed' && { failure: verdict.failure }),
    },
    evidence(
      held.scope,
      { now, branch: branchOf(path) },
      {
        type: 'branches.joined',
        outcome,
        detail: { path, merged: merged.length, cancelled: cancelled.length },
      },
    ),
  );
  for (const key of cancelled) abortBelow(held, branchPath(path, key));
}

/** Work is back, in a turn of the one who gave it away. */
function returnWork(held: HeldRun, { path, work, chars, failure }: ReturnWork, now: number): void {
  const outcome = failure === null ? 'ok' : 'failed';
  const { call, path: branch } = work;
  record(
    held,
    { type: 'work_returned', at: now, path, call, branch, chars, outcome, ...(failure && { failure }) },
    evidence(
      held.scope,
      { now, branch: branchOf(path) },
      {
        type: 'work.returned',
        outcome: failure?.code ?? 'ok',
        detail: { branch, agent: work.to.agent },
      },
    ),
  );
}

/** What a classifier said is evidence: which way the run went follows from it and from the decision after it. */
function chooseRoute(held: HeldRun, { path, tier, choice }: ChooseRoute, now: number): void {
  const { router, version, route, scores } = choice;
  const best = scores[0]?.score;
  record(
    held,
    { type: 'route_chosen', at: now, path, tier, choice },
    evidence(
      held.scope,
      { now, branch: branchOf(path) },
      {
        type: 'route.chosen',
        outcome: route ?? choice.because ?? 'abstained',
        detail: { path, router, version, ...(best !== undefined && { score: String(best) }) },
      },
    ),
  );
}

function abortBelow(held: HeldRun, path: string): void {
  held.crew.abort(held.state, (branch) => branch === path || branch.startsWith(`${path}/`));
}

const CANCELLED: Failure = {
  code: 'branch_cancelled',
  class: 'cancelled',
  message: 'the join was decided without this branch',
};

/** What a cancelled branch's last call may have cost is charged; nobody waits for its outcome. */
function settleStray(held: HeldRun, { path, open }: SettleStray, now: number): void {
  const { step, attempt, reserve } = open.intent;
  const tokens = reserve ?? 0;
  record(
    held,
    {
      type: 'step_settled',
      at: now,
      step,
      attempt,
      outcome: 'error',
      failure: CANCELLED,
      landed: 'maybe',
      final: true,
      ...(tokens > 0 && { tokens }),
    },
    evidence(
      held.scope,
      { now, branch: branchOf(path) },
      {
        type: 'action.settled',
        step,
        attempt,
        outcome: CANCELLED.code,
        detail: { final: true },
      },
    ),
  );
}
