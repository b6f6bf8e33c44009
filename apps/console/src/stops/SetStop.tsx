import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import type { StopRequest } from './request-stop';
import styles from './Stops.module.css';
import { stopName, STOPS_KEY } from './useStops';

const SCOPES = ['agent', 'tool', 'workflow', 'run', 'model', 'tenant'] as const;
type Scope = (typeof SCOPES)[number];

const COVERS: { readonly [S in Scope]: string } = {
  agent: 'No model call, tool call or handoff of this agent begins, in any run.',
  tool: 'No call of this tool begins, whoever asks for it.',
  workflow: 'No run of it starts, and no step of its runs begins.',
  run: 'No further step of this run begins.',
  model: 'No call of this model begins.',
  tenant: 'Nothing of this tenant begins: no run, no step.',
};

/** Sets a stop. What is stopped is typed a second time: the wrong name costs other people’s work. */
export function SetStop({ tenant, wanted }: { readonly tenant: string; readonly wanted: StopRequest | null }) {
  const [scope, setScope] = useState<Scope>(wanted?.scope ?? 'agent');
  const [target, setTarget] = useState(wanted?.target ?? '');
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const queries = useQueryClient();
  const may = useMay('stop.set');
  const named = scope === 'tenant' ? tenant : target.trim();
  const ready = may && named !== '' && typed.trim() === named && reason.trim() !== '';
  const set = useMutation({
    mutationFn: () => api.stops.set({ scope, target: scope === 'tenant' ? null : named, reason: reason.trim() }),
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
