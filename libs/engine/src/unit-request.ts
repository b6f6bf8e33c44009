import type { BudgetId, DecisionId, Failure } from '@writ/kernel';
import type { AuditDraft } from '@writ/audit';
import type { AuthorityEpochs, Committed } from '@writ/database';
import type { RunStatus } from '@writ/words';
import type { RunEvent } from './events';
import type { RowWait } from './waits';

/** What joins the pending facts in this unit, applied only once it is in. */
export interface Tail {
  readonly events: readonly RunEvent[];
  readonly audits: readonly AuditDraft[];
  readonly decisions: readonly DecisionId[];
}

export interface Standing {
  readonly status: RunStatus;
  readonly wait: RowWait | null;
  readonly wakeAt: number | null;
  readonly release: boolean;
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly committed: Committed }
  /** Policy, a role or a stop changed since the decision: decide again. */
  | { readonly kind: 'stale' }
  /** The run may not spend so much. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** A budget of the tenant has no room for what the unit reserves. */
  | { readonly kind: 'over_budget'; readonly budget: BudgetId }
  /** Another worker leads the run, or it is over: let go of it, everything about it here is out of date. */
  | { readonly kind: 'lost' }
  /** The creation found its id or idempotency key taken. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'poisoned'; readonly detail: string }
  /** What was pending went in with another unit meanwhile: there is nothing to write, and nothing was sent. */
  | { readonly kind: 'nothing' };

/** What a branch wants committed. */
export interface UnitRequest {
  readonly authority: AuthorityEpochs;
  /**
   * The tail, made when the unit is: after everything before it is in, and knowing what the tails beside it in the same
   * unit take. A failure instead means that it does not fit the run's limits.
   */
  readonly build?: (beside: readonly Tail[]) => Tail | Failure;
  /** A unit that changes how the run stands goes alone; without it, the run goes on. */
  readonly standing?: Standing;
}

export interface Claim extends UnitRequest {
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}
