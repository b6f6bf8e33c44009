import type { ApprovalId, BudgetId, DelegationId, Failure, Hop, Json, JsonObject, MailId, RunId } from '@writ/kernel';
import type { Budget, Decision, Resource } from '@writ/policy';
import type { EffectClass, Landed, Reconciliation, RiskTier } from '@writ/words';
import type { BatchOf } from '../batch-of';
import type { RunBudget } from '../run-budget';
import type { Carried } from './family';
import type { CheckOf } from './guard';

/** What kind of door a step goes through; also the kind of permit it needs. */
export type StepKind =
  | 'model'
  | 'tool'
  | 'data'
  | 'check'
  | 'handoff'
  | 'delegate'
  | 'run'
  | 'start'
  | 'finish'
  | 'agent'
  | 'board'
  | 'message';

/** A step that a decision asks for in between, beside the act that is decided: it is no act of its branch. */
export const isAside = (kind: StepKind): boolean => kind === 'data' || kind === 'check';

/** A decision as the journal keeps it: everything `explain` shows. */
export type RecordedDecision = Omit<Decision, 'verdict' | 'at' | 'authority'>;

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
  /** For `check`: what it is asked about. */
  readonly check?: CheckOf;
  /** For `model`: asked for by an external framework, which gets the reply as it is. */
  readonly relay?: true;
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
    /** The delegation that this one hangs from: revoked together. */
    readonly parent?: DelegationId;
    /** Limits of what is passed on, beside all those around it. */
    readonly budget?: RunBudget;
  };
  /** Nothing is sent: what the run it was forked from came to is given back. */
  readonly stubbed?: true;
  /** For `run`: the child, and what of this run's limits is set aside for it until it reports. */
  readonly child?: {
    readonly run: RunId;
    readonly root: RunId;
    readonly depth: number;
    readonly budget: RunBudget;
    readonly deadline_at: number | null;
    /** The batch whose budget it shares. */
    readonly batch?: BatchOf;
    /** It goes on when this run is over. */
    readonly leave: boolean;
    /** Labels that come with its input. */
    readonly flow?: Carried;
    /** The tier of the act that starts it, where the policy has controls of tiers: its own acts are never below. */
    readonly risk?: RiskTier;
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
  readonly landed?: Landed;
  /** False when another attempt follows. */
  readonly final: boolean;
  readonly tokens?: number;
  /** Millionths of the price's currency; absent where the price is unknown. */
  readonly cost_micros?: number;
}

/** Whether an attempt failed and surely did nothing to the other side. */
export const neverLanded = ({ outcome, landed }: StepSettled): boolean => outcome === 'error' && landed === 'no';

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
  readonly check?: CheckOf;
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
  readonly verdict: Reconciliation;
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
