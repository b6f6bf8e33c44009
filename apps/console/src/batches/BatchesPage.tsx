import { api } from '../api/client';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { BATCHES_KEY } from './batches-key';
import { BatchPanel } from './BatchPanel';
import styles from './Batches.module.css';
import { Progress } from './Progress';
import { type Batch, BATCH, isOver } from './states';

/** Many inputs to one workflow, each a run of its own: how far each batch has come. */
export function BatchesPage() {
  const { search, push } = useAddress();
  const { query, rows } = usePages([...BATCHES_KEY, 'list'], {
    page: (cursor, signal) => api.batches.list({ limit: 50 }, { signal }).page(cursor),
    refetchInterval: 5_000,
  });
  const chosen = search['sel'];
  return (
    <Page
      title="Batches"
      purpose="Many inputs to one workflow, each a run of its own, under one budget."
      controls={null}
      panel={
        chosen !== undefined && (
          <BatchPanel
            key={chosen}
            id={chosen}
            state={search['state']}
            onState={(state) => push({ state })}
            onClose={() => push({ sel: undefined, state: undefined })}
          />
        )
      }
    >
      {query.isError && <Problem what="The batches" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="batches" rows={3} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty
          icon="columns"
          title="There are no batches"
          command="./writ batches start refund_order --inputs @items.json"
        >
          <p>A batch starts many runs of one workflow and says how each of them came out.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Batches">
          <ul className={styles['list']}>
            {rows.map((batch) => (
              <li key={batch.id}>
                <Row
                  batch={batch}
                  current={batch.id === chosen}
                  onOpen={() => push({ sel: batch.id, state: undefined })}
                />
              </li>
            ))}
          </ul>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}

interface RowProps {
  readonly batch: Batch;
  readonly current: boolean;
  readonly onOpen: () => void;
}

function Row({ batch, current, onOpen }: RowProps) {
  return (
    <button type="button" className={styles['row']} aria-current={current || undefined} onClick={onOpen}>
      <span className={styles['line']}>
        <Mark sign={BATCH[batch.status]} quiet />
        <strong className="cut">{batch.workflow}</strong>
        <span className="dim">
          {plural(batch.total, 'item')}, {isOver(batch) ? 'ended' : 'begun'}{' '}
          <Stamp at={batch.finished_at ?? batch.created_at} form="ago" />
        </span>
      </span>
      <Progress batch={batch} />
    </button>
  );
}
