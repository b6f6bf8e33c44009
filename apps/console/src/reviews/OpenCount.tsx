import styles from '../questions/Questions.module.css';
import { useOpen } from './useReviews';

/** The number beside the page's name; nothing while nothing waits to be looked at. */
export function OpenCount() {
  const { data = 0 } = useOpen();
  if (data === 0) return null;
  return (
    <span className={styles['badge']}>
      {data}
      <span className="only-read"> for you to look at</span>
    </span>
  );
}
