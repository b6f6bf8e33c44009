import { Button, Menu, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isFinal, type RunStatus } from '@writ/words';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Icon } from '../ui/icons';
import { say } from '../ui/toasts';
import styles from './Run.module.css';

type Change = 'pause' | 'resume' | 'cancel' | 'redrive' | 'undo' | 'note';

interface Words {
  /** In the menu. */
  readonly item: string;
  readonly title: string;
  readonly button: string;
  readonly what: string;
  readonly done: string;
}

const WORDS: { readonly [C in Change]: Words } = {
  pause: {
    item: 'Take over…',
    title: 'Take over this run',
    button: 'Pause the run',
    what: 'The steps under way finish; then nothing begins until somebody gives the run back. Its deadline goes on.',
    done: 'The run will hold after the steps under way.',
  },
  resume: {
    item: 'Give back…',
    title: 'Give this run back',
    button: 'Resume the run',
    what: 'It goes on where it held. Each of its next steps is decided again.',
    done: 'The run will go on.',
  },
  note: {
    item: 'Tell the agents…',
    title: 'Tell the agents something',
    button: 'Send the note',
    what: 'They see it with their next turn, as from an operator. It gives no right.',
    done: 'The agents will see it with their next turn.',
  },
  cancel: {
    item: 'Cancel…',
    title: 'Cancel this run',
    button: 'Cancel the run',
    what: 'It ends, and so do the runs it started. A call that has already left is not taken back.',
    done: 'The run will end as cancelled.',
  },
  redrive: {
    item: 'Redrive…',
    title: 'Redrive this run',
    button: 'Redrive the run',
    what: 'It goes on behind its last recorded step. What put it in quarantine may put it there again.',
    done: 'The run is looked at again.',
  },
  undo: {
    item: 'Undo…',
    title: 'Undo what this run did',
    button: 'Undo it',
    what: 'What it did is undone, last first, from what it really gave. Each call is decided anew; what could not be undone is listed.',
    done: 'The run is undone.',
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
  if (isFinal(status)) return ['failed', 'denied', 'stopped', 'timed_out'].includes(status) ? ['undo'] : [];
  return wait?.['for'] === 'pause' ? ['resume', 'note', 'cancel'] : ['note', 'pause', 'cancel'];
}

/** Takes a run over and gives it back, tells its agents something, ends it: each in words that others will read. */
export function Steer({ id, status, wait }: Props) {
  const [asked, setAsked] = useState<Change | null>(null);
  const may: { readonly [C in Change]: boolean } = {
    pause: useMay('run.pause'),
    resume: useMay('run.resume'),
    cancel: useMay('run.cancel'),
    redrive: useMay('run.redrive'),
    undo: useMay('run.cancel'),
    note: useMay('run.steer'),
  };
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
            <Menu.Item key={change} disabled={!may[change]} onClick={() => setAsked(change)}>
              {WORDS[change].item}
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
  const [note, setNote] = useState('');
  const mayTell = useMay('run.steer');
  const queries = useQueryClient();
  const words = WORDS[change];
  const tells = change === 'note' || (change === 'resume' && mayTell);
  const said = { reason: reason.trim(), note: note.trim() };
  const send = useMutation({
    mutationFn: () => {
      if (change === 'note') return api.runs.note(id, { text: said.note });
      if (change !== 'resume') return api.runs[change](id, { reason: said.reason });
      return api.runs.resume(id, said.note === '' ? { reason: said.reason } : said);
    },
    onSuccess: () => {
      say(words.done);
      onClose();
      return queries.invalidateQueries();
    },
  });
  const trouble = send.isError ? troubleOf(send.error).detail : null;
  const ready = change === 'note' ? said.note !== '' : said.reason !== '';
  return (
    <Modal opened onClose={onClose} title={words.title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className={styles['asking']}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) send.mutate();
        }}
      >
        <p className="dim">{words.what}</p>
        {change !== 'note' && (
          <TextInput
            label="Reason"
            placeholder="Others will read this"
            data-autofocus
            value={reason}
            error={trouble}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {tells && (
          <Textarea
            label={change === 'note' ? 'Note' : 'What the agents are to know (optional)'}
            placeholder="They read this as an operator’s note"
            autosize
            minRows={3}
            maxRows={10}
            maxLength={4000}
            data-autofocus={change === 'note' || undefined}
            value={note}
            error={change === 'note' ? trouble : null}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        )}
        <div className={styles['actions']}>
          <Button type="submit" disabled={!ready} loading={send.isPending}>
            {words.button}
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Modal>
  );
}
