import styles from './Waiting.module.css';

interface Props {
  readonly count: number;
  /** There may be more. */
  readonly atLeast?: boolean;
  /** What is read out after the number: `waiting for you`. */
  readonly words: string;
}

/** The number beside a page's name; nothing while nothing waits there. */
export function Waiting({ count, atLeast = false, words }: Props) {
  if (count === 0) return null;
  return (
    <span className={styles['badge']}>
      {count}
      {atLeast ? '+' : ''}
      <span className="only-read"> {words}</span>
    </span>
  );
}
