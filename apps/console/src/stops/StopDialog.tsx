import { Modal } from '@mantine/core';
import type { Me } from '../session/session';
import { Problem } from '../ui/Problem';
import { ActiveStop } from './ActiveStop';
import type { StopRequest } from './request-stop';
import { SetStop } from './SetStop';
import styles from './Stops.module.css';
import { useStops } from './useStops';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly me: Me;
  readonly wanted: StopRequest | null;
}

/** What is stopped now, and stopping more. Reached from every page; the CLI does the same when no page can be reached. */
export function StopDialog({ opened, onClose, me, wanted }: Props) {
  const stops = useStops();
  const active = stops.data ?? [];
  return (
    <Modal opened={opened} onClose={onClose} title="Stops" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <section className={styles['section']}>
        <h3>In force</h3>
        {stops.isError && <Problem what="The stops" error={stops.error} onRetry={() => void stops.refetch()} />}
        {stops.isSuccess && active.length === 0 && <p className="dim">Nothing is stopped.</p>}
        <ul className={styles['list']}>
          {active.map((stop) => (
            <ActiveStop key={stop.id} stop={stop} />
          ))}
        </ul>
      </section>
      <section className={styles['section']}>
        <h3>Stop something</h3>
        <SetStop tenant={me.tenant} wanted={wanted} />
      </section>
      <p className="dim">
        From the moment a stop is in force, no new step of what it covers begins. A call that has already left finishes
        on its own. Without this page: <code>./writ stop --agent &lt;name&gt; --reason …</code>
      </p>
    </Modal>
  );
}
