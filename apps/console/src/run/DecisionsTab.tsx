import type { Verdict } from '@writ/words';
import { useCallback } from 'react';
import { beside, type Column } from '../list/columns';
import { FilterChips } from '../list/FilterChips';
import listBar from '../list/ListBar.module.css';
import { Panel } from '../list/Panel';
import { useListKeys } from '../list/useListKeys';
import { VirtualGrid } from '../list/VirtualGrid';
import { Stamp } from '../time/Stamp';
import { copyText } from '../ui/clipboard';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { VERDICT } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { Explanation } from './Explanation';
import { aboutOf } from './decision-words';
import styles from './Decisions.module.css';
import { type Decision, useDecisions } from './useDecisions';

const idOf = (decision: Decision): string => decision.id;
const VERDICTS: readonly Verdict[] = ['deny', 'ask', 'allow'];
const NONE: ReadonlySet<string> = new Set();

const COLUMNS: readonly Column<Decision>[] = [
  {
    id: 'verdict',
    header: 'Verdict',
    width: '6.5rem',
    standard: true,
    cell: (one) => <Mark sign={VERDICT[one.verdict]} quiet />,
  },
  { id: 'step', header: 'Step', width: '3rem', align: 'right', standard: true, cell: (one) => one.step ?? '—' },
  { id: 'time', header: 'Time', width: '7rem', standard: true, cell: (one) => <Stamp at={one.time} form="clock" /> },
  { id: 'about', header: 'What was asked', width: 'minmax(12rem, 1fr)', standard: true, cell: (one) => aboutOf(one) },
  { id: 'reason', header: 'Reason', width: '10rem', standard: true, cell: (one) => <code>{one.reason}</code> },
  {
    id: 'sentence',
    header: 'In words',
    width: 'minmax(14rem, 2fr)',
    standard: true,
    yields: true,
    cell: (one) => <span title={one.sentence}>{one.sentence}</span>,
  },
];

/** What was asked of the policy for this run, and what it said. */
export function DecisionsTab({ run, version }: { readonly run: string; readonly version: number }) {
  const { search, push } = useAddress();
  const decisions = useDecisions(run, version);
  const only = VERDICTS.find((one) => one === search['q2']) ?? null;
  const all = decisions.data ?? [];
  const rows = only === null ? all : all.filter((one) => one.verdict === only);
  const at = search['dec'] ?? null;
  const move = useCallback((id: string | null) => push({ dec: id ?? undefined }), [push]);
  useListKeys({
    rows,
    idOf,
    at,
    move,
    isProblem: (one) => one.verdict !== 'allow',
    open: (one) => move(one.id),
    peek: (one) => move(one.id),
    close: () => move(null),
    showNew: () => undefined,
    follow: () => undefined,
    copyId: (one) => void copyText(one.id, 'Decision id'),
    copyJson: (one) => void copyText(JSON.stringify(one, null, 2), 'Decision'),
    copyCli: (one) => void copyText(`./writ explain ${one.id}`, 'Command'),
  });
  if (decisions.isError)
    return <Problem what="The decisions" error={decisions.error} onRetry={() => void decisions.refetch()} />;
  if (decisions.isPending) return <Loading what="the decisions" />;
  const chosen = all.find((one) => one.id === at);
  const chips = VERDICTS.map((verdict) => ({
    value: verdict,
    sign: VERDICT[verdict],
    count: all.filter((one) => one.verdict === verdict).length,
  })).filter((chip) => chip.count > 0);
  return (
    <div className={styles['tab']}>
      <div className={styles['list']}>
        <div className={`${listBar['bar']} ${styles['bar']}`}>
          <FilterChips
            label="Decisions by verdict"
            chips={chips}
            chosen={only === null ? [] : [only]}
            onToggle={(verdict) => push({ q2: only === verdict ? undefined : verdict })}
          />
        </div>
        {all.length === 0 ? (
          <Empty icon="check" title="No decisions yet">
            Before every model call, tool call and handoff the policy is asked; its answers appear here.
          </Empty>
        ) : (
          <VirtualGrid
            label="Decisions"
            columns={beside(COLUMNS, chosen !== undefined)}
            rows={rows}
            idOf={idOf}
            card={(one) => <DecisionCard decision={one} />}
            selected={at}
            dense={false}
            sort={null}
            onSort={() => undefined}
            pulsing={NONE}
            total={rows.length}
            onMove={(one) => move(one.id)}
            onSelect={(one) => move(one.id)}
            onOpen={(one) => move(one.id)}
            onEnd={() => undefined}
            footer=""
          />
        )}
      </div>
      {chosen && (
        <Panel label="Explanation" title={<strong>Explanation</strong>} onClose={() => move(null)}>
          <Explanation decision={chosen} />
        </Panel>
      )}
    </div>
  );
}

function DecisionCard({ decision }: { readonly decision: Decision }) {
  return (
    <span className={styles['card']}>
      <span className={styles['line']}>
        <Mark sign={VERDICT[decision.verdict]} quiet />
        <strong className="cut">{aboutOf(decision)}</strong>
      </span>
      <span className="cut dim">{decision.sentence}</span>
    </span>
  );
}
