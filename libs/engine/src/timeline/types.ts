import type { DecisionId } from '@writ/kernel';
import type { RunStatus, Verdict } from '@writ/words';
import type { StepKind } from '../events';
import type { Usage } from '../search/run-facts';

/** What a run, or one of its steps, was doing or waiting for. */
export type SegmentKind =
  | 'queued'
  | 'running'
  | StepKind
  | 'waiting_approval'
  | 'waiting_input'
  | 'waiting_external'
  | 'waiting_reconciliation'
  | 'waiting_time'
  | 'retry'
  | 'throttled'
  | 'paused';

/** Times are milliseconds since the run's start; an open end is null. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly from_ms: number;
  readonly to_ms: number | null;
  /** Of a step's call: which try. */
  readonly attempt?: number;
  /** Of a call that ended; `lost` when nobody knows. */
  readonly outcome?: 'ok' | 'error' | 'lost';
}

export interface StepDecision {
  readonly id: DecisionId;
  readonly sequence: number;
  readonly at_ms: number;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly obligations?: readonly string[];
}

export type StepStanding = 'running' | 'waiting' | 'retrying' | 'unknown' | 'ok' | 'error' | 'denied' | 'abandoned';

export interface TimelineStep {
  readonly step: number;
  readonly sequence: number;
  readonly lane: number;
  readonly path: string;
  readonly kind: StepKind;
  readonly target: string;
  readonly state: StepStanding;
  readonly detail?: string;
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly attempts: number;
  readonly tokens: number;
  readonly decisions: readonly StepDecision[];
  readonly segments: readonly Segment[];
}

export interface Lane {
  readonly path: string;
  /** Null for steps of the workflow itself. */
  readonly agent: string | null;
  /** While it was in control. */
  readonly spans: readonly { readonly from_ms: number; readonly to_ms: number | null }[];
}

export interface TimelineHandoff {
  readonly sequence: number;
  readonly at_ms: number;
  readonly step: number;
  readonly from_lane: number;
  /** Null while control did not move. */
  readonly to_lane: number | null;
  readonly to_agent: string;
  readonly state: 'made' | 'denied' | 'asked' | 'failed' | 'running';
}

export interface Mark {
  readonly sequence: number;
  readonly at_ms: number;
  readonly kind:
    | 'started'
    | 'taken_over'
    | 'signal'
    | 'cancel'
    | 'approval'
    | 'paused'
    | 'resumed'
    | 'child'
    | 'input'
    | 'note'
    | 'reconciled'
    | 'rejected_call'
    | 'skipped'
    | 'branches'
    | 'work'
    | 'plan'
    | 'route'
    | 'guardrail'
    | 'answer'
    | 'ended';
  readonly text: string;
}

export interface Timeline {
  readonly run: string;
  readonly workflow: string;
  readonly status: RunStatus;
  /** RFC 3339; what all times count from. */
  readonly from: string;
  readonly to_ms: number | null;
  readonly as_of_ms: number;
  readonly next_seq: number;
  readonly lanes: readonly Lane[];
  /** The whole run without a gap. */
  readonly segments: readonly Segment[];
  readonly steps: readonly TimelineStep[];
  readonly handoffs: readonly TimelineHandoff[];
  readonly start: StepDecision;
  readonly marks: readonly Mark[];
  readonly usage: Usage;
  /** Indices of steps that did not go well, in order. */
  readonly problems: readonly number[];
}
