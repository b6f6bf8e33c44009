import { Button, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Mark } from '../ui/Mark';
import { say } from '../ui/toasts';
import type { Sign } from '../ui/tone';
import styles from './Triggers.module.css';
import { TRIGGERS_KEY } from './triggers-key';

type Trigger = ItemOf<'listTriggers'>;
type Change = 'pause' | 'resume';

const STATE: { readonly [S in Trigger['status']]: Sign } = {
  active: { tone: 'good', icon: 'play', word: 'Active' },
  paused: { tone: 'wait', icon: 'pause', word: 'Paused' },
  retired: { tone: 'calm', icon: 'cross', word: 'Retired' },
};

const OUTCOME: { readonly [O in NonNullable<Trigger['last']>['outcome']]: Sign } = {
  started: { tone: 'good', icon: 'check', word: 'Started' },
  refused: { tone: 'bad', icon: 'deny', word: 'Refused' },
  missed: { tone: 'unsure', icon: 'clock', word: 'Missed' },
};

export function TriggerRow({ trigger }: { readonly trigger: Trigger }) {
  const [asking, setAsking] = useState(false);
  const may = useMay('trigger.change');
  const to: Change | null = trigger.status === 'active' ? 'pause' : trigger.status === 'paused' ? 'resume' : null;
  return (
    <>
      <tr>
        <th scope="row">
          {trigger.name}
          <span className="dim">{trigger.principal}</span>
        </th>
        <td>
          {trigger.schedule ? <code>{trigger.schedule.cron}</code> : 'Webhook'}
          <span className="dim">
            {trigger.schedule ? trigger.schedule.time_zone : <code>/v1/hooks/{trigger.id}</code>}
          </span>
        </td>
        <td>
          {trigger.workflow}
          {trigger.version !== null && <span className="dim">version {trigger.version}</span>}
        </td>
        <td>
          <Mark sign={STATE[trigger.status]} quiet />
        </td>
        <td>{trigger.next_at === null ? <span className="dim">—</span> : <Stamp at={trigger.next_at} />}</td>
        <td>{trigger.last ? <Last last={trigger.last} /> : <span className="dim">never fired</span>}</td>
        <td>
          {to && !asking && (
            <Button
              variant="default"
              size="xs"
              disabled={!may}
              title={may ? '' : 'Your key may not change triggers (trigger.change)'}
              onClick={() => setAsking(true)}
            >
              {to === 'pause' ? 'Pause…' : 'Resume…'}
            </Button>
          )}
        </td>
      </tr>
      {to && asking && (
        <tr>
          <td colSpan={7}>
            <ChangeForm trigger={trigger} to={to} onDone={() => setAsking(false)} />
          </td>
        </tr>
      )}
    </>
  );
}

function Last({ last }: { readonly last: NonNullable<Trigger['last']> }) {
  return (
    <>
      {last.run === null ? (
        <Mark sign={OUTCOME[last.outcome]} quiet />
      ) : (
        <Link to="/runs/$run" params={{ run: last.run }}>
          <Mark sign={OUTCOME[last.outcome]} quiet />
        </Link>
      )}
      <span className="dim">
        <Stamp at={last.at} form="ago" />
        {last.code !== null && last.outcome === 'refused' && ` · ${last.code.replaceAll('_', ' ')}`}
      </span>
    </>
  );
}

interface ChangeProps {
  readonly trigger: Trigger;
  readonly to: Change;
  readonly onDone: () => void;
}

function ChangeForm({ trigger, to, onDone }: ChangeProps) {
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () => api.triggers[to](trigger.id, { reason: reason.trim() }),
    onSuccess: () => {
      say(`${to === 'pause' ? 'Paused' : 'Resumed'}: ${trigger.name}`);
      onDone();
      return queries.invalidateQueries({ queryKey: TRIGGERS_KEY });
    },
  });
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <TextInput
        aria-label={`Reason to ${to} ${trigger.name}`}
        placeholder="Others will read this"
        autoFocus
        value={reason}
        error={change.isError ? troubleOf(change.error).detail : null}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button type="submit" disabled={reason.trim() === ''} loading={change.isPending}>
        {to === 'pause' ? 'Pause' : 'Resume'} {trigger.name}
      </Button>
      <Button variant="subtle" onClick={onDone}>
        Leave it
      </Button>
    </form>
  );
}
