import { Button, Menu, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Icon } from '../ui/icons';
import { say } from '../ui/toasts';
import { isFinal, type RunStatus } from '../ui/tone';
import styles from './Run.module.css';

type Change = 'pause' | 'resume' | 'cancel' | 'redrive';

const WORDS: { readonly [C in Change]: { readonly button: string; readonly what: string; readonly done: string } } = {
  pause: {
    button: 'Pause',
    what: 'The steps under way finish; then nothing begins until somebody resumes it. Its deadline goes on.',
    done: 'The run will hold after the steps under way.',
  },
  resume: {
    button: 'Resume',
    what: 'It goes on where it held. Each of its next steps is decided again.',
    done: 'The run will go on.',
  },
  cancel: {
    button: 'Cancel',
    what: 'It ends, and so do the runs it started. A call that has already left is not taken back.',
    done: 'The run will end as cancelled.',
  },
  redrive: {
    button: 'Redrive',
    what: 'It goes on behind its last recorded step. What put it in quarantine may put it there again.',
    done: 'The run is looked at again.',
  },
};

interface Props {
  readonly id: string;
  readonly status: RunStatus;
  /** What it waits for, as the run says it. */
  readonly wait: { readonly [member: string]: unknown } | null;
}

function possible(status: RunStatus, wait: Props['wait']): readonly Change[] {
  if (status === 'quarantined') return ['redrive'];
  if (isFinal(status)) return [];
  return wait?.['for'] === 'pause' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

/** Holds a run, lets it go on, ends it: each with a reason that others will read. */
export function Steer({ id, status, wait }: Props) {
  const [asked, setAsked] = useState<Change | null>(null);
  const may = { pause: useMay('run.pause'), resume: useMay('run.resume'), cancel: useMay('run.cancel') };
  const mayRedrive = useMay('run.redrive');
  const changes = possible(status, wait);
  if (changes.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<Icon name="down" size={12} />}>
            Steer
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {changes.map((change) => (
            <Menu.Item
              key={change}
              disabled={!(change === 'redrive' ? mayRedrive : may[change])}
              onClick={() => setAsked(change)}
            >
              {WORDS[change].button}…
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked && <Asking id={id} change={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

interface AskingProps {
  readonly id: string;
  readonly change: Change;
  readonly onClose: () => void;
}

function Asking({ id, change, onClose }: AskingProps) {
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const words = WORDS[change];
  const send = useMutation({
    mutationFn: () => api.runs[change](id, { reason: reason.trim() }),
    onSuccess: () => {
      say(words.done);
      onClose();
      return queries.invalidateQueries();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`${words.button} this run`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <p className="dim">{words.what}</p>
        <TextInput
          label="Reason"
          placeholder="Others will read this"
          data-autofocus
          value={reason}
          error={send.isError ? troubleOf(send.error).detail : null}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div className={styles['actions']}>
          <Button type="submit" disabled={reason.trim() === ''} loading={send.isPending}>
            {words.button} the run
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Modal>
  );
}
