import { type EligibilityQuestion, rightsOf, type Voter } from './eligibility';
import type { Requirement } from './terms';

export interface Vote {
  readonly voter: Voter;
  readonly verdict: 'approve' | 'reject';
  /** When they last proved who they are for this request (epoch milliseconds); absent: never. */
  readonly provenAt?: number;
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
 * were when they voted, and a proof that is too old by now is none. A rejection needs no such care; it stands.
 */
export function tally(votes: readonly Vote[], question: EligibilityQuestion): Tally {
  const { requirements, now } = question;
  const approving = votes.filter(({ verdict }) => verdict === 'approve');
  const met = requirements.map((requirement) => {
    const rights = new Map<string, Rights>();
    for (const { voter, provenAt } of approving) {
      if (!isProven(requirement, { provenAt, now })) continue;
      const right = rightsOf(voter, { ...question, requirement });
      const before = rights.get(voter.id) ?? [];
      rights.set(voter.id, before === 'own' || right === 'own' ? 'own' : [...before, ...right]);
    }
    return { obligation: requirement.obligation, of: requirement.count, by: counted(rights) };
  });
  const rejection = votes.find(({ verdict }) => verdict === 'reject');
  if (rejection) return { state: 'rejected', met, rejectedBy: rejection.voter.id };
  // A request without a requirement is a defect, never a free pass.
  const granted = met.length > 0 && met.every(({ of, by }) => by.length >= of);
  return { state: granted ? 'granted' : 'pending', met, rejectedBy: null };
}

/** Whether a proof is as fresh as a requirement wants it. */
export const isProven = (
  { proofMs }: Pick<Requirement, 'proofMs'>,
  { provenAt, now }: { readonly provenAt: number | undefined; readonly now: number },
): boolean => proofMs === undefined || (provenAt !== undefined && now - provenAt <= proofMs);

type Rights = ReturnType<typeof rightsOf>;

/**
 * Who counts: those with a right of their own, and of those who stand in as many as there are different people for them
 * to stand in for, who have not spoken themselves. One person's right is never counted twice.
 */
function counted(rights: ReadonlyMap<string, Rights>): readonly string[] {
  const own = [...rights].filter(([, right]) => right === 'own').map(([id]) => id);
  const deputies = [...rights].flatMap(([id, right]) =>
    right === 'own' || right.length === 0 ? [] : [{ id, may: right.filter((away) => !own.includes(away)) }],
  );
  // The one who is away → who stands in for them. Each deputy takes somebody, moving others to whom else they may stand for.
  const taken = new Map<string, (typeof deputies)[number]>();
  const place = (deputy: (typeof deputies)[number], seen: Set<string>): boolean =>
    deputy.may.some((away) => {
      if (seen.has(away)) return false;
      seen.add(away);
      const other = taken.get(away);
      if (other && !place(other, seen)) return false;
      taken.set(away, deputy);
      return true;
    });
  const placed = deputies.filter((deputy) => place(deputy, new Set()));
  return [...own, ...placed.map(({ id }) => id)];
}
