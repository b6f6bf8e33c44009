import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { KeepOnce } from '../ui/KeepOnce';
import { SUBSCRIPTIONS_KEY } from './subscriptions-key';
import styles from './Subscriptions.module.css';

const USUAL = 'approval.*, question.asked, stop.*, budget.warning';

/** Names an address, and shows its secret once. */
export function Subscribe({ onClose }: { readonly onClose: () => void }) {
  const [url, setUrl] = useState('');
  const [label, setLabel] = useState('');
  const [types, setTypes] = useState(USUAL);
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      api.subscriptions.create({
        url: url.trim(),
        label: label.trim(),
        types: types
          .split(/[\s,]+/)
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: SUBSCRIPTIONS_KEY }),
  });
  const ready = url.trim() !== '' && label.trim() !== '' && types.trim() !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) create.mutate();
  };
  const secret = create.data?.secret ?? null;
  return (
    <Modal opened onClose={onClose} title="New subscription" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {secret !== null ? (
        <KeepOnce secret={secret} onKept={onClose}>
          Its messages are signed with this secret (Standard Webhooks). It is shown once: keep it where the receiver
          checks them.
        </KeepOnce>
      ) : (
        <form className={styles['form']} onSubmit={submit}>
          <TextInput
            label="Address"
            description="It may go where the operator’s rules for outgoing traffic let it."
            placeholder="https://hooks.example.com/writ"
            spellCheck={false}
            data-autofocus
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <TextInput
            label="Name"
            placeholder="on-call"
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <TextInput
            label="Told of"
            description="Types of events, with commas between; approval.* means all that begin so."
            spellCheck={false}
            value={types}
            onChange={(event) => setTypes(event.currentTarget.value)}
          />
          {create.isError && (
            <p className={styles['fault']} role="alert">
              {troubleOf(create.error).title}: {troubleOf(create.error).detail}
            </p>
          )}
          <div>
            <Button type="submit" disabled={!ready} loading={create.isPending}>
              Subscribe
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
