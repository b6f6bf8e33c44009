import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay, usePrincipal } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import type { Sign } from '../ui/tone';
import styles from './Away.module.css';

type StandIn = ItemOf<'listStandIns'>;

const STAND_INS_KEY = ['stand-ins'] as const;

const STATE: { readonly [S in StandIn['state']]: Sign } = {
  coming: { tone: 'calm', icon: 'clock', word: 'Coming' },
  in_force: { tone: 'good', icon: 'check', word: 'In force' },
  over: { tone: 'calm', icon: 'clock', word: 'Over' },
  ended: { tone: 'calm', icon: 'cross', word: 'Ended' },
};

/** Who decides in whose place, and naming somebody for one's own. */
export function Away() {
  const [opened, setOpened] = useState(false);
  const may = useMay('approval.delegate');
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        Away…
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="While somebody is away"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {opened && (
          <div className={styles['body']}>
            <Current may={may} />
            <Name may={may} />
          </div>
        )}
      </Modal>
    </>
  );
}

function Current({ may }: { readonly may: boolean }) {
  const found = useQuery({
    queryKey: STAND_INS_KEY,
    queryFn: ({ signal }) => api.standIns.list({ limit: 100 }, { signal }).page(),
  });
  if (found.isError) return <Problem what="The stand-ins" error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the stand-ins" rows={2} />;
  if (found.data.data.length === 0) return <p className="dim">Everybody decides for themselves.</p>;
  return (
    <ul className={styles['list']} aria-label="Stand-ins">
      {found.data.data.map((one) => (
        <Line key={one.id} standIn={one} may={may} />
      ))}
    </ul>
  );
}

function Line({ standIn, may }: { readonly standIn: StandIn; readonly may: boolean }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.standIns.end(standIn.id, { reason: 'ended in the console' }),
    onSuccess: () => {
      say(`${standIn.deputy} does not decide for ${standIn.absent} any more`);
      return Promise.all([
        queries.invalidateQueries({ queryKey: STAND_INS_KEY }),
        queries.invalidateQueries({ queryKey: ['approvals'] }),
      ]);
    },
  });
  return (
    <li>
      <span className={styles['line']}>
        <Mark sign={STATE[standIn.state]} quiet />
        <span>
          <strong>{standIn.deputy}</strong> for <strong>{standIn.absent}</strong>
        </span>
        <Button
          className={styles['end']}
          variant="default"
          size="xs"
          disabled={!may}
          loading={end.isPending}
          onClick={() => end.mutate()}
        >
          End
          <span className="only-read">
            {' '}
            that {standIn.deputy} decides for {standIn.absent}
          </span>
        </Button>
      </span>
      <span className="dim">
        until <Stamp at={standIn.until} form="full" /> · {standIn.reason}
      </span>
      {end.isError && (
        <p className={styles['fault']} role="alert">
          {troubleOf(end.error).title}: {troubleOf(end.error).detail}
        </p>
      )}
    </li>
  );
}

const DAY_MS = 86_400_000;

/** As a `datetime-local` box wants it, in the zone of the browser. */
function local(ms: number): string {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Name({ may }: { readonly may: boolean }) {
  const self = usePrincipal();
  const [deputy, setDeputy] = useState('');
  const [until, setUntil] = useState(() => local(Date.now() + 7 * DAY_MS));
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: () =>
      api.standIns.set({ deputy: deputy.trim(), until: new Date(until).toISOString(), reason: reason.trim() }),
    onSuccess: (made) => {
      say(`${made.deputy} decides in your place`);
      setDeputy('');
      setReason('');
      return queries.invalidateQueries({ queryKey: STAND_INS_KEY });
    },
  });
  const ready = may && deputy.trim() !== '' && reason.trim() !== '' && until !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) set.mutate();
  };
  return (
    <form className={styles['form']} onSubmit={submit} aria-label="Name a stand-in">
      <p className={styles['whole']}>
        Who decides in your place? By your right ({self}) and counted as you: not what is asked for you.
      </p>
      <TextInput
        label="Deputy"
        placeholder="user:ben"
        spellCheck={false}
        disabled={!may}
        value={deputy}
        onChange={(event) => setDeputy(event.currentTarget.value)}
      />
      <TextInput
        label="Until"
        type="datetime-local"
        disabled={!may}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <TextInput
        className={styles['whole'] ?? ''}
        label="Reason"
        placeholder="Others will read this"
        disabled={!may}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {set.isError && (
        <p className={`${styles['fault']} ${styles['whole']}`} role="alert">
          {troubleOf(set.error).title}: {troubleOf(set.error).detail}
        </p>
      )}
      {!may && <p className={`dim ${styles['whole']}`}>Your key may not name anybody (approval.delegate).</p>}
      <div className={styles['whole']}>
        <Button type="submit" disabled={!ready} loading={set.isPending}>
          Name them
        </Button>
      </div>
    </form>
  );
}
