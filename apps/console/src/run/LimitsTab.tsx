import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ResponseOf } from '@writ/contract';
import { api } from '../api/client';
import { BudgetBar } from '../budgets/BudgetBar';
import { amountText, CROSSING, DIMENSION, PERIOD } from '../budgets/words';
import budgets from '../budgets/Budgets.module.css';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';

type Limit = ResponseOf<'getEffectiveLimits'>['limits'][number];

const COLUMNS = ['Limits', 'Of', 'Left', 'Use', 'Without room', 'Why'];

/** What limits this run now, which of it is reached first, and what is left. */
export function LimitsTab({ run, version }: { readonly run: string; readonly version: number }) {
  const found = useQuery({
    queryKey: ['limits', run, version],
    queryFn: ({ signal }) => api.budgets.effective(run, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  if (found.isError) return <Problem what="The limits" error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the limits" />;
  const { limits, deadline_at: deadline } = found.data;
  if (limits.length === 0 && deadline === null)
    return (
      <Empty icon="budget" title="Nothing limits this run" command="./writ budgets set tool_calls 1000 --per day">
        Neither its workflow, nor whoever started it, nor a budget of the tenant.
      </Empty>
    );
  return (
    <div className={budgets['content']} tabIndex={0} role="group" aria-label="Limits">
      {deadline !== null && (
        <p>
          It must be over by <Stamp at={deadline} form="full" />.
        </p>
      )}
      <Table columns={COLUMNS} caption="What limits this run; the first of each kind is reached first">
        {limits.map((limit, i) => (
          <Row key={i} limit={limit} first={limit.binding && limits[i + 1]?.dimension === limit.dimension} />
        ))}
      </Table>
    </div>
  );
}

const LEVEL: { readonly [L in Limit['level']]: string } = {
  tenant: 'the whole tenant',
  workflow: 'workflow',
  agent: 'agent',
  tool: 'tool',
  model: 'model',
  batch: 'batch',
  run: 'the run',
  delegation: 'work given away at',
  branch: 'branch',
};

function Row({ limit, first }: { readonly limit: Limit; readonly first: boolean }) {
  const { dimension, level, of, period, crossing, fallback } = limit;
  const amount = (value: number): string => (dimension === 'depth' ? String(value) : amountText(dimension, value));
  const where = `${LEVEL[level]}${of === null ? '' : ` ${of}`}`;
  return (
    <tr>
      <th scope="row">
        {limit.binding ? <strong>{NAME(dimension)}</strong> : NAME(dimension)}
        {period !== null && period !== 'total' && <> {PERIOD[period]}</>}
        {first && <span className="dim"> — reached first</span>}
      </th>
      <td data-label="Of">
        {limit.budget === null ? (
          where
        ) : (
          <Link to="/budgets" className={budgets['link']}>
            {where}
          </Link>
        )}
      </td>
      <td data-label="Left" className={budgets['number']}>
        {amount(limit.left)}
      </td>
      <td className={budgets['use']}>
        <BudgetBar budget={{ ...limit, dimension: dimension === 'depth' ? 'handoffs' : dimension, warn_at: null }} />
      </td>
      <td data-label="Without room">
        {CROSSING[crossing]}
        {fallback !== null && `: ${fallback}`}
      </td>
      <td data-label="Why">{limit.why}</td>
    </tr>
  );
}

const NAME = (dimension: Limit['dimension']): string =>
  dimension === 'depth' ? 'runs below runs' : dimension === 'wall_ms' ? 'time' : DIMENSION[dimension];
