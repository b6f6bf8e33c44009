import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ResponseOf } from '@writ/contract';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { useMay } from '../session/useTenant';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import styles from './Run.module.css';

type Choice = ResponseOf<'getRunUpgrade'>;

/** Whether the run can move to the newest versions of what it is pinned to; and moving it, if somebody says so. */
export function Upgrade({ run, onClose }: { readonly run: string; readonly onClose: () => void }) {
  const found = useQuery({
    queryKey: ['upgrade', run],
    queryFn: ({ signal }) => api.runs.upgradeChoice(run, {}, { signal }),
    staleTime: 0,
  });
  return (
    <Modal opened onClose={onClose} title="Newer versions" closeButtonProps={{ 'aria-label': 'Close' }}>
      {found.isError && <Problem what="The choice" error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading what="the versions" rows={2} />}
      {found.data && <Found choice={found.data} onClose={onClose} />}
    </Modal>
  );
}

const short = (digest: string | null): string =>
  digest === null ? 'nothing' : `${digest.replace('sha256:', '').slice(0, 10)}…`;

function Found({ choice, onClose }: { readonly choice: Choice; readonly onClose: () => void }) {
  const { run, workflow, version, because, changes } = choice;
  const [reason, setReason] = useState('');
  const may = useMay('run.upgrade');
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: () => api.runs.upgrade(run, { version, reason: reason.trim() }),
    onSuccess: () => {
      say(`The run moves to version ${version} where nothing is under way`);
      onClose();
      return queries.invalidateQueries();
    },
  });
  const ready = may && reason.trim() !== '';
  return (
    <form
      className={styles['asking']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) move.mutate();
      }}
    >
      <p>{WORDS[choice.choice]({ workflow, version })}</p>
      {because !== null && <p className="dim">{because}</p>}
      {changes.length > 0 && (
        <ul className={styles['changes']}>
          {changes.map(({ kind, name, from, to }) => (
            <li key={`${kind} ${name}`}>
              {kind} <strong>{name}</strong>: <code>{short(from)}</code> → <code>{short(to)}</code>
            </li>
          ))}
        </ul>
      )}
      {choice.choice === 'move' && (
        <TextInput
          label="Reason"
          placeholder="Others will read this"
          data-autofocus
          disabled={!may}
          value={reason}
          error={move.isError ? troubleOf(move.error).detail : null}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
      {choice.choice === 'move' && !may && <p className="dim">Your key may not move runs (run.upgrade).</p>}
      <div className={styles['actions']}>
        {choice.choice === 'move' && (
          <Button type="submit" disabled={!ready} loading={move.isPending}>
            Move the run
          </Button>
        )}
        <Button variant={choice.choice === 'move' ? 'subtle' : 'default'} onClick={onClose}>
          {choice.choice === 'move' ? 'Leave it' : 'Close'}
        </Button>
      </div>
    </form>
  );
}

type Named = { readonly workflow: string; readonly version: number };

const WORDS: { readonly [C in Choice['choice']]: (of: Named) => string } = {
  none: ({ workflow }) => `The run has the newest version of ${workflow} and of all that it uses.`,
  move: ({ workflow, version }) =>
    `What the run has done fits version ${version} of ${workflow}: it can go on there, from its next step.`,
  finish: ({ workflow, version }) =>
    `What the run has done does not fit version ${version} of ${workflow}: it ends on the versions it is pinned to.`,
};
