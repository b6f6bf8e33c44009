import { isFinal } from '@writ/words';
import type { ListedRun } from '../api/runs';
import { costText } from '../budgets/words';
import type { Column } from '../list/columns';
import { count, duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { Mark } from '../ui/Mark';
import { RUN_STATUS } from '../ui/tone';
import styles from './Runs.module.css';

/** The columns of the runs list. `longest` scales the bars to what is on the page. */
export function runColumns(longest: number): readonly Column<ListedRun>[] {
  return [
    column('status', 'Status', '9.5rem', (run) => <Mark sign={RUN_STATUS[run.status]} quiet />, { fixed: true }),
    column('workflow', 'Workflow', 'minmax(9rem, 1.4fr)', (run) => <Name run={run} />, { fixed: true }),
    column('agent', 'Agent', 'minmax(6.5rem, 1fr)', (run) => <Agents run={run} />, { yields: true }),
    column('started', 'Started', '6.5rem', (run) => <Stamp at={run.created_at} />, { sort: 'started' }),
    column('duration', 'Duration', '8.5rem', (run) => <Length run={run} longest={longest} />, { sort: 'duration' }),
    column('waiting', 'Waiting on', 'minmax(7rem, 1fr)', (run) => <Waiting run={run} />, { yields: true }),
    column('decisions', 'Decisions', '7.5rem', (run) => <Decisions run={run} />),
    column('tokens', 'Tokens', '4.5rem', (run) => count(run.usage.tokens), { align: 'right', yields: true }),
    column('cost', 'Cost', '4.5rem', (run) => costText(run.usage.cost_micros), { align: 'right', standard: false }),
    column('initiator', 'For', 'minmax(7rem, 1fr)', (run) => run.initiator, { standard: false }),
    column('calls', 'Calls', '4rem', (run) => count(run.usage.model_calls + run.usage.tool_calls), {
      align: 'right',
      standard: false,
    }),
    column('finished', 'Finished', '6.5rem', (run) => (run.finished_at ? <Stamp at={run.finished_at} /> : '—'), {
      standard: false,
      sort: 'finished',
    }),
    column('trace', 'Trace', '9rem', (run) => <code>{run.trace_id?.slice(0, 16) ?? '—'}</code>, { standard: false }),
  ];
}

function column(
  id: string,
  header: string,
  ...[width, cell, more]: [string, Column<ListedRun>['cell'], Partial<Column<ListedRun>>?]
): Column<ListedRun> {
  return { id, header, width, cell, standard: true, ...more };
}

export const shortId = (id: string): string => id.slice(-8);

function Name({ run }: { readonly run: ListedRun }) {
  return (
    <span className={styles['name']}>
      <span className="cut">{run.workflow}</span>
      <code className={styles['short']}>{shortId(run.id)}</code>
    </span>
  );
}

function Agents({ run }: { readonly run: ListedRun }) {
  if (run.agent === null) return <span className="dim">—</span>;
  if (run.root_agent === null || run.root_agent === run.agent) return run.agent;
  return (
    <span className={styles['handed']} title={`began with ${run.root_agent}`}>
      <span className="cut">{run.root_agent}</span>
      <Icon name="right" size={11} />
      <span className="cut">{run.agent}</span>
    </span>
  );
}

function Waiting({ run }: { readonly run: ListedRun }) {
  return run.waiting_on === null ? (
    <span className="dim">—</span>
  ) : (
    <span title={run.waiting_on}>{run.waiting_on}</span>
  );
}

function Length({ run, longest }: { readonly run: ListedRun; readonly longest: number }) {
  const ms = run.duration_ms ?? Date.now() - Date.parse(run.created_at);
  return (
    <span className={styles['length']}>
      <span className={styles['track']} aria-hidden="true">
        <span
          className={styles['fill']}
          data-open={isFinal(run.status) ? undefined : true}
          style={{ width: `${Math.max(2, Math.min(100, (ms / Math.max(1, longest)) * 100))}%` }}
        />
      </span>
      <span>{duration(ms)}</span>
    </span>
  );
}

export function Decisions({ run }: { readonly run: Pick<ListedRun, 'decisions'> }) {
  const { allow, ask, deny } = run.decisions;
  return (
    <span className={styles['decisions']}>
      <span data-tone="good" title={`${allow} allowed`}>
        <Icon name="check" size={11} />
        <span className="only-read">allowed</span> {count(allow)}
      </span>
      {ask > 0 && (
        <span data-tone="wait" title={`${ask} asked`}>
          <Icon name="hand" size={11} />
          <span className="only-read">asked</span> {count(ask)}
        </span>
      )}
      {deny > 0 && (
        <span data-tone="bad" title={`${deny} denied`}>
          <Icon name="deny" size={11} />
          <span className="only-read">denied</span> {count(deny)}
        </span>
      )}
    </span>
  );
}
