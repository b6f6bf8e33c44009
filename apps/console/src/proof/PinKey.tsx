import { Button, TextInput } from '@mantine/core';
import { parseVkey } from '@writ/verify';
import { type FormEvent, useState } from 'react';
import { Id } from '../ui/Id';
import { say } from '../ui/toasts';
import styles from './Proof.module.css';
import { pin } from './trust';

interface Props {
  readonly vkey: string;
  readonly base: string;
  readonly onPinned: () => void;
}

/**
 * Pinning a log's key. The key shown came from the server, so it is pinned only when somebody types its id from another
 * source, or pastes the whole key.
 */
export function PinKey({ vkey, base, onPinned }: Props) {
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const key = parseVkey(vkey);
  const keyId = key.ok ? key.value.keyId : '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const text = typed.trim();
    if (text.includes('+')) return done(pin(text, base));
    if (text !== keyId) {
      return setFault(
        `That is not the id of the key that signed, ${keyId}. If your other source says ${text}, do not trust this log.`,
      );
    }
    done(pin(vkey, base));
  };
  const done = (wrong: string | null): void => {
    setFault(wrong);
    if (wrong !== null) return;
    say('Key pinned in this browser');
    onPinned();
  };
  return (
    <section className={styles['pin']}>
      <h3>Pin the log’s key</h3>
      <p>
        A tick needs a key you have from somewhere else: the terminal that started Writ, a colleague, a key file.
        Compare, then type the eight characters of its id, or paste the whole key.
      </p>
      <Id id={vkey} what="Key named by the server" />
      <form className={styles['pinForm']} onSubmit={submit}>
        <TextInput
          aria-label="Key id or key from another source"
          placeholder="8 characters of the id, or writ/…+…+…"
          spellCheck={false}
          autoComplete="off"
          value={typed}
          error={fault}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" disabled={typed.trim() === ''}>
          Pin
        </Button>
      </form>
    </section>
  );
}
