import { Button, Tabs } from '@mantine/core';
import type { ListedEvent } from '../api/audit';
import { Panel } from '../list/Panel';
import { ProofPanel } from '../proof/ProofPanel';
import { useTenant } from '../session/useTenant';
import { Loading } from '../ui/Loading';
import { useAddress } from '../url/useAddress';
import styles from './Audit.module.css';
import { Decided, Place } from './columns';
import { EventFacts } from './EventFacts';
import { RawEvent } from './RawEvent';

interface Props {
  readonly id: string;
  /** As the list has it; null until it is found. */
  readonly event: ListedEvent | null;
  readonly onClose: () => void;
}

const TABS = ['peek', 'proof', 'raw'] as const;

/** One event: what it says, that it is what the log holds, and its bytes. */
export function EventPanel({ id, event, onClose }: Props) {
  const { search, push } = useAddress();
  const tenant = useTenant();
  const tab = TABS.find((one) => one === search['view']) ?? 'peek';
  const title = (
    <span className={styles['title']}>
      {event && <Place event={event} />}
      <code className="cut">{event?.type ?? id}</code>
      {event && <Decided event={event} />}
    </span>
  );
  return (
    <Panel label="Event" title={title} onClose={onClose}>
      {event === null ? (
        <Loading what="the event" rows={4} />
      ) : (
        <div className={styles['panel']}>
          <p className={styles['sentence']}>{event.view.sentence}</p>
          <Tabs value={tab} onChange={(next) => push({ view: next ?? 'peek' })} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="peek">Event</Tabs.Tab>
              <Tabs.Tab value="proof">Proof</Tabs.Tab>
              <Tabs.Tab value="raw">Bytes</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="peek" className={styles['inner'] ?? ''}>
              <div className={styles['verify']}>
                <Button onClick={() => push({ view: 'proof' })}>Verify in this browser</Button>
              </div>
              <EventFacts event={event} />
            </Tabs.Panel>
            <Tabs.Panel value="proof" className={styles['inner'] ?? ''}>
              <ProofPanel key={id} id={id} base={`writ/${tenant}`} listed={event} />
            </Tabs.Panel>
            <Tabs.Panel value="raw" className={styles['inner'] ?? ''}>
              <RawEvent id={id} />
            </Tabs.Panel>
          </Tabs>
        </div>
      )}
    </Panel>
  );
}
