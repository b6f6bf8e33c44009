import { Button, NativeSelect, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import { LADDER } from './ladder';
import type { StopRequest } from './request-stop';
import styles from './Stops.module.css';
import { StopPreview } from './StopPreview';
import { type Stop, stopName, STOPS_KEY } from './useStops';

const SCOPES = ['agent', 'tool', 'workflow', 'run', 'model', 'tenant'] as const;
type Scope = (typeof SCOPES)[number];

const COVERS: { readonly [S in Scope]: string } = {
  agent: 'Covers model calls, tool calls and handoffs of this agent, in any run.',
  tool: 'Covers calls of this tool, whoever asks for it.',
  workflow: 'Covers starts of it, and every step of its runs.',
  run: 'Covers every further step of this run.',
  model: 'Covers calls of this model.',
  tenant: 'Covers everything of this tenant: every run, every step.',
};

/** Sets a stop. What is stopped is typed a second time: the wrong name costs other people’s work. */
export function SetStop({ tenant, wanted }: { readonly tenant: string; readonly wanted: StopRequest | null }) {
  const [scope, setScope] = useState<Scope>(wanted?.scope ?? 'agent');
  const [target, setTarget] = useState(wanted?.target ?? '');
  const [mode, setMode] = useState<Stop['mode']>('freeze_steps');
  const [rate, setRate] = useState<number | string>(10);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const queries = useQueryClient();
  const may = useMay('stop.set');
  const named = scope === 'tenant' ? tenant : target.trim();
  const asked = scope === 'tenant' ? null : named;
  const ready = may && named !== '' && typed.trim() === named && reason.trim() !== '';
  const rung = LADDER.find((one) => one.mode === mode);
  const set = useMutation({
    mutationFn: () =>
      api.stops.set({
        scope,
        target: asked,
        mode,
        per_minute: mode === 'throttle' ? Number(rate) : null,
        reason: reason.trim(),
      }),
    onSuccess: (stop) => {
      say(`In force: ${stopName(stop)} is stopped`);
      setTarget('');
      setTyped('');
      setReason('');
      return queries.invalidateQueries({ queryKey: STOPS_KEY });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) set.mutate();
  };

  return (
    <form className={styles['form']} onSubmit={submit}>
      <SegmentedControl
        size="xs"
        aria-label="What kind of thing"
        data={SCOPES.map((one) => ({ value: one, label: one }))}
        value={scope}
        onChange={(value) => setScope(value as Scope)}
        fullWidth
      />
      <p className="dim">{COVERS[scope]}</p>
      {scope !== 'tenant' && (
        <TextInput
          label={`Name of the ${scope}`}
          placeholder={scope === 'run' ? 'run_…' : `${scope}’s published name`}
          spellCheck={false}
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        />
      )}
      <NativeSelect
        label="How hard"
        description={rung?.means}
        data={LADDER.map(({ mode: value, label }) => ({ value, label }))}
        value={mode}
        onChange={(event) => setMode(event.currentTarget.value as Stop['mode'])}
      />
      {mode === 'throttle' && <NumberInput label="Steps a minute" min={0} value={rate} onChange={setRate} />}
      {named !== '' && <StopPreview scope={scope} target={asked} />}
      <TextInput
        label="Reason"
        placeholder="Others will read this"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <TextInput
        label={
          <>
            To confirm, type <code>{named === '' ? '…' : named}</code>
          </>
        }
        spellCheck={false}
        autoComplete="off"
        value={typed}
        disabled={named === ''}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {set.isError && (
        <p className={styles['fault']} role="alert">
          {troubleOf(set.error).title}: {troubleOf(set.error).detail}
        </p>
      )}
      {!may && (
        <p className="dim">
          Your key may not set stops: it needs the scope <code>stop.set</code> and a role that the policy gives it to.
        </p>
      )}
      <Button type="submit" color="red" disabled={!ready} loading={set.isPending}>
        Stop {scope === 'tenant' ? 'this tenant' : `${scope} ${named}`}
      </Button>
    </form>
  );
}
