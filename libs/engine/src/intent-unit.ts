import type { Failure } from '@writ/kernel';
import type { Decision } from '@writ/policy';
import { intentOf } from './acts';
import { type Before, standingBefore } from './approvals/tell-inbox';
import { overBudget } from './budget';
import type { Hold } from './budget/bounds';
import { costBound, overLimits } from './budget/in-run';
import type { EngineContext } from './context';
import type { RecordedDecision, StepIntended } from './events';
import { flowMoved } from './flow';
import { isOver } from './fold/branches';
import { asDecided } from './given';
import type { HeldRun } from './held-run';
import { branchOf } from './path';
import type { Proposal } from './proposal';
import { newSalt } from './salt';
import { type Decided, intentTail } from './step-evidence';
import type { UnitRequest } from './unit-request';

/** An allowed act, about to be put on record. */
export interface Intended extends Decided {
  readonly intent: StepIntended;
  readonly branch: string;
  /** How its place stood with people, which the record of it ends. */
  readonly before: Before;
}

/** Not a failure of anything: the join was decided, and this branch is not wanted any more. */
export const CANCELLED: Failure = {
  code: 'branch_cancelled',
  class: 'cancelled',
  message: 'the join was decided without this branch',
};
/** A branch beside this one brought something in or let something out since the decision: decided again. */
export const MOVED: Failure = {
  code: 'labels_moved',
  class: 'transient',
  message: 'what had entered the run has changed',
};

/** `ref`: digest of the arguments where they are kept aside. */
export function intendedFrom(
  held: HeldRun,
  { proposed, decision, step, attempt, holds }: Decided & { readonly holds: readonly Hold[] },
  ref: string | null,
): Intended {
  const place = {
    step,
    attempt,
    at: decision.at,
    decision: recorded(decision),
    salt: newSalt(),
    ref,
    holds,
    cost: costBound(held, proposed),
  };
  const intent = intentOf(withHandoffMode(proposed, decision), place);
  const branch = branchOf(proposed.path);
  return { proposed, decision, step, attempt, intent, branch, before: standingBefore(held, proposed) };
}

/** What is committed of it, unless it is out of date or does not fit when its unit is made. */
export function intentRequest(ctx: EngineContext, held: HeldRun, intended: Intended): UnitRequest {
  const { proposed, branch } = intended;
  return {
    authority: intended.decision.authority,
    // INVARIANT (I13): what the branches beside this one take in the same unit counts as taken.
    build: (beside) =>
      (isOver(held.state, branch) ? CANCELLED : null) ??
      (flowMoved(held, proposed, beside) ? MOVED : null) ??
      overBudget(held.state, proposed, beside) ??
      overLimits(held, proposed, { beside, now: ctx.clock.now() }) ??
      intentTail(ctx, held, intended),
  };
}

export function recorded(decision: Decision): RecordedDecision {
  const { verdict: _verdict, at: _at, authority: _authority, ...kept } = decision;
  return kept;
}

function withHandoffMode(proposed: Proposal, decision: Decision): Proposal {
  const { handoff } = proposed.details;
  if (!handoff) return proposed;
  return { ...proposed, details: { ...proposed.details, handoff: asDecided(handoff, decision) } };
}
