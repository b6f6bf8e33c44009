import { Button, SegmentedControl } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import {
  auditAsked,
  countedBy,
  fetchAuditHistogram,
  fetchAuditValues,
  fetchListed,
  type ListedEvent,
} from '../api/audit';
import { Histogram } from '../chart/Histogram';
import { beside, columnsOf, columnsText } from '../list/columns';
import { CoverageLine, coverageOf } from '../list/CoverageLine';
import listBar from '../list/ListBar.module.css';
import { ListTools } from '../list/ListTools';
import { NewRows } from '../list/NewRows';
import { Page } from '../list/Page';
import { useCursor } from '../list/useCursor';
import { useListKeys } from '../list/useListKeys';
import { useSearchOn } from '../list/useSearchOn';
import { VirtualGrid } from '../list/VirtualGrid';
import { AlarmBand } from '../proof/AlarmBand';
import { VerifyRange } from '../proof/VerifyRange';
import { QueryBar } from '../query/QueryBar';
import { stamp } from '../time/format';
import { rangeLabel } from '../time/range';
import { useZone } from '../time/useZone';
import { copyText } from '../ui/clipboard';
import { Icon } from '../ui/icons';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { AUDIT_COLUMNS, EventCard, isTrouble } from './columns';
import { EventPanel } from './EventPanel';
import { auditExports } from './exports';
import { NoEvents } from './NoEvents';
import { Presets } from './Presets';
import { AUDIT_SERIES } from './series';
import { useEvents } from './useEvents';

const idOf = (event: ListedEvent): string => event.id;
const NONE: ReadonlySet<string> = new Set();

export function AuditPage() {
  const { search, push, replace } = useAddress();
  const zone = useZone();
  const asked = useMemo(
    () => auditAsked(search, zone),
    [search['q'], search['from'], search['to'], search['sort'], zone],
  );
  const by = countedBy(search);
  const { query, rows, queued, showNew } = useEvents(asked);
  const [at, move] = useCursor();
  const dense = search['dense'] === '1';
  const columns = useMemo(() => columnsOf(AUDIT_COLUMNS, search['cols']), [search['cols']]);
  const [verifying, setVerifying] = useState(false);
  const histogram = useQuery({
    queryKey: ['audit-histogram', asked, by],
    queryFn: ({ signal }) => fetchAuditHistogram(asked, by, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const peeked = search['view'] === 'peek' || search['view'] === 'proof' || search['view'] === 'raw' ? at : null;
  const listed = rows.find((event) => event.id === peeked) ?? null;
  // A copied address names an event that the first page may not hold.
  const alone = useQuery({
    queryKey: ['audit-event', peeked],
    queryFn: ({ signal }) => fetchListed(peeked ?? '', signal),
    enabled: peeked !== null && listed === null && query.isSuccess,
    staleTime: Infinity,
  });
  const shown = listed ?? alone.data ?? null;
  const peek = (event: ListedEvent): void => {
    move(event.id);
    push({ view: search['view'] ?? 'peek', sel: event.id });
  };
  useListKeys({
    rows,
    idOf,
    at,
    move,
    isProblem: isTrouble,
    open: peek,
    peek,
    close: () => (peeked !== null ? push({ view: undefined }) : move(null)),
    showNew: () => void showNew(),
    follow: () => void showNew(),
    copyId: (event) => void copyText(event.id, 'Event id'),
    copyJson: (event) => void copyText(JSON.stringify(event, null, 2), 'Event'),
    copyCli: (event) => void copyText(`./writ audit verify ${event.id}`, 'Command'),
  });
  const onEnd = useCallback(() => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  }, [query.hasNextPage, query.isFetchingNextPage, query.fetchNextPage]);
  const searching = useSearchOn(query, rows.length);
  const coverage = coverageOf(query.data?.pages);
  const window = rangeLabel(asked, (text) => stamp(Date.parse(text), zone).slice(0, 16));

  return (
    <>
      <AlarmBand />
      <Page
        title="Audit"
        purpose="What was decided and done, by whom, and whether the record of it is whole."
        action={
          <Button variant="default" leftSection={<Icon name="audit" />} onClick={() => setVerifying(true)}>
            Verify…
          </Button>
        }
        controls={
          <>
            <QueryBar
              list="audit"
              text={asked.q}
              placeholder="decision:deny actor:agent:* type:action.*"
              values={fetchAuditValues}
              onApply={(q) => push({ q, sel: undefined })}
            />
            {histogram.data && (
              <Histogram
                counts={histogram.data}
                series={AUDIT_SERIES[by]}
                noun="event"
                stale={histogram.isPlaceholderData}
                onBrush={(from, to) => push({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
              />
            )}
            <div className={listBar['bar']}>
              <Presets q={asked.q} onPick={(q) => push({ q, sel: undefined })} />
              <NewRows count={queued} noun="event" onShow={() => void showNew()} />
              {coverage && <CoverageLine coverage={coverage} noun="event" window={window} />}
              <div className={listBar['tools']}>
                <SegmentedControl
                  size="xs"
                  aria-label="Bars by"
                  data={[
                    { value: 'category', label: 'Kind' },
                    { value: 'decision', label: 'Decision' },
                    { value: 'actor', label: 'Actor' },
                  ]}
                  value={by}
                  onChange={(next) => push({ by: next === 'category' ? undefined : next })}
                />
                <ListTools
                  columns={AUDIT_COLUMNS}
                  shown={columns}
                  onColumns={(ids) => push({ cols: columnsText(AUDIT_COLUMNS, ids) })}
                  dense={dense}
                  onDense={() => replace({ dense: dense ? undefined : '1' })}
                  exports={auditExports(rows, asked)}
                />
              </div>
            </div>
          </>
        }
        panel={peeked !== null && <EventPanel id={peeked} event={shown} onClose={() => push({ view: undefined })} />}
      >
        {query.isError && <Problem what="The events" error={query.error} onRetry={() => void query.refetch()} />}
        {(query.isPending || searching) && <Loading what="events" rows={12} />}
        {query.isSuccess && !searching && rows.length === 0 && <NoEvents asked={asked} window={window} push={push} />}
        {rows.length > 0 && (
          <VirtualGrid
            label="Audit events"
            columns={beside(columns, peeked !== null)}
            rows={rows}
            idOf={idOf}
            card={(event) => <EventCard event={event} />}
            selected={at}
            dense={dense}
            sort={asked.sort}
            onSort={(sort) => push({ sort: sort === '-time' ? undefined : sort, sel: undefined })}
            pulsing={NONE}
            total={query.hasNextPage ? -1 : rows.length}
            onMove={(event) => move(event.id)}
            onSelect={peek}
            onOpen={peek}
            onEnd={onEnd}
            footer={query.isFetchingNextPage ? 'Loading more…' : query.hasNextPage ? '' : 'That is all.'}
          />
        )}
      </Page>
      <VerifyRange opened={verifying} asked={asked} onClose={() => setVerifying(false)} />
    </>
  );
}
