import { Button, Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import styles from './States.module.css';

const SLOW_MS = 3_000;
const WIDTHS = ['12%', '28%', '16%', '10%', '18%'];

interface Props {
  readonly rows?: number;
  readonly what: string;
  readonly onCancel?: () => void;
}

/** Nothing for 300 ms, then the shape of what is coming, then how to give up on it. */
export function Loading({ rows = 8, what, onCancel }: Props) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={`Loading ${what}`}>
      {slow && (
        <div className={styles['slow']}>
          <Loader size="xs" /> Still loading {what}
          {onCancel && (
            <Button variant="subtle" onClick={onCancel}>
              Cancel
            </Button>
          )}
        </div>
      )}
      <div className={styles['bones']} aria-hidden="true">
        {Array.from({ length: rows }, (_, row) => (
          <div key={row} className={styles['bone']}>
            {WIDTHS.map((width, column) => (
              <span key={column} style={{ width }} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
