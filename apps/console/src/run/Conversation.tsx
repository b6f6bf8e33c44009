import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Json } from '@writ/kernel';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Icon } from '../ui/icons';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { allEvents } from './all-events';
import styles from './Conversation.module.css';
import { talkOf, type Talk } from './talk';

const MOST = 400;

/** The run as it reads: what was said, called, handed over and refused, in one column. For people and for paper. */
export function Conversation({ run, version }: { readonly run: string; readonly version: number }) {
  const events = useQuery({
    queryKey: ['journal', run, version],
    queryFn: ({ signal }) => allEvents(run, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  if (events.isError)
    return <Problem what="The conversation" error={events.error} onRetry={() => void events.refetch()} />;
  if (!events.data) return <Loading what="the conversation" />;
  const talk = talkOf(events.data);
  if (talk.length === 0)
    return (
      <Empty icon="runs" title="Nothing was said yet">
        The first step of the run appears here.
      </Empty>
    );
  return (
    <div className={styles['scroller']} tabIndex={0} role="group" aria-label="Conversation">
      <ol className={styles['column']}>
        {talk.slice(0, MOST).map((one) => (
          <li key={one.sequence} data-kind={one.kind} className={styles['turn']}>
            <Turn talk={one} />
          </li>
        ))}
      </ol>
      {talk.length > MOST && (
        <p className={styles['rest']}>
          The first {MOST} of {talk.length} are shown; the journal has them all.
        </p>
      )}
    </div>
  );
}

function Turn({ talk }: { readonly talk: Talk }) {
  return (
    <>
      <div className={styles['head']}>
        <Icon name={talk.icon} size={13} />
        <strong>{talk.who}</strong>
        <span className="cut">{talk.what}</span>
        <span className={styles['when']}>
          <Stamp at={talk.time} form="clock" />
        </span>
      </div>
      {talk.text !== null && <p className={styles['text']}>{talk.text}</p>}
      {talk.value !== undefined && <JsonView label={talk.what} value={talk.value as Json} />}
    </>
  );
}
