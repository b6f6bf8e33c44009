import { Button } from '@mantine/core';
import { forSupport, troubleOf } from '../api/problem';
import { copyText } from './clipboard';
import { Icon } from './icons';
import styles from './States.module.css';

interface Props {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  /** What could not be shown: “The runs”. */
  readonly what: string;
}

/** An error as a person can use it: what, why, the request’s id, try again, hand on. */
export function Problem({ error, onRetry, what }: Props) {
  const trouble = troubleOf(error);
  return (
    <div className={styles['state']} role="alert">
      <span className={styles['badge']} data-tone="bad">
        <Icon name="warn" size={18} />
      </span>
      <h2>{trouble.title}</h2>
      <p className={styles['words']}>
        {what} could not be loaded: {trouble.detail}
      </p>
      {trouble.next.map((next) => (
        <p key={next} className={styles['words']}>
          {next}
        </p>
      ))}
      <p className="dim">
        <code>{trouble.code}</code>
        {trouble.requestId !== null && (
          <>
            {' · request '}
            <code>{trouble.requestId}</code>
          </>
        )}
      </p>
      <div className={styles['actions']}>
        {onRetry && (
          <Button variant="default" onClick={onRetry}>
            Retry
          </Button>
        )}
        <Button
          variant="subtle"
          onClick={() => void copyText(forSupport(trouble, window.location.pathname), 'Details for support')}
        >
          Copy for support
        </Button>
      </div>
    </div>
  );
}
