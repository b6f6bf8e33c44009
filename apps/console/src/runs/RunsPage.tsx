import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { SegmentedControl } from '@mantine/core';
import type { RunStatus } from '@writ/words';
import { fetchRunHistogram, fetchRunValues, fetchStatusCounts, type ListedRun, runsAsked } from '../api/runs';
import { Histogram } from '../chart/Histogram';
import { beside, columnsOf, columnsText } from '../list/columns';
import { CoverageLine, coverageOf } from '../list/CoverageLine';
import { FilterChips } from '../list/FilterChips';
import listBar from '../list/ListBar.module.css';
import { ListTools } from '../list/ListTools';
import { NewRows } from '../list/NewRows';
import { Page } from '../list/Page';
import { useCursor } from '../list/useCursor';
import { useListKeys } from '../list/useListKeys';
import { useSearchOn } from '../list/useSearchOn';
import { VirtualGrid } from '../list/VirtualGrid';
import { QueryBar } from '../query/QueryBar';
import { chosen, toggled, without } from '../query/parts';
import { stamp } from '../time/format';
import { rangeLabel } from '../time/range';
import { useZone } from '../time/useZone';
import { copyText } from '../ui/clipboard';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { isProblem, RUN_STATUS } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { runColumns } from './columns';
import { runExports, runsCommand } from './exports';
import { NoRuns } from './NoRuns';
import { RunCard } from './RunCard';
import { RunPeek } from './RunPeek';
import { RUN_SERIES } from './series';
import { useLiveRuns } from './useLiveRuns';
import { useRuns } from './useRuns';

/** Which of its times places a run in the window. */
const BASES = [
  { value: 'started', label: 'Started' },
  { value: 'finished', label: 'Finished' },
  { value: 'active', label: 'Active' },
];

const idOf = (run: ListedRun): string => run.id;

