import type { ApprovalId, BudgetId, Failure, InputId, Json, JsonObject, PrincipalKind, RunId } from '@writ/kernel';
import type { Mandate } from '@writ/policy';
import type { RunBudget } from './run-budget';
import type { BatchOf } from './batch-of';
import type { BranchEnded, BranchesJoined, BranchesOpened, BranchStarted } from './events/branch';
import type {
  CancelRequested,
  ChildEnded,
  ChildTold,
  PauseRequested,
  ResumeRequested,
  RunParent,
  RunRedriven,
} from './events/family';
import type { RunFork, RunForked } from './events/fork';
import type { UpgradeRequested, UpgradeSettled } from './events/upgrade';
import type { ApprovalAnswered, ApprovalEnded, InputAnswered, NoteReceived, SignalReceived } from './events/people';
import type { ContentChecked } from './events/guard';
import type { RelayAsked } from './events/relay';
import type {
  RecordedDecision,
  RetryScheduled,
  StepAsked,
  StepDenied,
  StepIntended,
  StepReconciled,
  StepSettled,
  StepUnknown,
} from './events/step';
import type {
  AnswerReturned,
  AnswerTaken,
  CallRejected,
  LedgerUpdated,
  RouteChosen,
  WorkReturned,
} from './events/talk';

export type { ResolvedAttribute } from '@writ/policy';
export type { BranchesOpened, BranchStarted, BranchEnded, BranchesJoined } from './events/branch';
export type {
  RunParent,
  CancelRequested,
  PauseRequested,
  ResumeRequested,
  RunRedriven,
  ChildTold,
  ChildEnded,
} from './events/family';
export type { ForkEffects, RunFork, RunForked } from './events/fork';
export type { Pinned, UpgradeRequested, UpgradeSettled } from './events/upgrade';
export type { ApprovalAnswered, ApprovalEnded, InputAnswered, NoteReceived, SignalReceived } from './events/people';
export type { CheckOf, ContentChecked } from './events/guard';
export type { RelayAsked } from './events/relay';
export { isAside, neverLanded } from './events/step';
export type {
  StepKind,
  RecordedDecision,
  StepIntended,
  StepSettled,
  StepDenied,
  StepAsked,
  StepUnknown,
  StepReconciled,
  RetryScheduled,
} from './events/step';
export type {
  CallRejected,
  WorkReturned,
  LedgerUpdated,
  RouteChoice,
  RouteChosen,
  AnswerTaken,
  AnswerReturned,
} from './events/talk';

/**
 * What happened in a run. The journal is these, in order, one canonical JSON per line; the state is a fold over them.
 * A line's sequence is its place; times are epoch milliseconds by the writer's clock.
 */
export type RunEvent =
  | RunStarted
  | RunResumed
  | StepIntended
  | StepSettled
  | StepDenied
  | StepAsked
  | ApprovalAnswered
  | ApprovalEnded
  | InputAnswered
  | NoteReceived
  | StepUnknown
  | StepReconciled
  | RetryScheduled
  | CallRejected
  | RelayAsked
  | ContentChecked
  | WorkReturned
  | LedgerUpdated
  | RouteChosen
  | AnswerTaken
  | AnswerReturned
  | NodeFailed
  | BranchesOpened
  | BranchStarted
  | BranchEnded
  | BranchesJoined
  | WaitStarted
  | WaitEnded
  | SignalReceived
  | CancelRequested
  | PauseRequested
  | ResumeRequested
  | RunRedriven
  | RunForked
  | UpgradeRequested
  | UpgradeSettled
  | ChildTold
  | ChildEnded
  | RunFinished
  | RunFailed
  | RunCancelled;

export type RunEventType = RunEvent['type'];

/** What was told to the run, and is consumed once. */
export type RunEventWithMail = Extract<RunEvent, { mail: unknown }>;

