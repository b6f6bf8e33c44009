import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Json } from '@writ/kernel';
import { useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { count } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Icon } from '../ui/icons';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { allEvents } from './all-events';
import styles from './Conversation.module.css';
import { speechStore } from './speech';
import { type Speaking, speakingOf, talkOf, type Talk } from './talk';

const MOST = 400;
/** Whoever reads this close to the end wants to see what comes. */
const NEAR_PX = 80;

/** The run as it reads: what was said, called, handed over and refused, in one column. For people and for paper. */
export function Conversation({ run, version }: { readonly run: string; readonly version: number }) {
  const events = useQuery({
    queryKey: ['journal', run, version],
    queryFn: ({ signal }) => allEvents(run, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const speeches = useSyncExternalStore(speechStore.subscribe, speechStore.get);
  const talk = useMemo(() => talkOf(events.data ?? []), [events.data]);
  const speaking = useMemo(() => speakingOf(events.data ?? [], speeches), [events.data, speeches]);
  if (events.isError)
    return <Problem what="The conversation" error={events.error} onRetry={() => void events.refetch()} />;
  if (!events.data) return <Loading what="the conversation" />;
  if (talk.length === 0)
    return (
      <Empty icon="runs" title="Nothing was said yet">
        The first step of the run appears here.
      </Empty>
    );
  return <Column talk={talk} speaking={speaking} />;
}

function Column({ talk, speaking }: { readonly talk: readonly Talk[]; readonly speaking: readonly Speaking[] }) {
  const [shown, setShown] = useState(MOST);
  const scroller = useFollowed(`${talk.length} ${speaking.map(({ text }) => text.length).join(' ')}`);
  const hidden = Math.max(0, talk.length - shown);
  return (
    <div ref={scroller} className={styles['scroller']} tabIndex={0} role="group" aria-label="Conversation">
      {hidden > 0 && (
        <p className={styles['rest']}>
          <Button variant="subtle" size="xs" onClick={() => setShown((before) => before + MOST)}>
            Show {count(Math.min(MOST, hidden))} of the {count(hidden)} before
          </Button>
        </p>
      )}
      <ol className={styles['column']}>
        {talk.slice(hidden).map((one) => (
          <li key={one.sequence} data-kind={one.kind} className={styles['turn']}>
            <Turn talk={one} />
          </li>
        ))}
        {speaking.map((one) => (
          <li key={`says ${one.step}`} data-kind="said" data-live="" className={styles['turn']}>
            <Says speaking={one} />
          </li>
        ))}
      </ol>
      {/* Word by word would talk over everything else; that somebody speaks is said once. */}
      <p className="only-read" role="status">
        {speaking.map(({ who }) => `${who} is speaking`).join(', ')}
      </p>
    </div>
  );
}

/** Keeps the end in sight for as long as the reader is there. */
function useFollowed(content: string) {
  const scroller = useRef<HTMLDivElement>(null);
  const near = useRef(false);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const look = (): void => {
      near.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, []);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box && near.current) box.scrollTop = box.scrollHeight;
  }, [content]);
  return scroller;
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

function Says({ speaking }: { readonly speaking: Speaking }) {
  const { who, text, done } = speaking;
  return (
    <>
      <div className={styles['head']}>
        <Icon name="model" size={13} />
        <strong>{who}</strong>
        <span className="cut">{done ? 'has said' : 'is saying'}</span>
        <span className={styles['when']}>
          <Icon name="live" size={13} /> live
        </span>
      </div>
      <p className={styles['text']}>
        {text}
        {!done && <span className={styles['caret']} aria-hidden="true" />}
      </p>
    </>
  );
}
