import { barred, counts, type EligibilityQuestion, type Voter } from './eligibility';

export interface Vote {
  readonly voter: Voter;
  readonly verdict: 'approve' | 'reject';
}

/** How far one requirement is met. */
export interface Met {
  readonly obligation: string;
  readonly of: number;
  /** Ids of those who count towards it, each once. */
  readonly by: readonly string[];
}

/**
 * - rejected: somebody said no, which nothing outweighs
 * - granted: every requirement has as many different people as it asks for, all of them eligible now
 * - pending: neither
 */
export interface Tally {
  readonly state: 'pending' | 'granted' | 'rejected';
  readonly met: readonly Met[];
  readonly rejectedBy: string | null;
}

/**
 * Counts votes as things are now: a voter who lost the role, or turned out to be a party, does not count, whatever they
 * were when they voted. A rejection needs no such care; it stands.
 */
export function tally(votes: readonly Vote[], question: EligibilityQuestion): Tally {
  const { snapshot, requirements, parties, openFor } = question;
  const approving = votes.filter(({ verdict, voter }) => verdict === 'approve' && barred(voter, parties) === null);
  const met = requirements.map((requirement) => {
    const able = approving.filter(({ voter }) => counts(snapshot, voter, { requirement, openFor }));
    return {
      obligation: requirement.obligation,
      of: requirement.count,
      by: [...new Set(able.map(({ voter }) => voter.id))],
    };
  });
  const rejection = votes.find(({ verdict }) => verdict === 'reject');
  if (rejection) return { state: 'rejected', met, rejectedBy: rejection.voter.id };
  // A request without a requirement is a defect, never a free pass.
  const granted = met.length > 0 && met.every(({ of, by }) => by.length >= of);
  return { state: granted ? 'granted' : 'pending', met, rejectedBy: null };
}
