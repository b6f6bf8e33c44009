import type { BudgetId, DecisionId, MailId, RunId, TenantId, UnitId, WorkerId } from '@writ/kernel';
import type { RunStatus } from '@writ/words';

/** The authority a unit was decided under; both numbers must still be current when it commits. */
export interface AuthorityEpochs {
  readonly tenant: number;
  readonly platform: number;
}

/** The columns of a run's row that are set once, by the unit that creates it. */
export interface RunCreation {
  readonly workflow: string;
  /** Digest of the workflow definition the run is pinned to. */
  readonly workflowDigest: string;
  /** Opaque principal id of the initiator. */
  readonly initiator: string;
  readonly idempotencyKey: string | null;
  /** Digest of the start request: the same key with another digest is a mismatch, not a replay. */
  readonly requestDigest: string | null;
  /** Set when the run is inserted already leased by the process that starts it. */
  readonly leaseOwner: WorkerId | null;
  readonly traceId: string | null;
  /** Epoch milliseconds after which the run is timed out; null for none. */
  readonly deadlineAt: number | null;
}

/** What one attempt of a step holds of one budget until it is settled: an upper bound of what it may use. */
export interface Reservation {
  readonly budget: BudgetId;
  readonly step: number;
  readonly attempt: number;
  /** Above 0, in the unit of the budget's dimension. */
  readonly amount: number;
}

/** How a reservation ends. */
export interface Settlement {
  readonly budget: BudgetId;
  readonly step: number;
  readonly attempt: number;
  /** What was used; null when nobody knows, which spends all that was reserved. */
  readonly actual: number | null;
}

/** What a unit takes of the budgets kept in rows, and what it gives back [I13]. */
export interface UnitBudget {
  readonly reserve: readonly Reservation[];
  readonly settle: readonly Settlement[];
  /** Also settle whatever else the run holds, as used up: for the unit that ends it. */
  readonly settleRest: boolean;
}

/** How a unit takes the lease of a run that its sender led last and still has in memory. */
export interface Resumption {
  /** The epoch that the run came to rest under: nobody has led it since if and only if it still stands. */
  readonly from: number;
  readonly owner: WorkerId;
}

/**
 * The rows one run commits together: journal and audit events, the run's new standing, the mail it consumed.
 * INVARIANT (I2, I3): a unit is committed whole and fenced, or not at all; no effect starts before its unit is in.
 */
export interface Unit {
  readonly id: UnitId;
  readonly tenant: TenantId;
  readonly run: RunId;
  /** The epoch under which the writer holds the run; 0 for a creation that takes no lease, 1 for one that does. */
  readonly leaseEpoch: number;
  readonly authority: AuthorityEpochs;
  /** Sequence of the first event in `journal`; must equal the run's next sequence. 0 only with `create`. */
  readonly seq: number;
  /** Sequence after the last event: `seq` plus the number of events. */
  readonly nextSeq: number;
  readonly create: RunCreation | null;
  readonly status: RunStatus;
  /** What a waiting run waits for, as canonical JSON; null otherwise. */
  readonly wait: string | null;
  /** Epoch milliseconds at which the sweeper must look again; null for never, Infinity for a run that stands in line. */
  readonly wakeAt: number | null;
  /** Give the lease back with this unit (every waiting or final status does). */
  readonly release: boolean;
  /** Journal events, one canonical JSON per line. */
  readonly journal: string;
  /** Audit events, one canonical JSON per line: the exact hashed bytes. */
  readonly audit: string;
  /** SHA-256 of each audit line in order, 32 bytes each. */
  readonly auditHashes: Uint8Array;
  /** `run_seq` of the first audit event; audit sequences of a run are gap-free too. */
  readonly auditSeq: number;
  readonly mail: readonly MailId[];
  /** Every decision recorded in this unit: what `Committed` can later prove. */
  readonly decisions: readonly DecisionId[];
  /**
   * Set where the unit takes the lease, too: `leaseEpoch` is the epoch it takes. It does where the run is as its sender
   * knows it, with no unread mail but `mail`; otherwise the unit is refused for its lease, and nothing was taken. The lease
   * is taken as well where the unit is then refused for its authority or a budget.
   */
  readonly resumes?: Resumption;
  /** Absent where no budget of the tenant covers the run: such units pay nothing for the others. */
  readonly budget?: UnitBudget;
}

/**
 * Why a unit was refused; nothing of it was written.
 * - lease: another worker holds the run, or the run is final     - sequence: the run moved on under the same lease
 * - authority: policy, a role or a stop changed; decide again    - exists: the run, or its idempotency key, is taken
 * - earlier: an earlier unit of the same run was refused in the same batch
 * - poisoned: the database refused its data (SQLSTATE in `detail`); quarantine the run
 * - budget: a budget (its id in `detail`) has no room for what the unit reserves
 */
export type UnitRefusal = 'lease' | 'sequence' | 'authority' | 'exists' | 'earlier' | 'poisoned' | 'budget';

export type UnitOutcome =
  | { readonly kind: 'committed'; readonly committed: Committed }
  | { readonly kind: 'refused'; readonly reason: UnitRefusal; readonly detail?: string };

/**
 * Proof that a unit is durable. Only the group commit makes one; `isCommitted` tells it from a look-alike, which has no
 * private part.
 */
export class Committed {
  readonly #decisions: readonly DecisionId[];

  private constructor(
    readonly unit: UnitId,
    readonly tenant: TenantId,
    readonly run: RunId,
    /** Monotonic milliseconds (`Clock.monotonic`) when it was sent: never later than the commit. */
    readonly at: number,
    decisions: readonly DecisionId[],
  ) {
    this.#decisions = [...decisions];
    Object.freeze(this);
  }

  static is(value: unknown): value is Committed {
    return typeof value === 'object' && value !== null && #decisions in value;
  }

  covers(decision: DecisionId): boolean {
    return this.#decisions.includes(decision);
  }

  /** For the group commit alone; the import table and a test keep every other caller away. */
  static afterCommit(unit: Unit, at: number): Committed {
    return new Committed(unit.id, unit.tenant, unit.run, at, unit.decisions);
  }
}

export const isCommitted = (value: unknown): value is Committed => Committed.is(value);
