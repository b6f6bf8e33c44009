import { Link } from '@tanstack/react-router';
import type { RunStatus } from '@writ/words';
import styles from '../list/Inbox.module.css';
import { Panel } from '../list/Panel';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Mark } from '../ui/Mark';
import { RUN_STATUS } from '../ui/tone';
import { DecideForm } from './DecideForm';
import { drawnBecause, type Review, reviewSign, TIER } from './words';

interface Props {
  readonly review: Review;
  readonly onClose: () => void;
  readonly onSaid: () => Promise<unknown>;
}

/** One review: which run, why it was drawn, what its draw went by; and what was found, or is to be. */
export function ReviewPanel({ review, onClose, onSaid }: Props) {
  const { id, run, workflow, verdict } = review;
  const title = (
    <span className={styles['line']}>
      <Mark sign={reviewSign(review)} />
      <strong className="cut">{workflow}</strong>
    </span>
  );
  return (
    <Panel label={`Review ${id}`} title={title} onClose={onClose}>
      <div className={styles['panel']}>
        <p>
          <Link to="/runs/$run" params={{ run }}>
            Open the run
          </Link>
        </p>
        {verdict === null ? (
          <DecideForm key={id} review={review} onSaid={onSaid} />
        ) : (
          <section>
            <h3>What {review.decided_by} found</h3>
            <p className={styles['sentence']}>{review.note}</p>
          </section>
        )}
        <section>
          <h3>About</h3>
          <Facts
            facts={[
              ['Review', <Id key="id" id={id} what="Review id" />],
              ['Run', <Id key="run" id={run} what="Run id" />],
              ['The run', <Mark key="status" sign={RUN_STATUS[review.run_status as RunStatus]} quiet />],
              ['Ended', <Stamp key="ended" at={review.run_ended_at} form="full" />],
              ['It was for', review.initiator],
              ['Risk', <Mark key="tier" sign={TIER[review.tier]} quiet />],
              ['Wanted by', <Stamp key="due" at={review.due_at} form="full" />],
              review.decided_at === null
                ? null
                : ['Looked at', <Stamp key="decided" at={review.decided_at} form="full" />],
            ]}
          />
        </section>
        <details>
          <summary>How it was drawn</summary>
          <p>Drawn because {drawnBecause(review)}. Anybody can draw again, and comes to the same.</p>
          <Facts
            facts={[
              ['Seed', <code key="seed">{review.seed}</code>],
              ['Share', String(review.share)],
              ['Policy', <code key="policy">{review.policy}</code>],
            ]}
          />
        </details>
      </div>
    </Panel>
  );
}
