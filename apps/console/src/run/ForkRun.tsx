import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import styles from './Run.module.css';

type Effects = 'stubbed' | 'live';

interface Props {
  readonly run: string;
  /** The first step to be done again; null to go on behind the newest event. */
  readonly step: number | null;
  readonly onClose: () => void;
}

const WHAT: { readonly [E in Effects]: string } = {
  stubbed: 'Nothing is sent: each step is given the outcome on record, and one without fails.',
  live: 'Its steps act on the world again, under your rights and the policy of now.',
};

/** A new run with the past of this one. */
export function ForkRun({ run, step, onClose }: Props) {
  const [effects, setEffects] = useState<Effects>('stubbed');
  const [reason, setReason] = useState('');
  const mayStub = useMay('run.fork');
  const mayLive = [useMay('run.fork_live'), useMay('run.start')].every(Boolean);
  const navigate = useNavigate();
  const fork = useMutation({
    mutationFn: () => api.runs.fork(run, { effects, reason: reason.trim(), ...(step === null ? {} : { step }) }),
    onSuccess: ({ id }) => {
      say(effects === 'stubbed' ? 'Forked: nothing it does leaves' : 'Forked, with live effects');
      onClose();
      return navigate({ to: '/runs/$run', params: { run: id } });
    },
  });
  const may = effects === 'stubbed' ? mayStub : mayLive;
  const ready = may && reason.trim() !== '';
  return (
    <Modal
      opened
      onClose={onClose}
      title={step === null ? 'Fork this run' : `Fork from step ${step}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className={styles['asking']}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) fork.mutate();
        }}
      >
        <p className="dim">
          {step === null
            ? 'A new run takes over all that this one did, and goes on from there.'
            : `Steps before step ${step} are taken over; those from it on run again and may differ.`}
        </p>
        <NativeSelect
          label="Effects"
          description={WHAT[effects]}
          data={[
            { value: 'stubbed', label: 'Stubbed: as recorded' },
            { value: 'live', label: 'Live: done again', disabled: !mayLive },
          ]}
          value={effects}
          onChange={(event) => setEffects(event.currentTarget.value as Effects)}
        />
        <TextInput
          label="Reason"
          placeholder="Others will read this"
          data-autofocus
          value={reason}
          error={fork.isError ? troubleOf(fork.error).detail : null}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {!may && <p className="dim">Your key may not ({effects === 'stubbed' ? 'run.fork' : 'run.fork_live'}).</p>}
        <div className={styles['actions']}>
          <Button type="submit" disabled={!ready} loading={fork.isPending}>
            Fork the run
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Modal>
  );
}
