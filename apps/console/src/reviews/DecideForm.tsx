import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import styles from '../list/Inbox.module.css';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import { barredWords, type Review } from './words';

interface Props {
  readonly review: Review;
  readonly onSaid: () => Promise<unknown>;
}

/** Takes a review, gives it back, or says what was found. The server holds everybody to the same, whatever is shown here. */
export function DecideForm({ review, onSaid }: Props) {
  const { id, claimed_by: claimer } = review;
  const [note, setNote] = useState('');
  const may = useMay('review.decide');
  const barred = barredWords(review);
  const off = !may || barred !== null;
  const send = useMutation({
    mutationFn: (what: 'claim' | 'release' | 'fine' | 'concern') =>
      what === 'claim'
        ? api.reviews.claim(id)
        : what === 'release'
          ? api.reviews.release(id)
          : api.reviews.decide(id, { verdict: what, note: note.trim() }),
    onSuccess: (_, what) => {
      say(SAID[what]);
      return onSaid();
    },
  });
  const unsaid = note.trim() === '';
  return (
    <form className={styles['form']} aria-label="What you found" onSubmit={(event) => event.preventDefault()}>
      <Textarea
        label="What you found"
        description="It stands in the record, and nobody changes it afterwards."
        autosize
        minRows={3}
        maxRows={12}
        maxLength={4000}
        disabled={off}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {send.isError && (
        <p className={styles['fault']} role="alert">
          {troubleOf(send.error).title}: {troubleOf(send.error).detail}
        </p>
      )}
      {off && <p className="dim">{may ? barred : 'Your key may not review (review.decide).'}</p>}
      <div className={styles['line']}>
        <Button disabled={off || unsaid} loading={send.isPending} onClick={() => send.mutate('fine')}>
          Fine
        </Button>
        <Button
          color="red"
          variant="light"
          disabled={off || unsaid}
          loading={send.isPending}
          onClick={() => send.mutate('concern')}
        >
          Raise a concern
        </Button>
        <Button
          variant="default"
          disabled={off}
          loading={send.isPending}
          onClick={() => send.mutate(claimer === null ? 'claim' : 'release')}
        >
          {claimer === null ? 'Take it' : 'Give it back'}
        </Button>
      </div>
    </form>
  );
}

const SAID = {
  claim: 'It is yours for eight hours',
  release: 'Anybody may take it now',
  fine: 'Found fine',
  concern: 'The concern is on record',
} as const;
