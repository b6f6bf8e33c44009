import { HoverCard } from '@mantine/core';
import { useState } from 'react';
import { copyText } from '../ui/clipboard';
import { IconButton } from '../ui/IconButton';
import { ago, brief, stamp } from './format';
import styles from './Stamp.module.css';
import { useZone } from './useZone';

interface Props {
  /** RFC 3339, or epoch milliseconds. */
  readonly at: string | number;
  readonly form?: 'brief' | 'full' | 'ago' | 'clock';
}

/** A moment. Hovering says it in every way people need it, with a button to copy. */
export function Stamp({ at, form = 'brief' }: Props) {
  const zone = useZone();
  const [met, setMet] = useState(false);
  const ms = typeof at === 'number' ? at : Date.parse(at);
  const now = Date.now();
  const text = {
    brief: () => brief(ms, zone, now),
    full: () => stamp(ms, zone, true),
    ago: () => ago(ms, now),
    clock: () => stamp(ms, zone, true).slice(11),
  }[form]();
  const time = (
    <time dateTime={new Date(ms).toISOString()} className={styles['time']} onMouseEnter={() => setMet(true)}>
      {text}
    </time>
  );
  // The card costs a popover; a list of a thousand rows pays for those only that the pointer has met.
  if (!met) return time;
  return (
    <HoverCard openDelay={350} closeDelay={120} shadow="md" withinPortal withRoles={false}>
      <HoverCard.Target>{time}</HoverCard.Target>
      <HoverCard.Dropdown p={0}>
        <dl className={styles['card']}>
          <Line name="Local" value={stamp(ms, 'local', true)} />
          <Line name="UTC" value={new Date(ms).toISOString()} />
          <Line name="Relative" value={ago(ms, now)} />
          <Line name="Unix ms" value={String(ms)} />
        </dl>
      </HoverCard.Dropdown>
    </HoverCard>
  );
}

function Line({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span>{value}</span>
        <IconButton icon="copy" size={13} label={`Copy ${name}`} onClick={() => void copyText(value, name)} />
      </dd>
    </div>
  );
}
