import type { DecisionRequest } from '@writ/policy';

type Facts = NonNullable<DecisionRequest['guards']>;

/** What one guardrail said of content that was new at a boundary. Never what it found, only how much of what kind. */
export type GuardCheck = Facts['heard'][number];

/** A stretch taken out of content: which of its texts, from where to where, and what was there. */
export type ContentCut = readonly [leaf: number, from: number, to: number, kind: string];

/** Content was about to pass a boundary, and every guardrail there was asked about what of it was new. */
export interface ContentChecked {
  readonly type: 'content_checked';
  readonly at: number;
  /** Of the act that takes it there. */
  readonly path: string;
  readonly boundary: NonNullable<Facts['boundary']>;
  /** Who is to hear it, or sends it; null for a step of the workflow itself. */
  readonly agent: string | null;
  /** Where what passed once need not be asked about again, and the names of the content there. */
  readonly scope: string;
  readonly content: readonly string[];
  readonly checks: readonly GuardCheck[];
  /** By name of the content. */
  readonly cuts?: { readonly [name: string]: readonly ContentCut[] };
}

/** Of a step that asks a tool or a model about content: for which guardrail, and where the answer is kept. */
export interface CheckOf {
  readonly guardrail: string;
  readonly version: string;
  /** Of the answer. */
  readonly key: string;
  /** Where in the answer the verdict stands. */
  readonly verdict: string;
  readonly timeout_ms: number;
}
