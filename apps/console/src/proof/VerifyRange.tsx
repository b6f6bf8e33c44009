import { Button, Modal, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { AuditAsked } from '../api/audit';
import { useTenant } from '../session/useTenant';
import { count } from '../time/format';
import { Command } from '../ui/Command';
import { Problem } from '../ui/Problem';
import styles from './Proof.module.css';
import { exportQuery, type Scope } from './export-query';
import { RangeReport } from './RangeReport';
import { useRangeCheck } from './useRangeCheck';

interface Props {
  readonly opened: boolean;
  readonly asked: AuditAsked;
  readonly onClose: () => void;
}

/** Checks many events at once: the server sends its export, and this browser reads and recomputes all of it. */
export function VerifyRange({ opened, asked, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Verify the log"
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <Body asked={asked} />}
    </Modal>
  );
}

function Body({ asked }: { readonly asked: AuditAsked }) {
  const [scope, setScope] = useState<Scope>('all');
  const base = `writ/${useTenant()}`;
  const { state, start, stop } = useRangeCheck(base);
  const running = state.is === 'running';
  return (
    <div className={styles['range']}>
      <SegmentedControl
        aria-label="What to verify"
        disabled={running}
        data={[
          { value: 'all', label: 'The whole log' },
          { value: 'query', label: 'This query and window' },
        ]}
        value={scope}
        onChange={(value) => setScope(value as Scope)}
      />
      <p className="dim">
        {scope === 'all'
          ? 'Every event, every checkpoint, every run’s chain.'
          : 'The events of this list, each with its place in the whole tree; what lies between them is held by its hashes.'}{' '}
        The export is recorded as an event of its own.
      </p>
      <div className={styles['buttons']}>
        {running ? (
          <Button variant="default" onClick={stop}>
            Cancel
          </Button>
        ) : (
          <Button onClick={() => void start(exportQuery(scope, asked), false)}>Verify</Button>
        )}
      </div>
      {running && (
        <div className={styles['progress']} role="status">
          <progress max={Math.max(1, state.size)} value={state.index} aria-label="Verified so far" />
          <span>
            {count(state.index)} of {count(state.size)} events, {count(state.rate)} events/s
            {state.problems > 0 && `, ${count(state.problems)} problems`}
          </span>
        </div>
      )}
      {state.is === 'failed' && <Problem what="The export" error={state.error} />}
      {state.is === 'cancelled' && <p role="status">Cancelled. Nothing is said about what was not read.</p>}
      {state.is === 'done' && (
        <RangeReport
          report={state.report}
          base={base}
          onAgain={(acceptEmbedded) => void start(exportQuery(scope, asked), acceptEmbedded)}
        />
      )}
      <Command text="./writ audit verify" />
    </div>
  );
}
