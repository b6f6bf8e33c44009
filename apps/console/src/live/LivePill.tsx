import { Tooltip } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { duration } from '../time/format';
import { Icon, type IconName } from '../ui/icons';
import type { Tone } from '../ui/tone';
import { type PageLive, pillStore } from './pill-store';
import styles from './LivePill.module.css';

interface Words {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: IconName;
  readonly why: string;
}

function wordsOf(live: PageLive, now: number): Words {
  const { state, paused, queued } = live;
  if (state.is === 'ended') {
    return { word: 'Final', tone: 'calm', icon: 'check', why: 'This has ended; nothing more will come.' };
  }
  if (state.is === 'refused') {
    return {
      word: 'Not live',
      tone: 'calm',
      icon: 'clock',
      why: 'Your key may not follow the log; the page looks again every few seconds.',
    };
  }
  if (state.is === 'reconnecting') {
    return {
      word: 'Reconnecting',
      tone: 'wait',
      icon: 'retry',
      why: 'The connection was cut. Nothing is lost: it goes on where it was.',
    };
  }
  if (state.is === 'stale') {
    const age = duration(now - state.since);
    return { word: `Stale ${age}`, tone: 'bad', icon: 'warn', why: 'Connected, but nothing has been heard.' };
  }
  if (paused) {
    const more = queued > 0 ? ` (${queued} new)` : '';
    return { word: `Paused${more}`, tone: 'calm', icon: 'pause', why: 'The page stands still. Press to go on.' };
  }
  if (state.is === 'connecting') return { word: 'Connecting', tone: 'calm', icon: 'live', why: 'Connecting.' };
  return {
    word: 'Live',
    tone: 'good',
    icon: 'live',
    why: 'Changes appear as they happen. Press to hold the page still.',
  };
}

/** Whether what is on screen is still true. */
export function LivePill() {
  const live = useSyncExternalStore(pillStore.subscribe, pillStore.get);
  const now = useSeconds(live?.state.is === 'stale');
  if (!live) return null;
  const { word, tone, icon, why } = wordsOf(live, now);
  return (
    <Tooltip label={why} multiline maw={260}>
      <button
        type="button"
        className={styles['pill']}
        data-tone={tone}
        aria-pressed={live.paused}
        aria-label={`${word}. ${why}`}
        onClick={() => live.toggle()}
      >
        <Icon name={icon} size={13} />
        <span>{word}</span>
      </button>
    </Tooltip>
  );
}

function useSeconds(on: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
