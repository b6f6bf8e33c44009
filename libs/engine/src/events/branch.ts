import type { Failure } from '@writ/kernel';
import type { RunBudget } from '../run-budget';

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
