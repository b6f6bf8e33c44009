import { Button } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { count } from '../time/format';
import { copyText } from '../ui/clipboard';
import { Icon } from '../ui/icons';
import { alarmStore, alarmText, clearAlarm } from './alarm';
import styles from './Proof.module.css';

/** A failed verification, across the whole width: what, where, both hashes, and what to do. Nothing of it is hidden. */
export function AlarmBand() {
  const alarm = useSyncExternalStore(alarmStore.subscribe, alarmStore.get);
  if (!alarm) return null;
  return (
    <div className={styles['alarm']} role="alert">
      <div className={styles['alarmHead']}>
        <Icon name="warn" size={20} />
        <h2>Verification failed</h2>
      </div>
      <p>{alarm.said}</p>
      <dl className={styles['alarmFacts']}>
        <Fact name="Index" value={alarm.index === null ? 'none' : count(alarm.index)} />
        <Fact name="First byte that differs" value={alarm.byte === undefined ? 'not known' : count(alarm.byte)} />
        {alarm.event !== null && <Fact name="Event" value={alarm.event} />}
        <Fact name="Expected" value={alarm.expected ?? 'none'} />
        <Fact name="Found" value={alarm.found ?? 'none'} />
      </dl>
      <p>
        Tell whoever answers for this tenant’s evidence, now, by a way that does not lead over this server. Then check
        with the installed verifier: <code>./writ audit verify</code>.
      </p>
      <div className={styles['buttons']}>
        <Button variant="white" color="red" onClick={() => void copyText(alarmText(alarm), 'Report')}>
          Copy the report
        </Button>
        <Button variant="subtle" color="red" onClick={clearAlarm}>
          I have handed it on
        </Button>
      </div>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  );
}
