import type { DecisionId, EventId, HopBounds, RunId, TenantId } from '@writ/kernel';
import type { RiskTier, Verdict } from '@writ/words';

export const AUDIT_SCHEMA = 1;

/** Event types written today; a reader must tolerate ones it does not know. */
export type AuditType =
  | 'context'
  | 'run.started'
  | 'run.requested'
  | 'run.waiting'
  | 'run.resumed'
  | 'run.finished'
  | 'action.authorized'
  | 'action.denied'
  | 'action.asked'
  | 'action.settled'
  | 'action.unknown'
  | 'action.reconciled'
  | 'handoff.made'
  | 'mail.consumed'
  | 'question.asked'
  | 'question.answered'
  | 'approval.requested'
  | 'approval.voted'
  | 'approval.commented'
  | 'approval.edited'
  | 'approval.escalated'
  | 'approval.granted'
  | 'approval.rejected'
  | 'approval.expired'
  | 'approval.withdrawn'
  | 'approval.used'
  | 'obligation.notified'
  | 'subscription.created'
  | 'subscription.paused'
  | 'subscription.resumed'
  | 'subscription.removed'
  | 'subscription.disabled'
  | 'subscription.tested'
  | 'approval.stand_in_set'
  | 'approval.stand_in_ended'
  | 'branches.joined'
  | 'plan.updated'
  | 'work.returned'
  | 'route.chosen'
  | 'guardrail.checked'
  | 'budget.exhausted'
  | 'decision.evaluated'
  | 'decision.searched'
  | 'directory.set'
  | 'directory.removed'
  | 'policy.activated'
  | 'delegation.revoked'
  | 'policy.matchers_disagreed'
  | 'stop.set'
  | 'stop.released'
  | 'stop.release_asked'
  | 'stop.drill'
  | 'budget.set'
  | 'budget.removed'
  | 'budget.warning'
  | 'admission.set'
  | 'admission.granted'
  | 'definition.published'
  | 'key.created'
  | 'key.revoked'
  | 'tenant.created'
  | 'access.denied'
  | 'access.read'
  | 'run.quarantined'
  | 'run.paused'
  | 'run.continued'
  | 'run.redriven'
  | 'run.forked'
  | 'run.upgraded'
  | 'run.child_told'
  | 'run.child_ended'
  | 'identity.proven'
  | 'session.created'
  | 'session.ended'
  | 'log.opened'
  | 'log.key_rotated'
  | 'trigger.created'
  | 'trigger.paused'
  | 'trigger.resumed'
  | 'trigger.retired'
  | 'trigger.secret_rotated'
  | 'trigger.fired'
  | 'trigger.missed'
  | 'batch.created'
  | 'batch.cancelled'
  | 'batch.finished'
  | 'review.drawn'
  | 'review.claimed'
  | 'review.released'
  | 'review.decided';

/**
 * A stage of the decision as evidence: `[stage, verdict, rids…]`, a rid with `?` before it where the rule's condition
 * could not be evaluated. Values stay out; the journal holds the explanation.
 */
export type StageEvidence = readonly [stage: string, verdict: string, ...rids: string[]];

export interface DecisionEvidence {
  readonly id: DecisionId;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly stages: readonly StageEvidence[];
  readonly obligations?: readonly string[];
  readonly mode: 'enforce' | 'observe';
  /** Digest of the policy it was made under, where no context says so. */
  readonly snapshot?: string;
}

/**
 * One piece of evidence: every field is inside the hash (GOVERNANCE §1.6). What repeats over a run (actor chain, agent
 * and snapshot digests, build, keys, initiator) stands in a `context` event, named here by its digest, so an ordinary
 * event stays under 700 bytes. Personal data never enters: arguments and results are salted commitments.
 */
export interface AuditEvent {
  readonly schema: typeof AUDIT_SCHEMA;
  readonly id: EventId;
  readonly tenant: TenantId;
  /** Origin of the tenant's log, as its checkpoints will name it. */
  readonly origin: string;
  readonly type: AuditType;
  /** RFC 3339 UTC with milliseconds, by the writer's clock corrected to the database's. */
  readonly time: string;
  /** The run, or `tenant` for the tenant's own stream. */
  readonly run: RunId | 'tenant';
  readonly run_seq: number;
  /** SHA-256 (hex) of the event before in the same chain; 64 zeros for the first. */
  readonly prev: string;
  /** Digest of the `context` event in force; absent on that event itself and in the tenant stream. */
  readonly context?: string;
  readonly step?: number;
  readonly attempt?: number;
  readonly actor?: string;
  readonly action?: string;
  readonly object?: { readonly type: string; readonly id: string; readonly version?: number; readonly digest?: string };
  readonly resource?: { readonly type: string; readonly id_commitment: string };
  /** HMAC-SHA-256 of the canonical arguments under the salt kept beside the payload. */
  readonly args?: string;
  readonly result?: string;
  readonly outcome?: string;
  readonly labels?: readonly string[];
  /** The risk tier of the act, where the policy has controls of tiers. */
  readonly tier?: RiskTier;
  readonly decision?: DecisionEvidence;
  readonly authority?: { readonly tenant: number; readonly platform: number };
  readonly approval?: string;
  readonly model?: { readonly id: string; readonly params: string };
  readonly usage?: { readonly input: number; readonly output: number; readonly cost?: string };
  readonly trace?: string;
  readonly span?: string;
  readonly keys?: readonly string[];
  readonly detail?: { readonly [key: string]: string | number | boolean | null | readonly string[] };
}

/** What one `context` event holds; its digest is what the events after it name. */
export interface AuditContext {
  readonly initiator: string;
  readonly roles: readonly string[];
  readonly chain: readonly {
    readonly agent: string;
    readonly digest: string;
    readonly delegation?: string;
    readonly mode?: string;
    /** What was given along with it. */
    readonly bounds?: HopBounds;
  }[];
  readonly workflow: { readonly name: string; readonly digest: string };
  readonly snapshot: string;
  readonly build: string;
  readonly mandate: string | null;
  /** The tools a mandate names, with `limited` where it also limits their arguments, which stay out of evidence. */
  readonly grants?: readonly { readonly tool: string; readonly limited?: true }[];
  readonly keys: readonly string[];
}
