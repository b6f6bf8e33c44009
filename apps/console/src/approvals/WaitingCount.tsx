import styles from './Approvals.module.css';
import { useWaiting } from './useWaiting';

/** The number beside the page's name; nothing while nothing waits. */
export function WaitingCount() {
  const { data } = useWaiting();
  if (!data || data.waiting_on_me === 0) return null;
  return (
    <span className={styles['badge']}>
      {data.waiting_on_me}
      {data.at_least ? '+' : ''}
      <span className="only-read"> waiting for you</span>
    </span>
  );
}
