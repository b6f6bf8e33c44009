import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { Panel } from '../list/Panel';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import type { Sign } from '../ui/tone';
import { SUBSCRIPTIONS_KEY } from './subscriptions-key';
import styles from './Subscriptions.module.css';

interface Props {
  readonly id: string;
  readonly label: string;
  readonly onClose: () => void;
}

const ASIDE: Sign = { tone: 'bad', icon: 'cross', word: 'Put aside' };
const AGAIN: Sign = { tone: 'wait', icon: 'pause', word: 'Sent again' };

/** What was tried last, and what came of it; and what was put aside. */
export function DeliveriesPanel({ id, label, onClose }: Props) {
  const found = useQuery({
    queryKey: [...SUBSCRIPTIONS_KEY, 'deliveries', id],
    queryFn: ({ signal }) => api.subscriptions.deliveries(id, { signal }),
    refetchInterval: 3_000,
  });
  return (
    <Panel label={`Deliveries to ${label}`} title={<strong>{label}</strong>} onClose={onClose}>
      {found.isError && <Problem what="The deliveries" error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading what="the deliveries" rows={4} />}
      {found.data?.data.length === 0 && <p className="dim">Nothing was tried yet.</p>}
      <ol className={styles['tries']}>
        {found.data?.data.map((one) => (
          <li key={`${one.event} ${one.attempt}`}>
            <span className={styles['line']}>
              <Mark
                quiet
                sign={
                  one.error === null
                    ? { tone: 'good', icon: 'check', word: 'Taken' }
                    : { tone: 'bad', icon: 'cross', word: 'Not taken' }
                }
              />
              <span>{one.type}</span>
            </span>
            <span className="dim">
              <Stamp at={one.time} form="full" /> · try {one.attempt} · {one.took_ms} ms
              {one.error !== null && ` · ${one.error}`}
            </span>
          </li>
        ))}
      </ol>
      {found.data && found.data.dead.length > 0 && (
        <section aria-label="Put aside">
          <h3>Put aside</h3>
          <ol className={styles['tries']}>
            {found.data.dead.map((one) => (
              <li key={one.event}>
                <span className={styles['line']}>
                  <Mark quiet sign={one.again ? AGAIN : ASIDE} />
                  <span>{one.type}</span>
                </span>
                <span className="dim">
                  <Stamp at={one.time} form="full" /> · {plural(one.attempts, 'try', 'tries')} · {one.error}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </Panel>
  );
}
