import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { say } from '../ui/toasts';
import styles from './Run.module.css';

/** Takes back what an agent was given to do, with a reason, once somebody has read what that means. */
export function RevokeDelegation(props: {
  readonly run: string;
  readonly delegation: string;
  /** Whom it was given to. */
  readonly agent: string;
  readonly onClose: () => void;
}) {
  const { run, delegation, agent, onClose } = props;
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.runs.revoke({ run, delegation }, { reason: reason.trim() }),
    onSuccess: () => {
      say(`${agent} may do nothing by it any more`);
      onClose();
      return queries.invalidateQueries();
    },
  });
  const ready = reason.trim() !== '';
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Take back what ${agent} was given`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className={styles['asking']}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) revoke.mutate();
        }}
      >
        <p>
          From then on nothing commits that it was given for: not by {agent}, not by anybody who received it from there,
          in this run or in runs below. It cannot be undone.
        </p>
        <TextInput
          label="Reason"
          placeholder="Others will read this"
          data-autofocus
          value={reason}
          error={revoke.isError ? troubleOf(revoke.error).detail : null}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div className={styles['actions']}>
          <Button type="submit" color="red" disabled={!ready} loading={revoke.isPending}>
            Take back
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Modal>
  );
}
