import { canonicalJson, digestOf, type TenantId } from '@writ/kernel';
import { appendTenantEvents } from '@writ/audit';
import type { Tx } from '@writ/database';
import type { Decision, DecisionRequest } from '@writ/policy';
import { decisionEvidence } from './evidence';
import type { StoredDecision } from './record-decision';

/** An answer given to an application outside. */
export interface Evaluation {
  readonly request: DecisionRequest;
  readonly decision: Decision;
  /** Opaque principal id of the enforcer that asked. */
  readonly by: string;
  readonly trace: string;
}

/**
 * Records what applications outside were answered, allowed or not. Who it was about is a person's name as often as not,
 * so the evidence names the enforcer, the act and the rules; subject, thing and values stand in the explanation beside.
 *
 * Answers false, with nothing written, where the authority has moved since: it is decided again.
 * INVARIANT (I3): no answer leaves that was made under an authority that was over before its record began.
 */
export async function recordEvaluations(tx: Tx, tenant: TenantId, made: readonly Evaluation[]): Promise<boolean> {
  const heads = await tx.query<{ tenant: string; epoch: string }>(
    `SELECT tenant, epoch FROM writ.authority_head WHERE tenant IN ($1, '*')`,
    [tenant],
  );
  const epochs = new Map(heads.map((head) => [head.tenant, Number(head.epoch)]));
  const over = made.some(
    ({ decision: { authority } }) => epochs.get(tenant) !== authority.tenant || epochs.get('*') !== authority.platform,
  );
  if (over) return false;
  const bodies = made.map(explanationOf);
  const digests = bodies.map(digestOf);
  await tx.query(
    `INSERT INTO writ.payload (tenant, digest, body)
     SELECT $1, one.digest, one.body FROM unnest($2::text[], $3::text[]) AS one (digest, body) ON CONFLICT DO NOTHING`,
    [tenant, digests, bodies],
  );
  await appendTenantEvents(
    tx,
    tenant,
    made.map(({ request, decision, by, trace }, i) => ({
      type: 'decision.evaluated' as const,
      actor: by,
      action: request.action,
      object: { type: 'decision', id: decision.id },
      decision: { ...decisionEvidence(decision), snapshot: decision.snapshot },
      ...(decision.approval !== undefined && { approval: decision.approval }),
      authority: decision.authority,
      trace,
      detail: { explanation: digests[i]! },
    })),
  );
  return true;
}

function explanationOf({ request, decision }: Evaluation): string {
  const { action, object, initiator } = request;
  const stored: StoredDecision = {
    decision,
    action,
    object: { type: object.type, id: object.id },
    subject: initiator.id,
  };
  return canonicalJson(stored);
}
