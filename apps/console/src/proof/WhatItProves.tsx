import styles from './Proof.module.css';

export function WhatItProves() {
  return (
    <details className={styles['limits']} open>
      <summary>What this proves, and what it does not</summary>
      <div>
        <h4>It proves</h4>
        <ul>
          <li>that the event’s bytes are those the log has held since that checkpoint was signed,</li>
          <li>that it stands at this place, and the log grew from what this browser saw before.</li>
        </ul>
        <h4>It does not prove</h4>
        <ul>
          <li>that everything that happened was recorded, or that what was recorded is true,</li>
          <li>
            that a dishonest operator could not fake this tick: the code of this page comes from the server under
            suspicion. For that use the installed verifier, with the log’s key from another source, or a witness.
          </li>
        </ul>
      </div>
    </details>
  );
}
