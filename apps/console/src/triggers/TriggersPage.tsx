import { api } from '../api/client';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { TriggerRow } from './TriggerRow';
import { TRIGGERS_KEY } from './triggers-key';
import styles from './Triggers.module.css';

/** What starts runs by itself: when it fires next, what came of it last, and how to hold it. */
export function TriggersPage() {
  const { query, rows } = usePages(TRIGGERS_KEY, {
    page: (cursor, signal) => api.triggers.list({ limit: 100 }, { signal }).page(cursor),
    refetchInterval: 15_000,
  });
  return (
    <Page
      title="Triggers"
      purpose="Schedules and webhooks that start runs, each under a principal of its own."
      controls={null}
    >
      {query.isError && <Problem what="The triggers" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="triggers" />}
      {query.isSuccess && rows.length === 0 && (
        <Empty
          icon="clock"
          title="Nothing starts by itself"
          command={'./writ triggers create nightly report --cron "0 7 * * 1-5" --time-zone Europe/Berlin'}
        >
          <p>A schedule or a webhook starts runs of a workflow. Each firing is decided by the policy and recorded.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']}>
          <table className={styles['table']}>
            <thead>
              <tr>
                {['Trigger', 'Fires', 'Starts', 'State', 'Next', 'Last'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
                <th aria-label="Change" />
              </tr>
            </thead>
            <tbody>
              {rows.map((trigger) => (
                <TriggerRow key={trigger.id} trigger={trigger} />
              ))}
            </tbody>
          </table>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}
