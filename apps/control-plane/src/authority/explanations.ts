import type { ResponseOf } from '@writ/contract';
import type { Json, JsonObject, PrincipalKind, TenantId } from '@writ/kernel';
import {
  type Action,
  ACTIONS,
  type Decision,
  type DecisionRequest,
  explaining,
  type PolicyObject,
  type ResolvedAttribute,
} from '@writ/policy';
import type { Call } from '../frame/call';
import { mandateOf } from '../frame/mandate';

type View = ResponseOf<'explainAct'>;
type Act = Omit<DecisionRequest, 'tenant' | 'initiator' | 'chain'>;

/** An act as a call writes it; a text says what is wrong with it. */
export function actOf(body: Call<'whoCan'>['body'], now: number): Act | string {
  const { action, object, resource, args, attributes = {}, purpose = 'any' } = body;
  const known = ACTIONS.find((one) => one === action);
  if (known === undefined) return `there is no action ${action}`;
  const type = explaining.objectTypes.find((one) => one === object.type);
  if (type === undefined)
    return `there is no kind of object ${object.type}; there are ${explaining.objectTypes.join(', ')}`;
  const brought: Record<string, ResolvedAttribute> = {};
  for (const [name, value] of Object.entries(attributes) as [string, Json][]) {
    brought[name] = { value, source: 'given', at: now };
  }
  return {
    action: known,
    object: { type, id: object.id } satisfies PolicyObject,
    attributes: brought,
    now,
    ...(resource && { resource }),
    ...(args && { args }),
    ...(passesOn(known) && { handoff: { to: object.id, purpose, depth: 1 } }),
  };
}

const passesOn = (action: Action): boolean => action === 'handoff' || action === 'delegate';

/** The whole request of a question; a text says what is wrong with it. */
export function requestOf(tenant: TenantId, body: Call<'explainAct'>['body'], now: number): DecisionRequest | string {
  const act = actOf(body, now);
  if (typeof act === 'string') return act;
  const { initiator: id, roles = [], chain, mandate } = body;
  const kind = id.slice(0, id.indexOf(':')) as PrincipalKind;
  return {
    ...act,
    tenant,
    initiator: { tenant, kind, id, roles },
    // Nobody asked which version would act: a rule that reads the digest finds none that is its own.
    chain: chain.map((agent) => ({ agent, digest: '' })),
    ...(act.handoff && { handoff: { ...act.handoff, depth: chain.length } }),
    ...(mandate !== undefined && { mandate: mandateOf(mandate) }),
  };
}

type Explained = Awaited<ReturnType<typeof explaining.explain>>;

const objects = (list: readonly object[]): readonly JsonObject[] => list as unknown as readonly JsonObject[];

/** A decision that was made of nothing but a question. */
export function supposed(request: DecisionRequest, decision: Decision, sentence: string): View['decision'] {
  const agent = request.chain.at(-1)?.agent;
  return {
    id: null,
    run: null,
    step: null,
    action: request.action,
    object: {
      type: request.object.type,
      id: request.object.id,
      ...(agent === undefined ? { subject: request.initiator.id } : { agent }),
    },
    verdict: decision.verdict,
    reason: decision.reason,
    stage: decision.stage,
    explicit: decision.explicit,
    stages: objects(decision.stages),
    obligations: objects(decision.obligations),
    near_misses: objects(decision.nearMisses),
    snapshot: decision.snapshot,
    time: new Date(decision.at).toISOString(),
    sentence,
  };
}

/** Everything beside the decision itself. */
export function around({ chain, needs, remedies, approvers }: Explained): Omit<View, 'decision' | 'now'> {
  return {
    chain,
    needs: needs.map(({ name, resource: { type, id } }) => ({ name, resource: { type, id } })),
    remedies: remedies.map(({ sentence, verdict, changes }) => ({ sentence, verdict, changes })),
    approvers,
  };
}
