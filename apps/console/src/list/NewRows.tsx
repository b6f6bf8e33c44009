import { useEffect, useState } from 'react';
import { plural } from '../time/format';
import { Icon } from '../ui/icons';
import styles from './NewRows.module.css';

const QUIET_MS = 5_000;

/** What came in since the list was made, behind a button: rows under the pointer never move by themselves. */
export function NewRows({
  count,
  noun,
  onShow,
}: {
  readonly count: number;
  readonly noun: string;
  readonly onShow: () => void;
}) {
  const told = useSeldom(count);
  return (
    <>
      {count > 0 && (
        <button type="button" className={styles['new']} onClick={onShow}>
          <Icon name="down" size={12} /> {count} new
        </button>
      )}
      <span className="only-read" aria-live="polite">
        {told > 0 ? `${plural(told, `new ${noun}`)} waiting` : ''}
      </span>
    </>
  );
}

/** The value, but changed at most every five seconds: a screen reader must be able to finish a sentence. */
function useSeldom(value: number): number {
  const [told, setTold] = useState({ value, at: 0 });
  useEffect(() => {
    const wait = Math.max(0, told.at + QUIET_MS - Date.now());
    const timer = setTimeout(
      () => setTold((before) => (before.value === value ? before : { value, at: Date.now() })),
      wait,
    );
    return () => clearTimeout(timer);
  }, [value, told.at]);
  return told.value;
}
