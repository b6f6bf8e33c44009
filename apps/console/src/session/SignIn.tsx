import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { signIn } from '../api/client';
import { troubleOf } from '../api/problem';
import { Brand } from '../frame/Brand';
import { Command } from '../ui/Command';
import styles from './SignIn.module.css';

const KEY = /^writ_[a-z0-9]+_\S+$/;

/** Signing in by pasting an API key. The key goes into an HTTP-only cookie of the server and is kept nowhere here. */
export function SignIn({ why }: { readonly why: string | null }) {
  const [key, setKey] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!KEY.test(key.trim())) return setFault('That is no API key of Writ: it begins with writ_ and has two parts.');
    setBusy(true);
    setFault(null);
    try {
      await signIn(key.trim());
    } catch (error) {
      const trouble = troubleOf(error);
      setFault(`${trouble.title}. ${trouble.detail}`);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={styles['page']}>
      <form className={styles['card']} onSubmit={(event) => void submit(event)}>
        <Brand large />
        <h1>Sign in</h1>
        <p className={styles['words']}>
          {why ?? 'See what agents did, what they were refused, and check the record of it.'}
        </p>
        <TextInput
          size="sm"
          label="API key"
          type="password"
          autoComplete="current-password"
          autoFocus
          spellCheck={false}
          placeholder="writ_…"
          value={key}
          error={fault}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" loading={busy} disabled={key.trim() === ''}>
          Sign in
        </Button>
        <p className="dim">
          The first start printed an administrator’s key. This machine keeps it in{' '}
          <code>~/.config/writ/login.json</code>; a key for somebody else:
        </p>
        <Command text="./writ keys create reader --role auditor --scope run.read --scope audit.read --scope audit.export --scope stop.read" />
      </form>
    </main>
  );
}
