import { canonicalJson, digestOf } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { type Database, putPayload, type Tx } from '@writ/database';
import type { Decision, DecisionRequest } from '@writ/policy';
import { decisionEvidence, tierEvidence } from './evidence';

/** What `explain` reads of a decision made outside a run. */
export interface StoredDecision {
  readonly decision: Decision;
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  readonly subject: string;
  /** Who asked, for whoever asks again; absent from what older versions stored. */
  readonly initiator?: DecisionRequest['initiator'];
  /** Of an act that a tier has controls for: what had a part in it. */
  readonly risk?: DecisionRequest['risk'];
}

/**
 * Records a refusal made outside any run in the tenant's own stream, with its explanation beside it: the evidence holds
 * the rules' ids, the payload the values they read.
 */
export async function recordDecision(
  db: Database,
  made: { readonly request: DecisionRequest; readonly decision: Decision },
): Promise<void> {
  await db.withTenant(made.request.tenant, (tx) => recordDecisionIn(tx, made));
}

export async function recordDecisionIn(
  tx: Tx,
  { request, decision }: { readonly request: DecisionRequest; readonly decision: Decision },
): Promise<void> {
  const { tenant, initiator, action, object, risk } = request;
  const stored: StoredDecision = {
    decision,
    action,
    object: { type: object.type, id: object.id },
    subject: initiator.id,
    initiator,
    ...(risk && tierEvidence(decision) && { risk }),
  };
  const body = canonicalJson(stored);
  const digest = digestOf(body);
  await putPayload(tx, { tenant, digest, body });
  await appendTenantEvent(tx, tenant, {
    type: decision.verdict === 'allow' ? 'action.authorized' : 'access.denied',
    actor: initiator.id,
    action,
    object: { type: object.type, id: object.id },
    decision: { ...decisionEvidence(decision), snapshot: decision.snapshot },
    ...tierEvidence(decision),
    authority: decision.authority,
    detail: { explanation: digest },
  });
}
