import type { PrincipalKind } from '@writ/kernel';
import type { TenantAuthority } from '../authority';
import { barred, holdsOneOf } from '../approvals/eligibility';
import { termsOf } from '../approvals/terms';
import { asks } from '../obligations';
import { decide } from '../decide';
import type { Decision, DecisionRequest } from '../types';
import { written } from './written';

/** Somebody the tenant knows, with the roles their credentials give them now. */
export interface Known {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
}

/** Who could meet one demand for approval. */
export interface Approvers {
  readonly obligation: string;
  /** How many different people it takes. */
  readonly count: number;
  /** Holders of any of these; empty for all whom the policy lets decide. */
  readonly roles: readonly string[];
  /** Of those the tenant knows, the ones who could, in order of their ids; others may hold a role by a credential to come. */
  readonly people: readonly string[];
}

/** Everybody the policy names, and those who are known otherwise, each once. */
export function everybody({ snapshot }: TenantAuthority, known: readonly Known[]): readonly Known[] {
  const all = new Map<string, Known>(known.map((one) => [one.id, one]));
  for (const id of snapshot ? written(snapshot).subjects : []) {
    if (!all.has(id)) all.set(id, { id, kind: id.slice(0, id.indexOf(':')) as PrincipalKind, roles: [] });
  }
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Who could approve what these obligations ask for. Nobody who has a part in it is named, nor who may not decide. Who wrote
 * the rule that asks may not either; that is checked when they try, since a policy does not say who wrote it.
 */
export function approversOf(
  obligations: Decision['obligations'],
  { authority, request, known }: { authority: TenantAuthority; request: DecisionRequest; known: readonly Known[] },
): readonly Approvers[] {
  const { snapshot } = authority;
  if (snapshot === null || !asks(obligations)) return [];
  const parties = { requesters: [request.initiator.id], chain: request.chain.map(({ agent }) => agent), authors: [] };
  const able = everybody(authority, known).filter(
    (one) => barred(one, parties) === null && mayDecide(authority, request, one),
  );
  return termsOf(obligations).requirements.map(({ obligation, count, roles, self }) => ({
    obligation,
    count,
    roles,
    people: self
      ? [request.initiator.id]
      : able.filter((one) => roles.length === 0 || holdsOneOf(snapshot, one, roles)).map(({ id }) => id),
  }));
}

function mayDecide(authority: TenantAuthority, { object, tenant, now }: DecisionRequest, one: Known): boolean {
  const asked = decide(authority, {
    tenant,
    initiator: { tenant, ...one },
    chain: [],
    action: 'approval.decide',
    object: { type: 'approval', id: object.id },
    now,
  });
  return asked.verdict === 'allow';
}
