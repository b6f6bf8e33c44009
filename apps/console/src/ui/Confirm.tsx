import { Button } from '@mantine/core';
import { useState } from 'react';
import styles from './Confirm.module.css';

interface Props {
  /** What the button does: “Revoke”. */
  readonly what: string;
  /** To whom or what, for those who hear the button rather than see it. */
  readonly name: string;
  /** What follows from it, in a sentence. */
  readonly warning: string;
  readonly keep?: string;
  readonly disabled?: boolean;
  readonly loading: boolean;
  readonly onSure: () => void;
}

/** A button that says what follows and asks once more, for what cannot be taken back. */
export function Confirm({ what, name, warning, keep = 'Keep it', disabled = false, loading, onSure }: Props) {
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <Button variant="default" size="xs" disabled={disabled} onClick={() => setAsking(true)}>
        {what}…<span className="only-read"> {name}</span>
      </Button>
    );
  }
  return (
    <span className={styles['asking']} role="group" aria-label={`${what} ${name}`}>
      <span>{warning}</span>
      <Button color="red" size="xs" autoFocus loading={loading} onClick={onSure}>
        {what}
        <span className="only-read"> {name}</span>
      </Button>
      <Button variant="subtle" size="xs" onClick={() => setAsking(false)}>
        {keep}
      </Button>
    </span>
  );
}
