import { SegmentedControl } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { beside, columnsOf, columnsText } from '../list/columns';
import listBar from '../list/ListBar.module.css';
import { ListTools } from '../list/ListTools';
import { Page } from '../list/Page';
import { useCursor } from '../list/useCursor';
import { useListKeys } from '../list/useListKeys';
import { VirtualGrid } from '../list/VirtualGrid';
import { QueryBar } from '../query/QueryBar';
import { plural } from '../time/format';
import { copyText } from '../ui/clipboard';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { Away } from './Away';
import { ApprovalPanel } from './ApprovalPanel';
import type { Approval } from './approvals';
import { approvalsAsked, TABS } from './queues';
import { ApprovalCard, approvalColumns } from './columns';
import { approvalExports } from './exports';
import { NoApprovals } from './NoApprovals';
import { useApprovals } from './useApprovals';

const idOf = ({ id }: Approval): string => id;
const NOTHING_PULSES: ReadonlySet<string> = new Set();
/** Names are few here, and completing them is not worth a question to the server per letter. */
const noValues = () => Promise.resolve([]);

/** What people are asked, and what became of it. */
export function ApprovalsPage() {
  const { search, push, replace } = useAddress();
  const navigate = useNavigate();
  const asked = useMemo(() => approvalsAsked(search), [search['tab'], search['q']]);
  const { query, rows, refresh } = useApprovals(asked);
  const [at, move] = useCursor();
  const dense = search['dense'] === '1';
  const columns = useMemo(() => columnsOf(approvalColumns, search['cols']), [search['cols']]);
  const peeked = search['view'] === 'peek' ? (at ?? null) : null;
  // A request for access to a thing of an application is of no run: it is looked at here.
  const openRun = (one: Approval): void =>
    one.run === null ? select(one) : void navigate({ to: '/runs/$run', params: { run: one.run } });
  const select = (one: Approval): void => {
    move(one.id);
    if (search['view'] !== 'peek') push({ view: 'peek', sel: one.id });
  };
  useListKeys({
    rows,
    idOf,
    at,
    move,
    open: select,
    isProblem: ({ status }) => status === 'rejected' || status === 'expired',
    peek: (one) => push({ view: search['view'] === 'peek' && at === one.id ? undefined : 'peek' }),
    close: () => (search['view'] === 'peek' ? push({ view: undefined }) : move(null)),
    showNew: () => void refresh(),
    follow: () => void refresh(),
    copyId: (one) => void copyText(one.id, 'Request id'),
    copyJson: (one) => void copyText(JSON.stringify(one, null, 2), 'Request'),
    copyCli: (one) => void copyText(`./writ approvals show ${one.id}`, 'Command'),
  });
  const onEnd = useCallback(() => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  }, [query.hasNextPage, query.isFetchingNextPage, query.fetchNextPage]);

  return (
    <Page
      title="Approvals"
      purpose="What the policy asks people before an agent may act, and what they said."
      action={<Away />}
      controls={
        <>
          <QueryBar
            list="approvals"
            text={asked.q}
            placeholder="target:pay* agent:refund* role:payments"
            values={noValues}
            onApply={(q) => push({ q, sel: undefined })}
          />
          <div className={listBar['bar']}>
            <SegmentedControl
              size="xs"
              aria-label="Queue"
              data={[...TABS]}
              value={asked.tab}
              onChange={(tab) => push({ tab: tab === 'mine' ? undefined : tab, sel: undefined })}
            />
            <span className="dim" aria-live="polite">
              {query.isSuccess ? `${plural(rows.length, 'request')}${query.hasNextPage ? ' so far' : ''}` : ''}
            </span>
            <ListTools
              columns={approvalColumns}
              shown={columns}
              onColumns={(ids) => push({ cols: columnsText(approvalColumns, ids) })}
              dense={dense}
              onDense={() => replace({ dense: dense ? undefined : '1' })}
              exports={approvalExports(rows, asked)}
            />
          </div>
        </>
      }
      panel={
        peeked !== null && (
          <ApprovalPanel
            key={peeked}
            id={peeked}
            listed={rows.find(({ id }) => id === peeked) ?? null}
            onClose={() => push({ view: undefined })}
            onSettled={refresh}
          />
        )
      }
    >
      {query.isError && <Problem what="The requests" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="requests" rows={6} />}
      {query.isSuccess && rows.length === 0 && <NoApprovals asked={asked} push={push} />}
      {rows.length > 0 && (
        <VirtualGrid
          label="Requests"
          columns={beside(columns, peeked !== null)}
          rows={rows}
          idOf={idOf}
          card={(one) => <ApprovalCard approval={one} />}
          selected={at}
          dense={dense}
          sort={null}
          onSort={() => undefined}
          pulsing={NOTHING_PULSES}
          total={query.hasNextPage ? -1 : rows.length}
          onMove={(one) => move(one.id)}
          onSelect={select}
          onOpen={openRun}
          onEnd={onEnd}
          footer={query.isFetchingNextPage ? 'Loading more…' : null}
        />
      )}
    </Page>
  );
}
