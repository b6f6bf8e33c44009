import type { PrincipalKind } from '@writ/kernel';
import { agentName, roleName } from '@writ/rules';
import type { Snapshot } from '../snapshot';
import type { Requirement } from './terms';

/** Somebody who decides, with the roles their credentials give them now. */
export interface Voter {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
}

/** Who has a part in what is asked, and so no say in it. Opaque principal ids. */
export interface Parties {
  /** Whom the act is for, and who called for them. */
  readonly requesters: readonly string[];
  /** Agents of the chain, by name. */
  readonly chain: readonly string[];
  /** Who wrote the rules that ask, as far as the policy's history tells. */
  readonly authors: readonly string[];
}

/**
 * - not_a_person: what an agent says, or a model, is never an approval
 * - is_requester, in_chain, wrote_the_rule: nobody decides about an act of their own
 * - lacks_role: the policy does not give them the role, or gives it no longer
 */
export type Ineligible = 'not_a_person' | 'is_requester' | 'in_chain' | 'wrote_the_rule' | 'lacks_role';

/** Why somebody may not decide whatever roles they hold; null when they may. */
export function barred(voter: Pick<Voter, 'id' | 'kind'>, parties: Parties): Ineligible | null {
  if (voter.kind === 'agent' || voter.id.startsWith('agent:')) {
    return parties.chain.some((name) => agentName(name) === voter.id) ? 'in_chain' : 'not_a_person';
  }
  if (parties.requesters.includes(voter.id)) return 'is_requester';
  if (parties.chain.includes(voter.id)) return 'in_chain';
  return parties.authors.includes(voter.id) ? 'wrote_the_rule' : null;
}

/** Whether somebody holds one of the roles now: by policy, or by a credential of theirs that is good. */
export function holdsOneOf(snapshot: Snapshot, voter: Pick<Voter, 'id' | 'roles'>, roles: readonly string[]): boolean {
  const names = [voter.id, ...voter.roles.map(roleName)];
  return roles.some((role) => names.some((name) => snapshot.roles.has(name, roleName(role))));
}

/** Whether a voter counts towards one requirement. `openFor` is the age of the request in milliseconds. */
export function counts(
  snapshot: Snapshot,
  voter: Voter,
  { requirement, openFor }: { readonly requirement: Requirement; readonly openFor: number },
): boolean {
  if (requirement.roles.length === 0) return true;
  if (holdsOneOf(snapshot, voter, requirement.roles)) return true;
  const { escalation } = requirement;
  return escalation !== null && openFor >= escalation.afterMs && holdsOneOf(snapshot, voter, escalation.roles);
}

export interface EligibilityQuestion {
  readonly snapshot: Snapshot;
  readonly requirements: readonly Requirement[];
  readonly parties: Parties;
  /** Milliseconds since the request was made. */
  readonly openFor: number;
}

/** Why somebody may not decide about a request, now; null when they may, for at least one of its requirements. */
export function ineligible(voter: Voter, question: EligibilityQuestion): Ineligible | null {
  const bar = barred(voter, question.parties);
  if (bar !== null) return bar;
  const { snapshot, openFor } = question;
  const able = question.requirements.some((requirement) => counts(snapshot, voter, { requirement, openFor }));
  return able ? null : 'lacks_role';
}
