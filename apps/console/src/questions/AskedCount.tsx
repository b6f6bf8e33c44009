import styles from './Questions.module.css';
import { useAsked } from './useQuestions';

/** The number beside the page's name; nothing while nothing is asked. */
export function AskedCount() {
  const { data = 0 } = useAsked();
  if (data === 0) return null;
  return (
    <span className={styles['badge']}>
      {data}
      <span className="only-read"> for you to answer</span>
    </span>
  );
}
