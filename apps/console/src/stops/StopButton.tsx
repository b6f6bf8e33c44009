import { Tooltip } from '@mantine/core';
import { commandKey } from '../frame/platform';
import { Icon } from '../ui/icons';
import styles from './Stops.module.css';
import { useStops } from './useStops';

export function StopButton({ onOpen }: { readonly onOpen: () => void }) {
  const active = useStops().data?.length ?? 0;
  const label = active === 0 ? 'Stop something' : `Stops: ${active} in force`;
  return (
    <Tooltip label={`${label} (${commandKey}⇧.)`}>
      <button
        type="button"
        className={styles['stop']}
        data-active={active > 0 || undefined}

        onClick={onOpen}
      >
        <Icon name="stop" />
        <span className={styles['word']}>Stop</span>
        {active > 0 && (
          <span className={styles['count']}>
            {active}
            <span className="only-read"> in force</span>
          </span>
        )}
      </button>
    </Tooltip>
  );
}
