import { Button, Modal, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { BUDGET_SCOPES } from '@writ/words';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { say } from '../ui/toasts';
import styles from './Budgets.module.css';
import { type Budget, BUDGETS_KEY } from './useBudgets';
import { CROSSING, DIMENSION, PERIOD, scopeText } from './words';

const keys = <K extends string>(of: { readonly [key in K]: string }): { value: K; label: string }[] =>
  (Object.entries(of) as [K, string][]).map(([value, label]) => ({ value, label }));

const MICROS = 1_000_000;
const unitOf = (dimension: Budget['dimension']): number =>
  dimension === 'cost_micros' ? MICROS : dimension === 'wall_ms' ? 1_000 : 1;

interface Props {
  readonly opened: boolean;
  /** The budget to change; null for a new one. */
  readonly of: Budget | null;
  readonly onClose: () => void;
}

export function SetBudget({ opened, of, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={of ? `Change the budget of ${scopeText(of)}` : 'New budget'}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <Form key={of?.id ?? 'new'} of={of} onDone={onClose} />}
    </Modal>
  );
}

function Form({ of, onDone }: { readonly of: Budget | null; readonly onDone: () => void }) {
  const [scope, setScope] = useState<Budget['scope']>(of?.scope ?? 'workflow');
  const [target, setTarget] = useState(of?.target ?? '');
  const [dimension, setDimension] = useState<Budget['dimension']>(of?.dimension ?? 'tool_calls');
  const [period, setPeriod] = useState<Budget['period']>(of?.period ?? 'day');
  const [limit, setLimit] = useState<number | string>(of ? of.limit / unitOf(of.dimension) : '');
  const [warnAt, setWarnAt] = useState<number | string>(of?.warn_at ? of.warn_at / unitOf(of.dimension) : '');
  const [crossing, setCrossing] = useState<Budget['crossing']>(of?.crossing ?? 'fail');
  const [fallback, setFallback] = useState(of?.fallback ?? '');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const atOnce = dimension === 'concurrent_runs';
  const falls = crossing === 'degrade' || crossing === 'hand_off';
  const whole = scope === 'tenant';
  const ready =
    limit !== '' && reason.trim() !== '' && (whole || target.trim() !== '') && (!falls || fallback.trim() !== '');
  const unit = unitOf(dimension);
  const set = useMutation({
    mutationFn: () =>
      api.budgets.set({
        scope,
        target: whole ? null : target.trim(),
        dimension,
        period: atOnce ? 'total' : period,
        limit: Math.round(Number(limit) * unit),
        warn_at: warnAt === '' ? null : Math.round(Number(warnAt) * unit),
        crossing: atOnce ? 'fail' : crossing,
        fallback: falls ? fallback.trim() : null,
        reason: reason.trim(),
      }),
    onSuccess: (budget) => {
      say(`In force: ${DIMENSION[budget.dimension]} of ${scopeText(budget)}`);
      onDone();
      return queries.invalidateQueries({ queryKey: BUDGETS_KEY });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) set.mutate();
  };

  return (
    <form className={styles['form']} onSubmit={submit}>
      <NativeSelect
        label="What it covers"
        data={[...BUDGET_SCOPES]}
        value={scope}
        disabled={of !== null}
        onChange={(event) => setScope(event.currentTarget.value as Budget['scope'])}
      />
      <TextInput
        label={whole ? 'Name' : `Name of the ${scope}`}
        value={whole ? '' : target}
        disabled={whole || of !== null}
        spellCheck={false}
        onChange={(event) => setTarget(event.currentTarget.value)}
      />
      <NativeSelect
        label="What is limited"
        data={keys(DIMENSION)}
        value={dimension}
        disabled={of !== null}
        onChange={(event) => setDimension(event.currentTarget.value as Budget['dimension'])}
      />
      <NativeSelect
        label="Per"
        data={keys(PERIOD)}
        value={atOnce ? 'total' : period}
        disabled={atOnce || of !== null}
        onChange={(event) => setPeriod(event.currentTarget.value as Budget['period'])}
      />
      <NumberInput
        label={`Limit${unit === 1 ? '' : unit === MICROS ? ' (in the currency)' : ' (seconds)'}`}
        min={0}
        value={limit}
        onChange={setLimit}
      />
      <NumberInput label="Warn at (optional)" min={0} value={warnAt} onChange={setWarnAt} />
      <NativeSelect
        label="Without room"
        data={keys(CROSSING)}
        value={atOnce ? 'fail' : crossing}
        disabled={atOnce}
        onChange={(event) => setCrossing(event.currentTarget.value as Budget['crossing'])}
      />
      <TextInput
        label={crossing === 'hand_off' ? 'Agent to pass to' : 'Cheaper model'}
        value={fallback}
        disabled={!falls}
        spellCheck={false}
        onChange={(event) => setFallback(event.currentTarget.value)}
      />
      <TextInput
        className={styles['whole']}
        label="Reason"
        placeholder="Others will read this"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {set.isError && (
        <p className={`${styles['fault']} ${styles['whole']}`} role="alert">
          {troubleOf(set.error).title}: {troubleOf(set.error).detail}
        </p>
      )}
      <Button type="submit" className={styles['whole']} disabled={!ready} loading={set.isPending}>
        Put in force
      </Button>
    </form>
  );
}
