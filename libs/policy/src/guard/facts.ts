import type { RiskTier } from '@writ/words';
import type { Boundary } from './document';

/** What one guardrail said of the content that an act takes over a boundary. */
export interface GuardFinding {
  /** Id in the bundle. */
  readonly guardrail: string;
  /** Of its definition: a guardrail that was changed has said nothing yet. */
  readonly version: string;
  readonly outcome: GuardOutcome;
  /** What was found, and how often; why it failed. Never what was found. */
  readonly what: { readonly [kind: string]: number | string };
}

/** `redacted`: it fired, and what it fired at is not in the content any more. */
const GUARD_OUTCOMES = ['passed', 'fired', 'redacted', 'failed'] as const;
export type GuardOutcome = (typeof GUARD_OUTCOMES)[number];

/** What a decision is told of the content that its act takes over a boundary. */
export interface GuardFacts {
  /** Null: it takes nothing over one. */
  readonly boundary: Boundary | null;
  /** Agents whose content it is: who is to hear it, or who sends it; of the answer of a run, all of its agents. */
  readonly agents: readonly string[];
  readonly heard: readonly GuardFinding[];
  /** How much is at stake. A check that failed holds content back; where this is `low`, unless the policy says otherwise. */
  readonly tier: RiskTier;
  /**
   * Set for an act that is only talked about, long after it was decided: what stood against it is told, and every guardrail
   * that is not named counts as having let it pass. Never for an act that may still happen.
   */
  readonly assumed?: true;
}
