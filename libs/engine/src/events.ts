import type {
  ApprovalId,
  BudgetId,
  EffectClass,
  Failure,
  Hop,
  InputId,
  Json,
  JsonObject,
  MailId,
  RunId,
} from '@writ/kernel';
import type { Budget, Decision, Mandate, ResolvedAttribute, Resource } from '@writ/policy';
import type { RouteScore } from '@writ/routing';
import type { RunBudget } from './api';
import type { ChildEnded, ChildTold, PauseRequested, ResumeRequested, RunParent, RunRedriven } from './family-events';
import type { Ledger } from './plan/ledger';

/** What kind of door a step goes through; also the kind of permit it needs. */
export type StepKind = 'model' | 'tool' | 'data' | 'handoff' | 'delegate' | 'run';

/** A decision as the journal keeps it: everything `explain` shows. */
export type RecordedDecision = Omit<Decision, 'verdict' | 'at' | 'authority'>;

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
  | ChildTold
  | ChildEnded
  | RunFinished
  | RunFailed
  | RunCancelled;

export type RunEventType = RunEvent['type'];

export interface RunStarted {
  readonly type: 'run_started';
  readonly at: number;
  readonly workflow: string;
  /** Digest over the bill of materials, and the bill: `[kind, name, digest]`, sorted. */
  readonly bill_digest: string;
  readonly bill: readonly (readonly [kind: string, name: string, digest: string])[];
  readonly input: JsonObject;
  readonly initiator: {
    readonly kind: 'user' | 'service' | 'agent';
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
  readonly decision: RecordedDecision;
}

/** Another worker took the run over; what it had resolved for a decision under way must be read again. */
export interface RunResumed {
  readonly type: 'run_resumed';
  readonly at: number;
  readonly worker: string;
  readonly lease_epoch: number;
}

/** Decided and about to be done: the claim of the effect ledger (I2). */
export interface StepIntended {
  readonly type: 'step_intended';
  readonly at: number;
  readonly step: number;
  readonly attempt: number;
  /** Node of the workflow, as step ids joined by `/`; empty for the root. */
  readonly path: string;
  readonly kind: StepKind;
  readonly agent: string | null;
  readonly target: string;
  readonly target_digest: string;
  /** Absent for model steps, whose request the journal already implies. */
  readonly args?: JsonObject;
  readonly args_ref?: string;
  readonly args_digest: string;
  /** The salt of the evidence's commitment to the arguments; erased with them. */
  readonly salt: string;
  readonly effect: EffectClass;
  /** The model's call this answers. */
  readonly call?: string;
  /** Tokens reserved before a model call; what a lost attempt is charged (I5, I13). */
  readonly reserve?: number;
  /** The most a model call may cost, in millionths of its price's currency; kept where a limit reads it. */
  readonly cost_bound?: number;
  /** What it holds of the tenant's budgets until it is settled (I13). */
  readonly holds?: readonly (readonly [budget: BudgetId, dimension: Budget['dimension'], amount: number])[];
  /** For `data`: what the answer is about. */
  readonly attribute?: { readonly name: string; readonly resource: Resource; readonly pointer: string };
  /** For `model`: the final answer must have a shape, so it is read before the node takes it. */
  readonly structured?: true;
  /**
   * For `handoff` and `delegate`; `returns` when control comes back once the receiver has answered, `asks` for a question
   * to another agent, which is no round of a supervisor.
   */
  readonly handoff?: {
    readonly to: Hop;
    readonly purpose: string;
    readonly message: string;
    readonly returns?: true;
    readonly asks?: true;
    /** Limits of the work, beside all those around it. */
    readonly budget?: RunBudget;
  };
  /** For `run`: the child, and what of this run's limits is set aside for it until it reports. */
  readonly child?: {
    readonly run: RunId;
    readonly root: RunId;
    readonly depth: number;
    readonly budget: RunBudget;
    readonly deadline_at: number | null;
    /** It goes on when this run is over. */
    readonly leave: boolean;
  };
  readonly decision: RecordedDecision;
}

export interface StepSettled {
  readonly type: 'step_settled';
  readonly at: number;
  readonly step: number;
  readonly attempt: number;
  readonly outcome: 'ok' | 'error';
  readonly result?: Json;
  readonly result_ref?: string;
  /** The salt of the evidence's commitment; erased with the value. */
  readonly salt?: string;
  readonly failure?: Failure;
  readonly landed?: 'no' | 'maybe' | 'yes';
  /** False when another attempt follows. */
  readonly final: boolean;
  readonly tokens?: number;
  /** Millionths of the price's currency; absent where the price is unknown. */
  readonly cost_micros?: number;
}

export interface StepDenied {
  readonly type: 'step_denied';
  readonly at: number;
  readonly step: number;
  readonly path: string;
  readonly kind: StepKind;
  readonly agent: string | null;
  readonly target: string;
  readonly args?: JsonObject;
  readonly call?: string;
  readonly attribute?: NonNullable<StepIntended['attribute']>;
  readonly decision: RecordedDecision;
}

/** The decision was `ask`: the run waits and is decided again when it wakes. */
export interface StepAsked {
  readonly type: 'step_asked';
  readonly at: number;
  readonly step: number;
  readonly path: string;
  readonly kind: StepKind;
  readonly agent: string | null;
  readonly target: string;
  readonly args?: JsonObject;
  /** The request to people; absent where a stop holds the step. */
  readonly approval?: ApprovalId;
  readonly decision: RecordedDecision;
}

/** People settled a request. Whether the act may happen is decided again when it is taken. */
export interface ApprovalAnswered {
  readonly type: 'approval_answered';
  readonly at: number;
  readonly mail: MailId;
  /** Where the act stands: the path of its node. */
  readonly path: string;
  readonly approval: ApprovalId;
  readonly verdict: 'approved' | 'rejected';
  readonly by: string;
  /** Arguments in place of those that were asked about, and the request they replaced. */
  readonly edited?: { readonly of: ApprovalId; readonly args: JsonObject };
}

/** A request ended without an act: what it was about, or what it rested on, is no longer so. */
export interface ApprovalEnded {
  readonly type: 'approval_ended';
  readonly at: number;
  readonly path: string;
  readonly approval: ApprovalId;
  readonly reason: string;
}

/** People answered a question of the workflow: the node's output. */
export interface InputAnswered {
  readonly type: 'input_answered';
  readonly at: number;
  readonly mail: MailId;
  readonly path: string;
  readonly input: InputId;
  readonly answer: Json;
  readonly by: string;
}

/** An operator told the agents of the run something: they see it, as from an operator, with their next turn. */
export interface NoteReceived {
  readonly type: 'note_received';
  readonly at: number;
  readonly mail: MailId;
  readonly text: string;
  readonly by: string;
}

/** The outcome of an unrepeatable effect is lost; a person says what happened (I5). */
export interface StepUnknown {
  readonly type: 'step_unknown';
  readonly at: number;
  readonly step: number;
  readonly attempt: number;
  readonly reason: string;
}

export interface StepReconciled {
  readonly type: 'step_reconciled';
  readonly at: number;
  readonly mail: MailId;
  readonly step: number;
  readonly verdict: 'happened' | 'did_not_happen' | 'abandon';
  readonly result?: Json;
  readonly by: string;
  readonly note: string;
}

export interface RetryScheduled {
  readonly type: 'retry_scheduled';
  readonly at: number;
  readonly step: number;
  readonly attempt: number;
  readonly not_before: number;
}

/** A model's call that never became a request: unknown tool, unparsable or invalid arguments. The model is told. */
export interface CallRejected {
  readonly type: 'call_rejected';
  readonly at: number;
  readonly path: string;
  readonly call: string;
  readonly code: string;
  readonly message: string;
}

/** Work given away has come back: the call that gave it is answered, with at most `chars` characters of the result. */
export interface WorkReturned {
  readonly type: 'work_returned';
  readonly at: number;
  readonly path: string;
  readonly call: string;
  /** Where the work was done: a branch of its own. */
  readonly branch: string;
  readonly chars: number;
  readonly outcome: 'ok' | 'failed';
  readonly failure?: Failure;
}

/** A plan was written, or written anew: a supervisor's, by a call of its model, or a planner's. */
export interface LedgerUpdated {
  readonly type: 'ledger_updated';
  readonly at: number;
  readonly path: string;
  readonly call: string | null;
  readonly ledger: Ledger;
}

/** What a classifier said of an input; a route of null means that it abstained. */
export interface RouteChoice {
  readonly router: string;
  /** Of the classifier: algorithm and examples, or the agent's digest. */
  readonly version: string;
  readonly scores: readonly RouteScore[];
  readonly threshold: number;
  readonly margin: number;
  readonly route: string | null;
  readonly because?: 'below_threshold' | 'within_margin' | 'named_none' | 'failed';
}

export interface RouteChosen {
  readonly type: 'route_chosen';
  readonly at: number;
  readonly path: string;
  /** Which classifier of the node this is, from 0: the next is asked when one abstains. */
  readonly tier: number;
  readonly choice: RouteChoice;
}

/** A final answer has the shape that was asked for: it is the node's output. */
export interface AnswerTaken {
  readonly type: 'answer_taken';
  readonly at: number;
  readonly path: string;
}

/** A final answer has not: the model is told why, and tries again. */
export interface AnswerReturned {
  readonly type: 'answer_returned';
  readonly at: number;
  readonly path: string;
  readonly code: string;
  readonly message: string;
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

/** A node begins to run branches side by side. The order of the keys is the order of every merge. */
export interface BranchesOpened {
  readonly type: 'branches_opened';
  readonly at: number;
  readonly path: string;
  readonly keys: readonly string[];
  /** When the join is decided with what there is. */
  readonly deadline_at: number | null;
}

export interface BranchStarted {
  readonly type: 'branch_started';
  readonly at: number;
  /** Of the branch: its node's path and `=key`. */
  readonly path: string;
  readonly deadline_at: number | null;
  /** What the branch may use, within what the run may. */
  readonly budget?: RunBudget;
}

/** A branch came to its end before the join was decided. Its output follows from its steps. */
export interface BranchEnded {
  readonly type: 'branch_ended';
  readonly at: number;
  readonly path: string;
  readonly outcome: 'ok' | 'failed' | 'timed_out';
  readonly failure?: Failure;
}

/** The join is decided. What comes of cancelled branches after this is recorded and never merged. */
export interface BranchesJoined {
  readonly type: 'branches_joined';
  readonly at: number;
  readonly path: string;
  readonly outcome: 'ok' | 'failed';
  /** The keys whose outputs are merged, in the order of the merge. */
  readonly merged: readonly string[];
  readonly cancelled: readonly string[];
  readonly failure?: Failure;
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
  | { readonly for: 'reconciliation'; readonly step: number; readonly not_before: number }
  | { readonly for: 'retry'; readonly step: number; readonly until: number }
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

export interface SignalReceived {
  readonly type: 'signal_received';
  readonly at: number;
  readonly mail: MailId;
  readonly name: string;
  readonly payload: Json;
  readonly correlation?: string;
  readonly by: string;
}

export interface CancelRequested {
  readonly type: 'cancel_requested';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
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

export type { ChildEnded, ResolvedAttribute, RunParent };
