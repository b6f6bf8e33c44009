import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { AdmissionCard } from '../admission/AdmissionCard';
import { Page } from '../list/Page';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Confirm } from '../ui/Confirm';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';
import { say } from '../ui/toasts';
import { BudgetBar } from './BudgetBar';
import styles from './Budgets.module.css';
import { SetBudget } from './SetBudget';
import { type Budget, BUDGETS_KEY, useBudgets } from './useBudgets';
import { amountText, CROSSING, DIMENSION, PERIOD, scopeText } from './words';

const COLUMNS = ['Covers', 'Limits', 'Use', 'Limit', 'Without room', 'Begins anew', 'Set by'];

/** What tenants, workflows, agents, tools and models may use, and how much of it is gone. */
export function BudgetsPage() {
  const budgets = useBudgets();
  const may = useMay('budget.set');
  const [changing, setChanging] = useState<Budget | 'new' | null>(null);
  const data = budgets.data ?? [];
  const add = (
    <Button
      disabled={!may}
      title={may ? '' : 'Your key may not set budgets (budget.set)'}
      onClick={() => setChanging('new')}
    >
      New budget
    </Button>
  );
  return (
    <Page
      title="Budgets"
      purpose="What may be used, what is spent, and what is held by steps under way."
      action={add}
      controls={null}
    >
      <div className={styles['content']}>
        <AdmissionCard />
        {budgets.isPending && <Loading what="the budgets" rows={4} />}
        {budgets.isError && <Problem what="The budgets" error={budgets.error} onRetry={() => void budgets.refetch()} />}
        {budgets.isSuccess && data.length === 0 && (
          <Empty icon="budget" title="Nothing is limited" command="./writ budgets set tool_calls 10000 --per day">
            <p>
              A budget is reserved before a step and settled after it, so that runs side by side cannot spend it twice.
              Limits of a single run stand in its workflow.
            </p>
          </Empty>
        )}
        {data.length > 0 && (
          <Table columns={COLUMNS} acting>
            {data.map((budget) => (
              <Row key={budget.id} budget={budget} may={may} onChange={setChanging} />
            ))}
          </Table>
        )}
      </div>
      <SetBudget
        opened={changing !== null}
        of={changing === 'new' ? null : changing}
        onClose={() => setChanging(null)}
      />
    </Page>
  );
}

interface RowProps {
  readonly budget: Budget;
  readonly may: boolean;
  readonly onChange: (budget: Budget) => void;
}

function Row({ budget, may, onChange }: RowProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.budgets.remove(budget.id, { reason: 'lifted in the console' }),
    onSuccess: () => {
      say(`Lifted: ${DIMENSION[budget.dimension]} of ${scopeText(budget)}`);
      return queries.invalidateQueries({ queryKey: BUDGETS_KEY });
    },
    onError: (error) => say(`${troubleOf(error).title}: ${troubleOf(error).detail}`, 'bad'),
  });
  return (
    <tr>
      <th scope="row">{scopeText(budget)}</th>
      <td data-label="Limits">
        {DIMENSION[budget.dimension]} {PERIOD[budget.period]}
      </td>
      <td className={styles['use']}>
        <BudgetBar budget={budget} />
      </td>
      <td data-label="Limit" className={styles['number']}>
        {amountText(budget.dimension, budget.limit)}
      </td>
      <td data-label="Without room">
        {CROSSING[budget.crossing]}
        {budget.fallback !== null && `: ${budget.fallback}`}
      </td>
      <td data-label="Begins anew">
        {budget.resets_at === null ? 'never' : <Stamp at={budget.resets_at} form="ago" />}
      </td>
      <td data-label="Set by">{budget.set_by}</td>
      <td>
        <Button variant="default" size="xs" disabled={!may} onClick={() => onChange(budget)}>
          Change…
        </Button>{' '}
        <Confirm
          what="Lift"
          name={`${DIMENSION[budget.dimension]} of ${scopeText(budget)}`}
          warning="From then on nothing limits it."
          disabled={!may}
          loading={remove.isPending}
          onSure={() => remove.mutate()}
        />
      </td>
    </tr>
  );
}