export function RunsPage() {
  const { search, push, replace } = useAddress();
  const zone = useZone();
  const navigate = useNavigate();
  const asked = useMemo(
    () => runsAsked(search, zone),
    [search['q'], search['from'], search['to'], search['basis'], search['sort'], zone],
  );
  const { query, rows, update, restart } = useRuns(asked);
  const [at, move] = useCursor();
  const [follow, setFollow] = useState(false);
  const pointed = useRef(false);
  const live = useLiveRuns({ asked, rows, update, restart, following: () => follow && !pointed.current });
  const dense = search['dense'] === '1';
  const longest = Math.max(0, ...rows.map((run) => run.duration_ms ?? 0));
  const all = useMemo(() => runColumns(longest), [longest]);
  const columns = useMemo(() => columnsOf(all, search['cols']), [all, search['cols']]);
  const histogram = useQuery({
    queryKey: ['runs-histogram', asked],
    queryFn: ({ signal }) => fetchRunHistogram(asked, 60, signal),
    placeholderData: keepPreviousData,
  });
  const anyStatus = useMemo(() => ({ ...asked, q: without(asked.q, 'runs', 'status') }), [asked]);
  const statuses = useQuery({
    queryKey: ['runs-statuses', anyStatus],
    queryFn: ({ signal }) => fetchStatusCounts(anyStatus, signal),
    placeholderData: keepPreviousData,
  });
  // A look at the counts costs the server more than rows do: they follow the list, not every event.
  useEffect(() => {
    if (live.queued === 0) return;
    const timer = setTimeout(() => void Promise.all([histogram.refetch(), statuses.refetch()]), 2_000);
    return () => clearTimeout(timer);
  }, [live.queued]);

  const open = (run: ListedRun): void => {
    void navigate({ to: '/runs/$run', params: { run: run.id }, search: { ...search, sel: undefined } as never });
  };
  useListKeys({
    rows,
    idOf,
    at,
    move,
    open,
    isProblem: (run) => isProblem(run.status),
    peek: (run) => push({ view: search['view'] === 'peek' && at === run.id ? undefined : 'peek' }),
    close: () => (search['view'] === 'peek' ? push({ view: undefined }) : move(null)),
    showNew: live.showNew,
    follow: () => setFollow((before) => !before),
    copyId: (run) => void copyText(run.id, 'Run id'),
    copyJson: (run) => void copyText(JSON.stringify(run, null, 2), 'Run'),
    copyCli: (run) => void copyText(`./writ runs show ${run.id}`, 'Command'),
  });
  const onEnd = useCallback(() => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  }, [query.hasNextPage, query.isFetchingNextPage, query.fetchNextPage]);
  const select = (run: ListedRun): void => {
    move(run.id);
    if (search['view'] !== 'peek') push({ view: 'peek', sel: run.id });
  };
  const counted = statuses.data;
  const chips = RUN_SERIES.filter(({ key }) => (counted?.get(key) ?? 0) > 0).map(({ key }) => ({
    value: key,
    sign: RUN_STATUS[key as RunStatus],
    count: counted?.get(key) ?? 0,
  }));
  const searching = useSearchOn(query, rows.length);
  const coverage = coverageOf(query.data?.pages);
  const window = rangeLabel(asked, (text) => stamp(Date.parse(text), zone).slice(0, 16));
  const peeked = search['view'] === 'peek' ? (at ?? null) : null;

  return (
    <Page
      title="Runs"
      purpose="What agents are doing and did, and where somebody has to look."
      controls={
        <>
          <QueryBar
            list="runs"
            text={asked.q}
            placeholder="status:failed agent:refund* duration:>30s"
            values={fetchRunValues}
            onApply={(q) => push({ q, sel: undefined })}
          />
          {histogram.data && (
            <Histogram
              counts={histogram.data}
              series={RUN_SERIES}
              noun="run"
              stale={histogram.isPlaceholderData}
              onBrush={(from, to) => push({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
            />
          )}
          <div className={listBar['bar']}>
            <FilterChips
              label="Runs by status"
              chips={chips}
              chosen={chosen(asked.q, 'runs', 'status')}
              onToggle={(status) =>
                push({ q: toggled(asked.q, 'runs', { field: 'status', value: status }), sel: undefined })
              }
            />
            <NewRows count={live.queued} noun="run" onShow={live.showNew} />
            {coverage && <CoverageLine coverage={coverage} noun="run" window={window} />}
            <SegmentedControl
              className={listBar['basis'] ?? ''}
              size="xs"
              aria-label="What lies in the window"
              data={BASES}
              value={asked.basis}
              onChange={(basis) => push({ basis: basis === 'started' ? undefined : basis, sel: undefined })}
            />
            <ListTools
              columns={all}
              shown={columns}
              onColumns={(ids) => push({ cols: columnsText(all, ids) })}
              dense={dense}
              onDense={() => replace({ dense: dense ? undefined : '1' })}
              exports={runExports(rows, asked)}
            />
          </div>
        </>
      }
      panel={
        peeked !== null && (
          <RunPeek
            id={peeked}
            listed={rows.find((run) => run.id === peeked) ?? null}
            context={{ ...search, sel: undefined, view: undefined }}
            onClose={() => push({ view: undefined })}
          />
        )
      }
    >
      {query.isError && <Problem what="The runs" error={query.error} onRetry={() => void query.refetch()} />}
      {(query.isPending || searching) && (
        <Loading what="runs" rows={12} onCancel={() => push({ from: '-1h', to: undefined })} />
      )}
      {query.isSuccess && !searching && rows.length === 0 && <NoRuns asked={asked} window={window} push={push} />}
      {rows.length > 0 && (
        <div
          style={{ display: 'contents' }}
          onPointerEnter={() => (pointed.current = true)}
          onPointerLeave={() => (pointed.current = false)}
        >
          <VirtualGrid
            label="Runs"
            columns={beside(columns, peeked !== null)}
            rows={rows}
            idOf={idOf}
            card={(run) => <RunCard run={run} />}
            selected={at}
            dense={dense}
            sort={asked.sort}
            onSort={(sort) => push({ sort: sort === '-started' ? undefined : sort, sel: undefined })}
            pulsing={live.pulsing}
            total={query.hasNextPage ? -1 : rows.length}
            onMove={(run) => move(run.id)}
            onSelect={select}
            onOpen={(run, { newTab }) => (newTab ? openTab(run) : open(run))}
            onEnd={onEnd}
            footer={
              query.isFetchingNextPage ? 'Loading more…' : query.hasNextPage ? '' : `That is all: ${runsCommand(asked)}`
            }
          />
        </div>
      )}
    </Page>
  );
}

const openTab = (run: ListedRun): void => {
  globalThis.open(`/runs/${run.id}${globalThis.location.search}`, '_blank', 'noopener');
};
