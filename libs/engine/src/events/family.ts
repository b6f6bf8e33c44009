import type { Failure, Hop, Json, MailId, RunId } from '@writ/kernel';
import type { RiskTier, RunStatus } from '@writ/words';

/** The run that started this one. */
export interface RunParent {
  readonly run: RunId;
  /** The run at the top of the tree. */
  readonly root: RunId;
  /** The node of the parent that started it. */
  readonly path: string;
  readonly chain: readonly Hop[];
  /** How many runs stand above it. */
  readonly depth: number;
  /** Labels that come with its input, and whether something has left the runs above it. */
  readonly flow?: Carried;
  /** The tier of the act that started it: its own acts are never below. */
  readonly risk?: RiskTier;
}

/** What goes from run to run with the values it is about. */
export interface Carried {
  readonly labels: readonly string[];
  readonly left: boolean;
}

export interface CancelRequested {
  readonly type: 'cancel_requested';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
}

/** Somebody holds the run: nothing begins until it is resumed. */
export interface PauseRequested {
  readonly type: 'pause_requested';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
}

export interface ResumeRequested {
  readonly type: 'resume_requested';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
}

/** Taken out of quarantine: it goes on behind its last step. */
export interface RunRedriven {
  readonly type: 'run_redriven';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
}

/** A child run was told to end: what wanted its result is over. */
export interface ChildTold {
  readonly type: 'child_told';
  readonly at: number;
  readonly path: string;
  readonly run: RunId;
  readonly reason: string;
}

/** A child run reported its end. What it used counts as used by this run. */
export interface ChildEnded {
  readonly type: 'child_ended';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly path: string;
  readonly run: RunId;
  readonly status: RunStatus;
  readonly output: Json;
  readonly output_ref?: string;
  readonly failure?: Failure;
  readonly usage: {
    readonly model_calls: number;
    readonly tool_calls: number;
    readonly tokens: number;
    /** Where a model it called has a price; where the child was limited in it, with what was lost at its bound. */
    readonly cost_micros?: number;
    /** Counted where the child was limited in them. */
    readonly handoffs?: number;
  };
  /** Where its policy kept account of labels: what its result carries. */
  readonly flow?: Carried;
}
