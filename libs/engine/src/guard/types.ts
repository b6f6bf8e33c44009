import type { ContentCut, GuardCheck } from '../events/guard';

/** What guardrails have said in a run: kept from the first content that a policy with guardrails had looked at. */
export interface GuardAccount {
  /** Scope → version of a guardrail → names of the content that it has let pass there. */
  readonly seen: Map<string, Map<string, Set<string>>>;
  /** Scope → name of content → what was taken out of it. */
  readonly cuts: Map<string, Map<string, readonly ContentCut[]>>;
  /** Path of an act → what stands against its content until it has been decided and done. */
  readonly found: Map<string, readonly Found[]>;
  /** Answers of call-outs that no check has been made of yet. */
  readonly answers: Map<string, CallAnswer>;
}

export interface Found {
  readonly check: GuardCheck;
  readonly scope: string;
  readonly content: readonly string[];
}

export type CallAnswer = { readonly flagged: boolean } | { readonly failed: string };
