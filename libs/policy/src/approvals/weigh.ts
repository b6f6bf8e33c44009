import type { Snapshot } from '../snapshot';
import { Decided } from '../decided';
import type { Decision } from '../types';
import { type Binding, differsIn } from './binding';
import type { EligibilityQuestion } from './eligibility';
import { tally, type Vote } from './quorum';
import type { Approval } from './store';

/** A granted request at the moment it is used. */
export interface AtUse {
  readonly approval: Approval;
  /** The act was committed under this approval before, and is tried again: its time is no matter any more. */
  readonly again: boolean;
  readonly votes: readonly Vote[];
  /** What is asked now. */
  readonly binding: Binding;
  /** The decision made now, which asks. */
  readonly decision: Decision;
  readonly snapshot: Snapshot;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type Weighed =
  { readonly kind: 'granted'; readonly decision: Decision } | { readonly kind: 'unfit'; readonly reason: string };

export function questionOf(
  approval: Approval,
  { snapshot, now }: { readonly snapshot: Snapshot; readonly now: number },
): EligibilityQuestion {
  const { terms, parties } = approval.document;
  return { snapshot, requirements: terms.requirements, parties, openFor: now - approval.requestedAt, now };
}

/**
 * Whether an approval makes an allow of this `ask`, now: every bound part is as it was, the decision rests on the same
 * rules and obligations, and everybody who counts is still eligible. INVARIANT: whatever differs needs another approval;
 * nothing granted is stretched.
 */
export function weigh(use: AtUse): Weighed {
  const { approval, again, votes, binding, decision, snapshot, now } = use;
  if (approval.status !== (again ? 'used' : 'approved') && !(again && approval.status === 'approved')) {
    return { kind: 'unfit', reason: approval.reason ?? `it_is_${approval.status}` };
  }
  const difference = differsIn(approval.document.binding, binding);
  if (difference !== null) return { kind: 'unfit', reason: difference };
  if (!again && now >= approval.expiresAt) return { kind: 'unfit', reason: 'used_too_late' };
  // Another try of an act that was done in time.
  const at = again ? (approval.resolvedAt ?? now) : now;
  const { state } = tally(votes, questionOf(approval, { snapshot, now: at }));
  if (state !== 'granted') {
    const then = tally(votes, { ...questionOf(approval, { snapshot, now }), now: approval.resolvedAt ?? now });
    return { kind: 'unfit', reason: then.state === 'granted' ? 'proof_too_old' : 'voter_lost_right' };
  }
  return {
    kind: 'granted',
    decision: Decided.answered(decision, { verdict: 'allow', reason: 'approved', approval: approval.id }),
  };
}

/** The denial that a rejected or expired request is. */
export const refusedBy = (decision: Decision, approval: Approval): Decision =>
  Decided.answered(decision, {
    verdict: 'deny',
    reason: approval.status === 'rejected' ? 'approval_rejected' : 'approval_expired',
    approval: approval.id,
  });
