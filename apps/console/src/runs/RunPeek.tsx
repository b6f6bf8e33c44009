import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../api/client';
import type { ListedRun } from '../api/runs';
import { costText } from '../budgets/words';
import { Panel } from '../list/Panel';
import { count, duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { RUN_STATUS } from '../ui/tone';
import type { Search } from '../url/search';
import { Decisions } from './columns';
import styles from './Runs.module.css';

interface Props {
  readonly id: string;
  /** As the list has it; null when the list does not hold it. */
  readonly listed: ListedRun | null;
  readonly context: Search;
  readonly onClose: () => void;
}

export function RunPeek({ id, listed, context, onClose }: Props) {
  const run = useQuery({
    queryKey: ['run', id, listed?.updated_at],
    queryFn: ({ signal }) => api.runs.get(id, { signal }),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
  const data = run.data;
  const title = (
    <span className={styles['line']}>
      {(data ?? listed) && <Mark sign={RUN_STATUS[(data ?? listed!).status]} />}
      <strong className="cut">{(data ?? listed)?.workflow ?? id}</strong>
    </span>
  );
  return (
    <Panel label={`Run ${id}`} title={title} onClose={onClose}>
      {run.isError && <Problem what="This run" error={run.error} onRetry={() => void run.refetch()} />}
      {run.isPending && <Loading what="the run" rows={5} />}
      {data && (
        <div className={styles['peek']}>
          <Facts
            facts={[
              ['Run', <Id key="id" id={data.id} what="Run id" />],
              ['For', data.initiator],
              ['Agents', data.agents.length > 0 ? data.agents.join(' → ') : '—'],
              ['Started', <Stamp key="at" at={data.created_at} form="full" />],
              data.finished_at === null ? null : ['Finished', <Stamp key="end" at={data.finished_at} form="full" />],
              typeof listed?.duration_ms === 'number' ? ['Duration', duration(listed.duration_ms)] : null,
              typeof listed?.waiting_on === 'string' ? ['Waiting on', listed.waiting_on] : null,
              listed === null ? null : ['Decisions', <Decisions key="decisions" run={listed} />],
              [
                'Used',
                `${count(data.usage.model_calls)} model calls, ${count(data.usage.tool_calls)} tool calls, ${count(data.usage.tokens)} tokens, cost ${costText(data.usage.cost_micros)}`,
              ],
              ['Workflow', <Id key="digest" id={data.workflow_digest} what="Digest" />],
              data.trace_id === null ? null : ['Trace', <Id key="trace" id={data.trace_id} what="Trace id" />],
            ]}
          />
          {data.failure && (
            <section className={styles['failure']}>
              <h3>Why it did not go well</h3>
              <p>
                <code>{data.failure.code}</code> {data.failure.message}
              </p>
            </section>
          )}
          <section>
            <h3>Input</h3>
            <JsonView value={data.input} label="Input" />
          </section>
          {data.output !== null && (
            <section>
              <h3>Output</h3>
              <JsonView value={data.output} label="Output" />
            </section>
          )}
          <p>
            <Link to="/runs/$run" params={{ run: id }} search={context as never}>
              Open the run
            </Link>
          </p>
        </div>
      )}
    </Panel>
  );
}
