import { appendTenantEvent, commitmentTo } from '@writ/audit';
import type { Tx } from '@writ/database';
import { canonicalJson, type Failure, ok, type Principal, randomBytes, refuse, type Result, toHex } from '@writ/kernel';
import { insertReview, keepClaim, keepVerdict, listReviews, type Review, reviewById } from './rows';

/** Why somebody may not say anything about a run; null where they may. */
type Barred = 'not_a_person' | 'is_requester' | 'claimed' | 'decided' | null;

/** A claim holds so long (milliseconds); then somebody else may take the review. */
const CLAIM_MS = 8 * 3_600_000;

function barredFrom(review: Review, { id, kind }: Pick<Principal, 'id' | 'kind'>, now: number): Barred {
  if (kind === 'agent') return 'not_a_person';
  // Nobody reviews what they had done, for themselves or for somebody else.
  if (id === review.initiator || id === review.caller) return 'is_requester';
  if (review.verdict !== null) return 'decided';
  return heldBy(review, now) === null || review.claimedBy === id ? null : 'claimed';
}

/** Who holds the claim now. */
const heldBy = ({ claimedBy, claimedAt }: Review, now: number): string | null =>
  claimedBy !== null && claimedAt !== null && now < claimedAt + CLAIM_MS ? claimedBy : null;

/** When the claim is over. */
const claimEnds = ({ claimedAt }: Review): number | null => (claimedAt === null ? null : claimedAt + CLAIM_MS);

interface Saying {
  readonly review: string;
  readonly caller: Principal;
  readonly now: number;
}

/**
 * Takes a review for oneself, in the caller's transaction. INVARIANT (I12): the row is locked first, so of any number of people
 * one has it. Refuses `not_found`, `not_eligible`, `state_conflict`; asked again by whoever has it, it changes nothing.
 */
async function claim(tx: Tx, { review: id, caller, now }: Saying): Promise<Result<Review>> {
  const found = await locked(tx, { id, caller, now });
  if (!found.ok) return found;
  const review = found.value;
  if (heldBy(review, now) === caller.id) return found;
  await keepClaim(tx, review, { by: caller.id, now });
  await note(tx, review, { type: 'review.claimed', by: caller.id });
  return reread(tx, review);
}

/** Gives it back to everybody. Refuses like `claim`; of one that nobody holds it changes nothing. */
async function release(tx: Tx, { review: id, caller, now }: Saying): Promise<Result<Review>> {
  const found = await locked(tx, { id, caller, now });
  if (!found.ok) return found;
  const review = found.value;
  if (review.claimedBy === null) return found;
  await keepClaim(tx, review, { by: null, now });
  await note(tx, review, { type: 'review.released', by: caller.id });
  return reread(tx, review);
}

/** Says what was found. Who repeats what they said gets the recorded answer; anything else about a decided one is a conflict. */
async function decide(
  tx: Tx,
  saying: Saying & { readonly verdict: 'fine' | 'concern'; readonly note: string },
): Promise<Result<Review>> {
  const { review: id, caller, now, verdict, note: words } = saying;
  const earlier = await reviewById(tx, { tenant: caller.tenant, id, lock: true });
  if (earlier?.decidedBy === caller.id && earlier.verdict === verdict && earlier.note === words) return ok(earlier);
  const found = await locked(tx, { id, caller, now });
  if (!found.ok) return found;
  const review = found.value;
  const salt = toHex(randomBytes(16));
  await keepVerdict(tx, review, { verdict, note: words, salt, by: caller.id, now });
  await note(tx, review, {
    type: 'review.decided',
    by: caller.id,
    outcome: verdict,
    words: commitmentTo(canonicalJson(words), salt),
  });
  return reread(tx, review);
}

async function locked(
  tx: Tx,
  { id, caller, now }: { readonly id: string; readonly caller: Principal; readonly now: number },
): Promise<Result<Review>> {
  const review = await reviewById(tx, { tenant: caller.tenant, id, lock: true });
  if (!review) return refuse(noReview(id));
  const barred = barredFrom(review, caller, now);
  return barred === null ? ok(review) : refuse(refusal(review, barred));
}

async function reread(tx: Tx, { tenant, id }: Review): Promise<Result<Review>> {
  const review = await reviewById(tx, { tenant, id });
  if (!review) throw new Error(`review ${id} was changed and is not there`);
  return ok(review);
}

async function note(
  tx: Tx,
  { tenant, id, run, workflow, tier }: Review,
  about: {
    readonly type: 'review.claimed' | 'review.released' | 'review.decided';
    readonly by: string;
    readonly outcome?: string;
    /** Commitment to the note, whose salt stands beside it. */
    readonly words?: string;
  },
): Promise<void> {
  const { type, by, outcome, words } = about;
  await appendTenantEvent(tx, tenant, {
    type,
    actor: by,
    action: 'review.decide',
    object: { type: 'run', id: run },
    tier,
    ...(outcome !== undefined && { outcome }),
    detail: { review: id, workflow, ...(words !== undefined && { note: words }) },
  });
}

const noReview = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no review ${id}`,
  next: 'List what is open with `writ reviews list`.',
});

const WORDS: { readonly [B in NonNullable<Barred>]: string } = {
  not_a_person: 'only people and services review, never an agent',
  is_requester: 'nobody reviews a run that they started, or that was started for them',
  claimed: 'somebody else has claimed it',
  decided: 'somebody has decided it',
};

function refusal({ id }: Review, barred: NonNullable<Barred>): Failure {
  const taken = barred === 'claimed' || barred === 'decided';
  return {
    code: taken ? 'state_conflict' : 'not_eligible',
    class: taken ? 'permanent' : 'policy',
    message: `review ${id}: ${WORDS[barred]}`,
    next: taken ? 'Look at it again, or take another one.' : 'Leave it to somebody who had no part in the run.',
    details: { reason: barred },
  };
}

/** Runs that were drawn, and what people say of them; everything that is said, in the caller's transaction. */
export const reviewing = {
  insert: insertReview,
  get: reviewById,
  list: listReviews,
  claim,
  release,
  decide,
  barredFrom,
  heldBy,
  claimEnds,
} as const;
