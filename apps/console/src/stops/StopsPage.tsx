import { useSearch } from '@tanstack/react-router';
import { Page } from '../list/Page';
import { useTenant } from '../session/useTenant';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { ActiveStop } from './ActiveStop';
import { SetStop } from './SetStop';
import { StopEffect } from './StopEffect';
import styles from './Stops.module.css';
import { useStops } from './useStops';

/** Everything about stops on one page: what is stopped, how far that has come, and stopping more. */
export function StopsPage() {
  const stops = useStops();
  const tenant = useTenant();
  const { sel } = useSearch({ strict: false }) as { sel?: string };
  const active = stops.data ?? [];
  const shown = sel ?? active[0]?.id;
  return (
    <Page title="Stops" purpose="What may not go on, who has applied that, and what was on its way." controls={null}>
      <div className={styles['page']}>
        <div>
          <section className={styles['section']}>
            <h2>In force</h2>
            {stops.isPending && <Loading what="the stops" rows={2} />}
            {stops.isError && <Problem what="The stops" error={stops.error} onRetry={() => void stops.refetch()} />}
            {stops.isSuccess && active.length === 0 && <p className="dim">Nothing is stopped.</p>}
            <ul className={styles['list']}>
              {active.map((stop) => (
                <ActiveStop key={stop.id} stop={stop} />
              ))}
            </ul>
          </section>
          <section className={styles['section']}>
            <h2>Stop something</h2>
            <SetStop tenant={tenant} wanted={null} />
            <p className="dim">
              To practise it: <code>./writ stop drill --workflow canary</code> sets a stop, times it and releases it.
            </p>
          </section>
        </div>
        {shown !== undefined && <StopEffect id={shown} />}
      </div>
    </Page>
  );
}
