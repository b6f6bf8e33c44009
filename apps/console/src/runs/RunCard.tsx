import type { ListedRun } from '../api/runs';
import { duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Mark } from '../ui/Mark';
import { RUN_STATUS } from '../ui/tone';
import { Decisions, shortId } from './columns';
import styles from './Runs.module.css';

/** A run on a narrow screen: two lines. */
export function RunCard({ run }: { readonly run: ListedRun }) {
  const ms = run.duration_ms ?? Date.now() - Date.parse(run.created_at);
  return (
    <span className={styles['card']}>
      <span className={styles['line']}>
        <Mark sign={RUN_STATUS[run.status]} quiet />
        <strong className="cut">{run.workflow}</strong>
        <code className={styles['short']}>{shortId(run.id)}</code>
      </span>
      <span className={styles['line']}>
        <span className="dim">
          <Stamp at={run.created_at} /> · {duration(ms)}
        </span>
        <span className={styles['push']}>
          <Decisions run={run} />
        </span>
      </span>
    </span>
  );
}
