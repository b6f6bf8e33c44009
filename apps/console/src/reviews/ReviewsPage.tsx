import { Inbox, useTab } from '../list/Inbox';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { ReviewPanel } from './ReviewPanel';
import { useReviews } from './useReviews';
import { type Review, reviewSign, TIER } from './words';

const TABS = [
  { value: 'open', label: 'Open' },
  { value: 'decided', label: 'Looked at' },
  { value: 'all', label: 'All' },
] as const;

/** Runs that were drawn once they were over, for people to look at. */
export function ReviewsPage() {
  const tab = useTab(TABS);
  const { query, refresh, rows } = useReviews(tab);
  return (
    <Inbox
      title="Reviews"
      purpose="Runs that were drawn once they were over, by the risk of what they may touch, for people to look at."
      noun="review"
      tabs={TABS}
      tab={tab}
      query={query}
      rows={rows}
      tell={(one) => ({
        sign: reviewSign(one),
        title: one.workflow,
        beside: TIER[one.tier],
        about: <About review={one} />,
      })}
      panel={(one, close) => <ReviewPanel review={one} onClose={close} onSaid={refresh} />}
      empty={
        <Empty icon="flag" title="Nothing waits to be looked at" command="./writ reviews list --state all">
          <p>
            A policy says in <code>tiers</code> how many of the runs of each risk are drawn when they end.
          </p>
        </Empty>
      }
    />
  );
}

function About({ review }: { readonly review: Review }) {
  const { run_status: status, initiator, verdict, decided_by: reviewer, claimed_by: claimer } = review;
  return (
    <>
      {status.replaceAll('_', ' ')} for {initiator} ·{' '}
      {verdict === null ? (
        <>
          wanted by <Stamp at={review.due_at} form="ago" />
        </>
      ) : (
        <Stamp at={review.decided_at ?? review.drawn_at} form="ago" />
      )}
      {verdict === null ? claimer !== null && ` · taken by ${claimer}` : ` · by ${reviewer ?? ''}`}
    </>
  );
}
