import { ago } from '../time/format';
import type { Checked } from './check';
import styles from './Proof.module.css';

/** The signed note as it was issued, and what this browser saw before it. */
export function CheckpointText({ checked }: { readonly checked: Checked }) {
  return (
    <section className={styles['checkpoint']}>
      <h3>Checkpoint</h3>
      <pre tabIndex={0}>{checked.checkpoint}</pre>
      {checked.head && (
        <p className="dim">
          Before this, {ago(checked.head.at, Date.now())}, this browser saw and checked a head of {checked.head.size}{' '}
          events.
        </p>
      )}
    </section>
  );
}
