import type { PrincipalKind } from '@writ/kernel';
import { agentName, roleName } from '@writ/rules';
import type { Snapshot } from '../snapshot';
import type { ApprovalTerms, Requirement } from './terms';

/** Somebody who decides, with the roles their credentials give them now. */
export interface Voter {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  /** Those who are away and have named them to decide in their place, for as long as that is in force. */
  readonly standsFor?: readonly Voter[];
}

/** Who has a part in what is asked, and so no say in it. Opaque principal ids. */
export interface Parties {
  /** Whom the act is for, first, and who called for them. */
  readonly requesters: readonly string[];
  /** Agents of the chain, by name. */
  readonly chain: readonly string[];
  /** Who wrote the rules that ask, as far as the policy's history tells. */
  readonly authors: readonly string[];
}

/**
 * - not_a_person: what an agent says, or a model, is never an approval
 * - is_requester, in_chain, wrote_the_rule: nobody decides about an act of their own
 * - not_the_initiator: only the one it is for is asked
 * - lacks_role: the policy does not give them the role, or gives it no longer
 */
export type Ineligible =
  'not_a_person' | 'is_requester' | 'in_chain' | 'wrote_the_rule' | 'not_the_initiator' | 'lacks_role';

/** Why somebody may not decide whatever roles they hold; null when they may. */
export function barred(voter: Pick<Voter, 'id' | 'kind'>, parties: Parties): Ineligible | null {
  if (voter.kind === 'agent' || voter.id.startsWith('agent:')) {
    return parties.chain.some((name) => agentName(name) === voter.id) ? 'in_chain' : 'not_a_person';
  }
  if (parties.requesters.includes(voter.id)) return 'is_requester';
  if (parties.chain.includes(voter.id)) return 'in_chain';
  return parties.authors.includes(voter.id) ? 'wrote_the_rule' : null;
}

/** The one an act is for. */
const initiatorOf = ({ requesters }: Parties): string => requesters[0] ?? '';

/** Why somebody may not meet one requirement whatever roles they hold; null when they may. */
function barredFrom(
  { self }: Pick<Requirement, 'self'>,
  voter: Pick<Voter, 'id' | 'kind'>,
  parties: Parties,
): Ineligible | null {
  if (!self) return barred(voter, parties);
  if (voter.kind === 'agent' || voter.id.startsWith('agent:')) return 'not_a_person';
  return voter.id === initiatorOf(parties) ? null : 'not_the_initiator';
}

/** Whether a request asks this principal because the act is for them. */
export const asksSelf = (
  { terms, parties }: { readonly terms: Pick<ApprovalTerms, 'requirements'>; readonly parties: Parties },
  id: string,
): boolean => terms.requirements.some(({ self }) => self === true) && initiatorOf(parties) === id;

/** Whether somebody holds one of the roles now: by policy, or by a credential of theirs that is good. */
export function holdsOneOf(snapshot: Snapshot, voter: Pick<Voter, 'id' | 'roles'>, roles: readonly string[]): boolean {
  const names = [voter.id, ...voter.roles.map(roleName)];
  return roles.some((role) => names.some((name) => snapshot.roles.has(name, roleName(role))));
}

interface Counting extends Pick<EligibilityQuestion, 'snapshot' | 'parties' | 'openFor'> {
  readonly requirement: Requirement;
}

/**
 * By whose right a voter counts towards one requirement: their own, or that of people who are away, any of them; empty for
 * nobody's. INVARIANT (I6): standing in gives no right that the one who is away does not have, and who may not decide
 * about an act has nobody decide about it in their place.
 */
export function rightsOf(voter: Voter, question: Counting): 'own' | readonly string[] {
  if (barredFrom(question.requirement, voter, question.parties) !== null) return [];
  if (holds(voter, question)) return 'own';
  const { standsFor = [] } = voter;
  const able = standsFor.filter((away) => barred(away, question.parties) === null && holds(away, question));
  return able.map(({ id }) => id);
}

/** `openFor` is the age of the request in milliseconds. */
function holds(voter: Voter, { snapshot, requirement, openFor }: Counting): boolean {
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
  /** Epoch milliseconds at which proofs are weighed. */
  readonly now: number;
}

/** Why somebody may not decide about a request, now; null when they may, for at least one of its requirements. */
export function ineligible(voter: Voter, question: EligibilityQuestion): Ineligible | null {
  const { requirements, parties } = question;
  if (requirements.some((requirement) => rightsOf(voter, { ...question, requirement }).length > 0)) return null;
  const bars = requirements.map((requirement) => barredFrom(requirement, voter, parties));
  const others = bars.filter((_, i) => !requirements[i]!.self);
  // Nobody else is asked, or what keeps them from being asked.
  return others.length === 0 ? (bars[0] ?? 'lacks_role') : (others.find((bar) => bar !== null) ?? 'lacks_role');
}

/** How old a proof may be with which this voter would count; null where they need none. */
export function proofOwed(voter: Voter, question: EligibilityQuestion): number | null {
  const owed = question.requirements.flatMap((requirement) =>
    requirement.proofMs !== undefined && rightsOf(voter, { ...question, requirement }).length > 0
      ? [requirement.proofMs]
      : [],
  );
  return owed.length === 0 ? null : Math.min(...owed);
}

/** Those in whose place somebody may decide about a request, having no right of their own. */
export function inPlaceOf(voter: Voter, question: EligibilityQuestion): readonly string[] {
  const rights = question.requirements.map((requirement) => rightsOf(voter, { ...question, requirement }));
  if (rights.includes('own')) return [];
  return [...new Set(rights.flatMap((right) => (right === 'own' ? [] : right)))];
}
