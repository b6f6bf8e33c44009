import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { api } from '../api/client';
import type { ListedEvent } from '../api/audit';
import { AUDIT_COLUMNS, EventCard, isTrouble } from '../audit/columns';
import { EventPanel } from '../audit/EventPanel';
import { beside } from '../list/columns';
import { useListKeys } from '../list/useListKeys';
import { VirtualGrid } from '../list/VirtualGrid';
import { AlarmBand } from '../proof/AlarmBand';
import { RangeReport } from '../proof/RangeReport';
import { useRangeCheck } from '../proof/useRangeCheck';
import { count, plural } from '../time/format';
import { copyText } from '../ui/clipboard';
import { Empty } from '../ui/Empty';
import { Icon } from '../ui/icons';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import styles from './AuditTab.module.css';

const idOf = (event: ListedEvent): string => event.id;
const NONE: ReadonlySet<string> = new Set();
const COLUMNS = AUDIT_COLUMNS.filter((column) => column.id !== 'target' && column.id !== 'run');

/** The part of the log that is about this run. Read once: reading it is an event of the log too. */
export function AuditTab({ run, tenant }: { readonly run: string; readonly tenant: string }) {
  const { search, push } = useAddress();
  const events = useQuery({
    queryKey: ['run-audit', run],
    queryFn: async ({ signal }) => {
      const all: ListedEvent[] = [];
      for await (const event of api.audit.events({ filter: `run:${run}`, sort: 'time', limit: 200 }, { signal }))
        all.push(event);
      return all;
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const at = search['evt'] ?? null;
  const move = useCallback((id: string | null) => push({ evt: id ?? undefined }), [push]);
  const rows = events.data ?? [];
  useListKeys({
    rows,
    idOf,
    at,
    move,
    isProblem: isTrouble,
    open: (event) => move(event.id),
    peek: (event) => move(event.id),
    close: () => move(null),
    showNew: () => void events.refetch(),
    follow: () => undefined,
    copyId: (event) => void copyText(event.id, 'Event id'),
    copyJson: (event) => void copyText(JSON.stringify(event, null, 2), 'Event'),
    copyCli: (event) => void copyText(`./writ audit verify ${event.id}`, 'Command'),
  });
  if (events.isError)
    return <Problem what="The audit events" error={events.error} onRetry={() => void events.refetch()} />;
  if (events.isPending) return <Loading what="the audit events" />;
  if (rows.length === 0)
    return (
      <Empty icon="audit" title="No audit events">
        The run has recorded nothing that you may read.
      </Empty>
    );
  const chosen = rows.find((event) => event.id === at) ?? null;
  return (
    <div className={styles['tab']}>
      <AlarmBand />
      <div className={styles['body']}>
        <div className={styles['list']}>
          <VerifyRun run={run} base={`writ/${tenant}`} events={rows} onRefresh={() => void events.refetch()} />
          <VirtualGrid
            label="Audit events of the run"
            columns={beside(COLUMNS, chosen !== null)}
            rows={rows}
            idOf={idOf}
            card={(event) => <EventCard event={event} />}
            selected={at}
            dense={false}
            sort={null}
            onSort={() => undefined}
            pulsing={NONE}
            total={rows.length}
            onMove={(event) => move(event.id)}
            onSelect={(event) => move(event.id)}
            onOpen={(event) => move(event.id)}
            onEnd={() => undefined}
            footer=""
          />
        </div>
        {chosen && <EventPanel id={chosen.id} event={chosen} onClose={() => move(null)} />}
      </div>
    </div>
  );
}

interface VerifyProps {
  readonly run: string;
  readonly base: string;
  readonly events: readonly ListedEvent[];
  readonly onRefresh: () => void;
}

/** Every event of the run in the tree, and its chain without a gap. */
function VerifyRun({ run, base, events, onRefresh }: VerifyProps) {
  const { state, start } = useRangeCheck(base);
  const [shown, setShown] = useState(false);
  const verify = (acceptEmbedded: boolean): void => {
    setShown(true);
    void start({ run }, acceptEmbedded);
  };
  const sealed = events.filter((event) => event.view.index !== null).length;
  return (
    <div className={styles['verify']}>
      <div className={styles['bar']}>
        <span className="dim">
          {plural(events.length, 'event')}, {count(sealed)} under a checkpoint
        </span>
        <Button variant="subtle" onClick={onRefresh}>
          Read again
        </Button>
        <Button loading={state.is === 'running'} leftSection={<Icon name="audit" />} onClick={() => verify(false)}>
          Verify this run
        </Button>
      </div>
      {shown && state.is === 'failed' && <Problem what="The export" error={state.error} />}
      {shown && state.is === 'done' && <RangeReport report={state.report} base={base} onAgain={verify} />}
    </div>
  );
}
