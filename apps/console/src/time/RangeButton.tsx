import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useKeys } from '../keys/useKeys';
import { Icon } from '../ui/icons';
import { useAddress } from '../url/useAddress';
import { stamp, zoneName } from './format';
import { DEFAULT_FROM, moment, QUICK, rangeLabel, resolveRange, shifted, widened } from './range';
import styles from './RangeButton.module.css';
import { useZone } from './useZone';

const RANGED = ['/runs', '/audit'];

/** The window of time of a list, on the pages that have one. */
export function RangeButton() {
  const ranged = useLocation({ select: ({ pathname }) => RANGED.includes(pathname) });
  return ranged ? <Range /> : null;
}

function Range() {
  const { search, push, replace } = useAddress();
  const zone = useZone();
  const [opened, setOpened] = useState(false);
  const text = { from: search['from'] ?? DEFAULT_FROM, to: search['to'] };
  const label = rangeLabel(text, (at) => stamp(Date.parse(at), zone).slice(5, 16));
  const go = (from: string | undefined, to: string | undefined): void => {
    push({ from, to });
    setOpened(false);
  };
  const move = (next: ReturnType<typeof shifted>): void => {
    if (next) push({ from: next.from, to: next.to });
  };
  const now = (): number => Date.now();
  const range = (): ReturnType<typeof resolveRange> => resolveRange(text, now(), zone);
  useKeys([
    { keys: '[', label: 'Earlier', group: 'List', run: () => move(shifted(range(), -1, now())) },
    { keys: ']', label: 'Later', group: 'List', run: () => move(shifted(range(), 1, now())) },
    { keys: '\\', label: 'Wider window', group: 'List', run: () => move(widened(range(), now())) },
    { keys: 'n', label: 'Snap to now', group: 'List', run: () => push({ from: undefined, to: undefined }) },
  ]);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={styles['button']} aria-haspopup="dialog" onClick={() => setOpened(!opened)}>
          <Icon name="clock" />
          <span className="cut">{label}</span>
          <span className={styles['zone']}>{zoneName(zone)}</span>
          <Icon name="down" size={12} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={styles['box']} aria-label="Time range">
        <ul className={styles['quick']}>
          {QUICK.map((one) => (
            <li key={one.from}>
              <button
                type="button"
                aria-pressed={text.from === one.from && text.to === undefined}
                onClick={() => go(one.from === DEFAULT_FROM ? undefined : one.from, undefined)}
              >
                {one.label}
              </button>
            </li>
          ))}
        </ul>
        <Absolute key={`${text.from} ${text.to ?? ''} ${zone}`} from={text.from} to={text.to} onGo={go} />
        <div className={styles['zones']}>
          <span id="zone-of-times">Times in</span>
          <SegmentedControl
            size="xs"
            aria-labelledby="zone-of-times"
            data={[
              { value: 'local', label: `Local (${zoneName('local')})` },
              { value: 'utc', label: 'UTC' },
            ]}
            value={zone}
            onChange={(tz) => replace({ tz })}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

interface AbsoluteProps {
  readonly from: string;
  readonly to: string | undefined;
  readonly onGo: (from: string | undefined, to: string | undefined) => void;
}

/** Both ends as text: relative tokens, a day, or pasted ISO time. */
function Absolute({ from, to, onGo }: AbsoluteProps) {
  const zone = useZone();
  const shown = (text: string): string => (/^\d{4}/.test(text) ? stamp(Date.parse(text), zone, true) : text);
  const [ends, setEnds] = useState({ from: shown(from), to: shown(to ?? 'now') });
  const read = (text: string): number | null | undefined => moment(text.trim(), Date.now(), zone);
  const fault = (text: string): string | null =>
    read(text) === undefined ? 'A time, such as -3h, today, 2026-11-22 or 2026-11-22 09:30' : null;
  const backwards = (): boolean => {
    const [a, b] = [read(ends.from), read(ends.to)];
    return typeof a === 'number' && typeof b === 'number' && a >= b;
  };
  const written = (text: string): string => {
    const at = /^\d{4}/.test(text.trim()) ? read(text) : null;
    return typeof at === 'number' ? new Date(at).toISOString() : text.trim();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (fault(ends.from) !== null || fault(ends.to) !== null || backwards()) return;
    const end = written(ends.to);
    onGo(written(ends.from), end === 'now' ? undefined : end);
  };
  return (
    <form className={styles['absolute']} onSubmit={submit}>
      <TextInput
        label="From"
        spellCheck={false}
        value={ends.from}
        error={fault(ends.from)}
        onChange={(event) => setEnds({ ...ends, from: event.currentTarget.value })}
      />
      <TextInput
        label="To"
        spellCheck={false}
        value={ends.to}
        error={fault(ends.to) ?? (backwards() ? 'This is before the start' : null)}
        onChange={(event) => setEnds({ ...ends, to: event.currentTarget.value })}
      />
      <Button type="submit">Show</Button>
    </form>
  );
}
