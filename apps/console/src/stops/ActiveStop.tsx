import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { say } from '../ui/toasts';
import { below, rungName } from './ladder';
import styles from './Stops.module.css';
import { type Stop, stopName, STOPS_KEY } from './useStops';

export function ActiveStop({ stop }: { readonly stop: Stop }) {
  const [asking, setAsking] = useState(false);
  const may = useMay('stop.release');
  return (
    <li className={styles['active']}>
      <span className={styles['sign']}>
        <Icon name="stop" />
      </span>
      <div className={styles['what']}>
        <strong>
          <Link to="/stops" search={{ sel: stop.id } as never}>
            {stopName(stop)}
          </Link>
          {': '}
          {rungName(stop.mode)}
          {stop.per_minute !== null && `, ${stop.per_minute} steps a minute`}
        </strong>
        <span className="dim">
          {stop.reason} · {stop.set_by} · <Stamp at={stop.set_at} form="ago" />
        </span>
        {stop.asked_by !== null && (
          <span className={styles['asked']}>{stop.asked_by} asked for its release. Somebody else has to agree.</span>
        )}
        {asking && <Release stop={stop} onDone={() => setAsking(false)} />}
      </div>
      {!asking && stop.scope !== 'all' && (
        <Button
          variant="default"
          disabled={!may}
          title={may ? '' : 'Your key may not release stops (stop.release)'}
          onClick={() => setAsking(true)}
        >
          Release…
        </Button>
      )}
    </li>
  );
}

function Release({ stop, onDone }: { readonly stop: Stop; readonly onDone: () => void }) {
  const [reason, setReason] = useState('');
  const [to, setTo] = useState('');
  const [rate, setRate] = useState<number | string>(10);
  const queries = useQueryClient();
  const release = useMutation({
    mutationFn: () =>
      api.stops.release(stop.id, {
        reason: reason.trim(),
        to: to === '' ? null : (to as Stop['mode']),
        per_minute: to === 'throttle' ? Number(rate) : null,
      }),
    onSuccess: (now) => {
      say(
        now.released_at === null
          ? `Asked for: a second person has to agree to release ${stopName(stop)}`
          : `Released: ${stopName(stop)}`,
      );
      onDone();
      return queries.invalidateQueries({ queryKey: STOPS_KEY });
    },
  });
  return (
    <form
      className={styles['release']}
      onSubmit={(event) => {
        event.preventDefault();
        release.mutate();
      }}
    >
      <TextInput
        aria-label="Reason for the release"
        placeholder="Why it may go on"
        autoFocus
        value={reason}
        error={release.isError ? troubleOf(release.error).detail : null}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {below(stop.mode).length > 0 && (
        <NativeSelect
          aria-label="Down to"
          value={to}
          data={[
            { value: '', label: 'All of it' },
            ...below(stop.mode).map((mode) => ({ value: mode, label: `Down to: ${rungName(mode)}` })),
          ]}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      )}
      {to === 'throttle' && <NumberInput aria-label="Steps a minute" min={0} value={rate} onChange={setRate} />}
      <Button type="submit" disabled={reason.trim() === ''} loading={release.isPending}>
        Release {stopName(stop)}
      </Button>
      <Button variant="subtle" onClick={onDone}>
        Keep it
      </Button>
    </form>
  );
}
