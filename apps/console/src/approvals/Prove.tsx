import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import styles from './Approvals.module.css';

/** Asks for the key once more, because the policy counts a yes only with a fresh proof. It is kept nowhere. */
export function Prove({ onProven }: { readonly onProven: () => void }) {
  const [key, setKey] = useState('');
  const prove = useMutation({
    mutationFn: () => api.session.prove({ api_key: key.trim() }, { maxRetries: 0 }),
    onSuccess: () => {
      setKey('');
      onProven();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    prove.mutate();
  };
  return (
    <form className={styles['prove']} onSubmit={submit} aria-label="Prove who you are">
      <TextInput
        label="Your API key, once more"
        description="The policy counts a yes to this only from somebody who has just proved who they are."
        type="password"
        autoComplete="current-password"
        spellCheck={false}
        placeholder="writ_…"
        value={key}
        error={prove.isError ? troubleOf(prove.error).detail : null}
        onChange={(event) => setKey(event.currentTarget.value)}
      />
      <Button type="submit" loading={prove.isPending} disabled={key.trim() === ''}>
        Prove and approve
      </Button>
    </form>
  );
}
