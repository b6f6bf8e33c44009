import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { Panel } from '../list/Panel';
import { usePages } from '../list/usePages';
import { useMay } from '../session/useTenant';
import { count } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import { BATCHES_KEY } from './batches-key';
import styles from './Batches.module.css';
import { Progress } from './Progress';
import { type Batch, BATCH, isOver, ITEM, type Item, type ItemState, sharesOf } from './states';

interface Props {
  readonly id: string;
  /** The items that are shown: those that stand so, or all. */
  readonly state: string | undefined;
  readonly onState: (state: string | undefined) => void;
  readonly onClose: () => void;
}

/** One batch: how far it is, each of its items and what came of it. */
export function BatchPanel({ id, state, onState, onClose }: Props) {
  const one = useQuery({
    queryKey: [...BATCHES_KEY, 'one', id],
    queryFn: ({ signal }) => api.batches.get(id, { signal }),
    refetchInterval: ({ state: { data } }) => (data && isOver(data) ? false : 2_000),
  });
  const batch = one.data;
  const title = (
    <span className={styles['line']}>
      {batch && <Mark sign={BATCH[batch.status]} />}
      <strong className="cut">{batch?.workflow ?? id}</strong>
    </span>
  );
  return (
    <Panel label={`Batch ${id}`} title={title} onClose={onClose}>
      {one.isError && <Problem what="This batch" error={one.error} onRetry={() => void one.refetch()} />}
      {one.isPending && <Loading what="the batch" rows={5} />}
      {batch && (
        <div className={styles['panel']}>
          <Progress batch={batch} />
          <Facts
            facts={[
              ['Batch', <Id key="id" id={id} what="Batch id" />],
              ['For', batch.initiator],
              ['Version', count(batch.version)],
              ['At once', count(batch.concurrency)],
              ['Begun', <Stamp key="begun" at={batch.created_at} form="full" />],
              batch.finished_at === null ? null : ['Ended', <Stamp key="ended" at={batch.finished_at} form="full" />],
              batch.reason === null ? null : ['Because', batch.reason],
            ]}
          />
          {batch.status === 'running' && <Cancel id={id} />}
          <Items id={id} batch={batch} state={state} onState={onState} />
        </div>
      )}
    </Panel>
  );
}

function Cancel({ id }: { readonly id: string }) {
  const [reason, setReason] = useState<string | null>(null);
  const may = useMay('run.cancel');
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.batches.cancel(id, { reason: (reason ?? '').trim() }),
    onSuccess: () => {
      say('What has not begun is skipped, and the runs under way are cancelled');
      setReason(null);
      return queries.invalidateQueries({ queryKey: BATCHES_KEY });
    },
  });
  if (reason === null)
    return (
      <div>
        <Button variant="default" size="xs" disabled={!may} onClick={() => setReason('')}>
          Cancel…
        </Button>
      </div>
    );
  return (
    <form
      className={styles['cancel']}
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() !== '') cancel.mutate();
      }}
    >
      <TextInput
        label="Reason"
        placeholder="Others will read this"
        autoFocus
        value={reason}
        error={cancel.isError ? troubleOf(cancel.error).detail : null}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <div className={styles['line']}>
        <Button type="submit" size="xs" disabled={reason.trim() === ''} loading={cancel.isPending}>
          Cancel the batch
        </Button>
        <Button variant="subtle" size="xs" onClick={() => setReason(null)}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

function Items({ id, batch, state, onState }: Omit<Props, 'onClose'> & { readonly batch: Batch }) {
  const known = sharesOf(batch);
  const wanted = known.find((one) => one.state === state)?.state;
  const { query, rows: items } = usePages(
    [...BATCHES_KEY, 'items', id, wanted ?? 'all', JSON.stringify(batch.counts)],
    {
      page: (cursor, signal) =>
        api.batches
          .items(id, { limit: 100, ...(wanted === undefined ? {} : { state: wanted }) }, { signal })
          .page(cursor),
      keepsPrevious: true,
    },
  );
  const label = (one: ItemState, items: number): string => `${ITEM[one].word} (${count(items)})`;
  return (
    <section>
      <NativeSelect
        label="Items"
        size="xs"
        data={[
          { value: '', label: `All (${count(batch.total)})` },
          ...known.map((one) => ({ value: one.state, label: label(one.state, one.items) })),
        ]}
        value={wanted ?? ''}
        onChange={(event) => onState(event.currentTarget.value || undefined)}
      />
      {query.isError && <Problem what="The items" error={query.error} onRetry={() => void query.refetch()} />}
      <ol className={styles['items']} aria-label="Items">
        {items.map((item) => (
          <ItemLine key={item.place} item={item} />
        ))}
      </ol>
      {query.hasNextPage && (
        <Button
          variant="subtle"
          size="xs"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

function ItemLine({ item }: { readonly item: Item }) {
  const { key, state, run, code, output } = item;
  return (
    <li>
      <span className={styles['line']}>
        <Mark sign={ITEM[state]} quiet />
        {run === null ? (
          <span>{key}</span>
        ) : (
          <Link to="/runs/$run" params={{ run }}>
            {key}
          </Link>
        )}
        {code !== null && <code className="dim">{code}</code>}
      </span>
      {output !== null && <code className={styles['output']}>{JSON.stringify(output)}</code>}
    </li>
  );
}
