import type { Verdict } from '@writ/words';
import type { ListedEvent } from '../api/audit';
import type { Column } from '../list/columns';
import { count } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { Mark } from '../ui/Mark';
import { VERDICT } from '../ui/tone';
import styles from './Audit.module.css';

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export const verdictOf = (event: ListedEvent): Verdict | null => {
  const verdict = (event['decision'] as { verdict?: unknown } | undefined)?.verdict;
  return verdict === 'allow' || verdict === 'deny' || verdict === 'ask' ? verdict : null;
};

export const isTrouble = (event: ListedEvent): boolean =>
  verdictOf(event) === 'deny' || event.type === 'action.unknown' || event.type === 'run.quarantined';

export const targetOf = (event: ListedEvent): string | null => {
  const object = event['object'] as { type?: unknown; id?: unknown } | undefined;
  const [type, id] = [text(object?.type), text(object?.id)];
  return id === null ? null : type === null ? id : `${type} ${id}`;
};

export const AUDIT_COLUMNS: readonly Column<ListedEvent>[] = [
  {
    id: 'index',
    header: 'Number',
    width: '6.5rem',
    standard: true,
    fixed: true,
    cell: (event) => <Place event={event} />,
  },
  {
    id: 'time',
    header: 'Time',
    width: '7.5rem',
    standard: true,
    fixed: true,
    sort: 'time',
    cell: (event) => <Stamp at={event.time} />,
  },
  {
    id: 'sentence',
    header: 'What happened',
    width: 'minmax(16rem, 3fr)',
    standard: true,
    fixed: true,
    cell: (event) => <span title={event.view.sentence}>{event.view.sentence}</span>,
  },
  {
    id: 'type',
    header: 'Type',
    width: '9.5rem',
    standard: true,
    yields: true,
    cell: (event) => <code>{event.type}</code>,
  },
  {
    id: 'actor',
    header: 'Actor',
    width: 'minmax(7rem, 1fr)',
    standard: true,
    yields: true,
    cell: (event) => text(event['actor']) ?? <span className="dim">—</span>,
  },
  {
    id: 'target',
    header: 'Target',
    width: 'minmax(8rem, 1fr)',
    standard: true,
    yields: true,
    cell: (event) => targetOf(event) ?? <span className="dim">—</span>,
  },
  { id: 'verdict', header: 'Decision', width: '6.5rem', standard: true, cell: (event) => <Decided event={event} /> },
  { id: 'outcome', header: 'Outcome', width: '6rem', standard: false, cell: (event) => text(event['outcome']) ?? '—' },
  { id: 'run', header: 'Run', width: '8rem', standard: false, cell: (event) => <code>{event.run.slice(-8)}</code> },
  {
    id: 'seq',
    header: 'Place in run',
    width: '6rem',
    standard: false,
    align: 'right',
    cell: (event) => count(event.run_seq),
  },
];

/** Its number, once it has one. A number is no proof, so it carries no tick. */
export function Place({ event }: { readonly event: ListedEvent }) {
  if (event.view.index === null) {
    return (
      <span className={styles['unsealed']} title="Recorded, and not under a checkpoint yet">
        <Icon name="clock" size={12} /> unsealed
      </span>
    );
  }
  return (
    <span className={styles['place']} title="Number in the log, under a checkpoint">
      <Icon name="audit" size={12} /> {count(event.view.index)}
    </span>
  );
}

export function Decided({ event }: { readonly event: ListedEvent }) {
  const verdict = verdictOf(event);
  return verdict === null ? <span className="dim">—</span> : <Mark sign={VERDICT[verdict]} quiet />;
}

export function EventCard({ event }: { readonly event: ListedEvent }) {
  const verdict = verdictOf(event);
  return (
    <span className={styles['card']}>
      <span className="cut">{event.view.sentence}</span>
      <span className={styles['line']}>
        <Place event={event} />
        <span className="dim">
          <Stamp at={event.time} /> · {event.type}
        </span>
        {verdict !== null && verdict !== 'allow' && <Mark sign={VERDICT[verdict]} quiet />}
      </span>
    </span>
  );
}
