import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { say } from '../ui/toasts';
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
        <strong>{stopName(stop)}</strong>
        <span className="dim">
          {stop.reason} · {stop.set_by} · <Stamp at={stop.set_at} form="ago" />
        </span>
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
  const queries = useQueryClient();
  const release = useMutation({
    mutationFn: () => api.stops.release(stop.id, { reason: reason.trim() }),
    onSuccess: () => {
      say(`Released: ${stopName(stop)}`);
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
      <Button type="submit" disabled={reason.trim() === ''} loading={release.isPending}>
        Release {stopName(stop)}
      </Button>
      <Button variant="subtle" onClick={onDone}>
        Keep it
      </Button>
    </form>
  );
}