export interface RunStarted {
  readonly type: 'run_started';
  readonly at: number;
  readonly workflow: string;
  /** Digest over the bill of materials, and the bill: `[kind, name, digest]`, sorted. */
  readonly bill_digest: string;
  readonly bill: readonly (readonly [kind: string, name: string, digest: string])[];
  readonly input: JsonObject;
  readonly initiator: {
    readonly kind: PrincipalKind;
    readonly id: string;
    readonly roles: readonly string[];
  };
  /** Who called, when that is not the initiator. */
  readonly caller: string;
  readonly mandate: Mandate | null;
  readonly budget: RunBudget;
  readonly deadline_at: number | null;
  /** The run that started this one, and the agents that stand between: they bound each of its acts (I6). */
  readonly parent?: RunParent;
  /** The batch it is of: it shares that one's budget. */
  readonly batch?: BatchOf;
  /** The run whose past this one has. */
  readonly fork?: RunFork;
  /** For whom the policy asked whether it may start: nothing happens before people have let it. `decision` is the last that asked. */
  readonly asks?: readonly RunStarted['initiator'][];
  readonly decision: RecordedDecision;
}

/** Another worker took the run over; what it had resolved for a decision under way must be read again. */
export interface RunResumed {
  readonly type: 'run_resumed';
  readonly at: number;
  readonly worker: string;
  readonly lease_epoch: number;
}

/**
 * A node ended without a result, and what follows:
 * - skip: the sequence goes on without it          - fallback: its declared alternative runs instead
 * - compensate: what the sequence did is undone, in reverse, and then it fails
 * - fail: nothing; the failure is the node's result (a spent budget, say, which no event of a step tells)
 */
export interface NodeFailed {
  readonly type: 'node_failed';
  readonly at: number;
  readonly path: string;
  readonly failure: Failure;
  readonly rule: 'skip' | 'fallback' | 'compensate' | 'fail';
}

export type WaitFor =
  | {
      readonly for: 'signal';
      readonly path: string;
      readonly signal: string | null;
      /** Only a signal that brings the same counts; absent: any. */
      readonly correlation?: string;
      readonly until: number | null;
    }
  | { readonly for: 'child'; readonly path: string; readonly run: RunId }
  | { readonly for: 'message'; readonly path: string; readonly mailbox: string; readonly until: number }
  | { readonly for: 'pause'; readonly by: string; readonly reason: string }
  | { readonly for: 'input'; readonly path: string; readonly input: InputId; readonly until: number | null }
  | { readonly for: 'stop'; readonly step: number; readonly target: string }
  | {
      readonly for: 'approval';
      readonly step: number;
      readonly target: string;
      readonly approval?: ApprovalId;
      /** When something about the request changes by itself: it escalates, or ends. */
      readonly until?: number;
    }
  | {
      readonly for: 'reconciliation';
      readonly step: number;
      /** The lost one; absent in journals of before. */
      readonly attempt?: number;
      readonly not_before: number;
    }
  | { readonly for: 'retry'; readonly step: number; readonly until: number }
  /** Its turn of a rate: `obligation` is the id of the one that limits it, and nothing but time is waited for. */
  | { readonly for: 'rate'; readonly step: number; readonly target: string; readonly obligation: string }
  /** `asks`: a person has to grant more; otherwise room comes with time. */
  | {
      readonly for: 'budget';
      readonly step: number;
      readonly target: string;
      readonly budget: BudgetId;
      readonly asks: boolean;
    };

export interface WaitStarted {
  readonly type: 'wait_started';
  readonly at: number;
  /** The branch that waits, when it is not the run's own. */
  readonly branch?: string;
  readonly wait: WaitFor;
}

export interface WaitEnded {
  readonly type: 'wait_ended';
  readonly at: number;
  readonly path: string;
  readonly output: Json;
}

export interface RunFinished {
  readonly type: 'run_finished';
  readonly at: number;
  readonly output: Json;
  readonly output_ref?: string;
}

export interface RunFailed {
  readonly type: 'run_failed';
  readonly at: number;
  readonly status: 'failed' | 'timed_out' | 'denied' | 'stopped' | 'quarantined';
  readonly failure: Failure;
  /** Ended by a stop or its deadline: the calls that would undo what it did, last first, and what had not come to an end. */
  readonly to_undo?: readonly ToUndo[];
  readonly left?: readonly string[];
}

/** One call that undoes what a run did, from what the run really has. */
export interface ToUndo {
  /** Of the compensation. */
  readonly path: string;
  readonly tool: string;
  readonly args: JsonObject;
}

export interface RunCancelled {
  readonly type: 'run_cancelled';
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** What was undone before the end, by the path of its compensation, and what could not be. */
  readonly undone?: readonly string[];
  readonly not_undone?: readonly string[];
  /** Child runs and steps that had not come to an end when the run did. */
  readonly left?: readonly string[];
}
