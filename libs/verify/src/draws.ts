import { drawOf } from '@writ/kernel';
import { quote } from './report';
import type { TierView } from './tier-view';

type Members = { readonly [name: string]: unknown };

const ENDS = new Set(['run.finished', 'run.quarantined']);

/** Digest of the policy that the end of a run was drawn under; null for an event that says nothing of a draw. */
export const drawnUnder = ({ type, detail }: Members): unknown =>
  typeof type === 'string' && ENDS.has(type) ? ((detail as Members | undefined)?.['policy'] ?? null) : null;

/**
 * What is wrong with the draw of a run that ended, as a sentence; null when nothing is. The seed has to be the hash of the event
 * before, which nobody chose; the share and the ends that are always looked at have to be those of the policy, where the file
 * has it; and whether the run was drawn follows from these and its id.
 */
export function drawFault(event: Members, tiers: TierView | null | undefined): string | null {
  const { run, prev, outcome, tier, detail, type } = event;
  const { seed, share, review } = detail as Members;
  if (typeof run !== 'string' || typeof seed !== 'string' || typeof share !== 'number') {
    return 'The draw of this run cannot be read';
  }
  if (seed !== prev) return 'The draw of this run did not go by the event before';
  const terms = tiers === undefined ? undefined : (tiers?.reviews.get(String(tier)) ?? null);
  if (terms === null) return `The policy has nobody look at runs of tier ${quote(tier)}`;
  if (terms && terms.share !== share)
    return `The policy draws ${terms.share} of the runs of its tier, the event ${share}`;
  const status = type === 'run.quarantined' ? 'quarantined' : String(outcome);
  const always = terms ? terms.always.includes(status) : review === 'always';
  const due = always ? 'always' : drawOf(seed, run) < share ? 'share' : 'none';
  return review === due ? null : `Whether the run is looked at follows as ${due}, and the event says ${quote(review)}`;
}
