import { SegmentedControl } from '@mantine/core';
import listBar from '../list/ListBar.module.css';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePeek } from '../list/usePeek';
import styles from '../questions/Questions.module.css';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
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
  const { search, push } = useAddress();
  const tab = TABS.find(({ value }) => value === search['tab'])?.value ?? 'open';
  const { query, refresh, rows } = useReviews(tab);
  const { chosen, isOpen, open, close } = usePeek(rows, 'review');
  return (
    <Page
      title="Reviews"
      purpose="Runs that were drawn once they were over, by the risk of what they may touch, for people to look at."
      controls={
        <div className={listBar['bar']}>
          <SegmentedControl
            size="xs"
            aria-label="Which reviews"
            data={[...TABS]}
            value={tab}
            onChange={(value) => push({ tab: value === 'open' ? undefined : value, sel: undefined, view: undefined })}
          />
          <span className="dim" aria-live="polite">
            {query.isSuccess ? `${plural(rows.length, 'review')}${query.hasNextPage ? ' so far' : ''}` : ''}
          </span>
        </div>
      }
      panel={chosen && isOpen && <ReviewPanel review={chosen} onClose={close} onSaid={refresh} />}
    >
      {query.isError && <Problem what="The reviews" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="reviews" rows={4} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty icon="flag" title="Nothing waits to be looked at" command="./writ reviews list --state all">
          <p>
            A policy says in <code>tiers</code> how many of the runs of each risk are drawn when they end.
          </p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']}>
          <ul className={styles['list']} aria-label="Reviews">
            {rows.map((one) => (
              <li key={one.id}>
                <Row review={one} current={one.id === chosen?.id} onOpen={() => open(one)} />
              </li>
            ))}
          </ul>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}

interface RowProps {
  readonly review: Review;
  readonly current: boolean;
  readonly onOpen: () => void;
}

function Row({ review, current, onOpen }: RowProps) {
  const { workflow, run_status: status, initiator, verdict, decided_by: reviewer, claimed_by: claimer } = review;
  return (
    <button type="button" className={styles['row']} aria-current={current || undefined} onClick={onOpen}>
      <span className={styles['line']}>
        <Mark sign={reviewSign(review)} quiet />
        <strong className="cut">{workflow}</strong>
        <Mark sign={TIER[review.tier]} quiet />
      </span>
      <span className={styles['about']}>
        {status.replaceAll('_', ' ')} for {initiator} ·{' '}
        {verdict === null ? (
          <>
            wanted by <Stamp at={review.due_at} form="ago" />
          </>
        ) : (
          <Stamp at={review.decided_at ?? review.drawn_at} form="ago" />
        )}
        {verdict === null ? claimer !== null && ` · taken by ${claimer}` : ` · by ${reviewer ?? ''}`}
      </span>
    </button>
  );
}
