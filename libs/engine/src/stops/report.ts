import type { stopAcks, StopRecord } from '@writ/policy';
import type { StepUnderWay } from './under-way';

export type StopAck = Awaited<ReturnType<typeof stopAcks>>[number];

/** What a stop would hit, were it set now. */
export interface StopPreview {
  /** Runs of the scope that are not over, by status. For a tool, a model or an agent: those with a call under way. */
  readonly runs: { readonly [status: string]: number };
  readonly steps: readonly StepUnderWay[];
}

/** How far a stop has taken effect. */
export interface StopReport {
  readonly stop: StopRecord;
  readonly acks: readonly StopAck[];
  /** Milliseconds from setting it until processes had applied it; null while nobody has. */
  readonly timeToStop: { readonly first: number; readonly p95: number; readonly last: number } | null;
  readonly residue: readonly StepUnderWay[];
  /** Runs that ended because of it, and what each leaves to compensate. */
  readonly ended: readonly EndedRun[];
}

export interface EndedRun {
  readonly run: string;
  readonly workflow: string;
  readonly finishedAt: number;
  /** What it did and can be undone, last first: where, and by which tool. */
  readonly toUndo: readonly { readonly path: string; readonly tool: string }[];
  /** Child runs and steps that had not come to an end. */
  readonly left: readonly string[];
}
