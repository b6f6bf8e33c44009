import type { ItemOf } from '@writ/contract';
import type { Sign } from '../ui/tone';

export type Review = ItemOf<'listReviews'>;

export const TIER: { readonly [T in Review['tier']]: Sign } = {
  low: { tone: 'calm', icon: 'flag', word: 'Low risk' },
  medium: { tone: 'wait', icon: 'flag', word: 'Medium risk' },
  high: { tone: 'bad', icon: 'flag', word: 'High risk' },
};

const FOUND: { readonly [V in NonNullable<Review['verdict']>]: Sign } = {
  fine: { tone: 'good', icon: 'check', word: 'Fine' },
  concern: { tone: 'bad', icon: 'warn', word: 'Concern' },
};

/** How a review stands. */
export function reviewSign({ verdict, overdue, claimed_by: claimer }: Review): Sign {
  if (verdict !== null) return FOUND[verdict];
  if (overdue) return { tone: 'bad', icon: 'clock', word: 'Overdue' };
  return claimer === null
    ? { tone: 'wait', icon: 'hand', word: 'To look at' }
    : { tone: 'busy', icon: 'person', word: 'Being looked at' };
}

/** Why whoever is signed in may not say anything; null where they may. */
export function barredWords({ barred, claimed_by: claimer }: Review): string | null {
  switch (barred) {
    case null:
      return null;
    case 'is_requester':
      return 'You started this run, or it was for you: somebody else looks at it.';
    case 'not_a_person':
      return 'People and services look at runs, never an agent.';
    case 'claimed':
      return `${claimer ?? 'Somebody'} has taken it.`;
    case 'decided':
      return 'Somebody has looked at it.';
  }
}

/** How the run came to be drawn. */
export const drawnBecause = ({ why, share, run_status: status, tier }: Review): string =>
  why === 'always'
    ? `every run of ${tier} risk that ends ${status.replaceAll('_', ' ')} is looked at`
    : `${String(Math.round(share * 1000) / 10)} % of the runs of ${tier} risk are looked at`;
