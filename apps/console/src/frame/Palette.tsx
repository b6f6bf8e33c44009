import { Modal } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { troubleOf } from '../api/problem';
import { Icon, type IconName } from '../ui/icons';
import type { Panel } from './panel';
import { type Found, isNameable, whatIs } from './lookup';
import { PAGES } from './pages';
import { recents } from './recent';
import { copyLink } from './useFrameKeys';
import styles from './Palette.module.css';

interface Entry {
  readonly id: string;
  readonly group: 'Open' | 'Pages' | 'Recent' | 'Actions';
  readonly label: string;
  readonly detail?: string;
  readonly icon: IconName;
  readonly run: () => void | Promise<void>;
}

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly open: (panel: Panel) => void;
}

/** One box for everything: paste any id, name a page, pick what was open before. */
export function Palette({ opened, onClose, open }: Props) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      lockScroll={false}
      size="lg"
      yOffset="12vh"
      padding={0}
      // Whoever opens it types on at once; an animation would let the first letters fall on the page.
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay backgroundOpacity={0.4} />
      <Modal.Content aria-label="Find anything">{opened && <Box onClose={onClose} open={open} />}</Modal.Content>
    </Modal.Root>
  );
}

function Box({ onClose, open }: Omit<Props, 'opened'>) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const [found, setFound] = useState<readonly Found[]>([]);
  const entries = useMemo(() => {
    const goTo = (href: string): Promise<void> => navigate({ href }).then(onClose);
    const name = text.trim();
    const opened = found.length > 0 ? found.map((one) => foundEntry(one, goTo)) : pasted(name, goTo, setFound);
    return [...opened, ...matching(text, fixed(goTo, open))];
  }, [text, found, navigate, onClose, open]);
  const chosen = entries[Math.min(at, entries.length - 1)];

  const run = async (entry: Entry): Promise<void> => {
    try {
      await entry.run();
    } catch (error) {
      setFault(troubleOf(error).detail);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((before) => (before + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === 'Enter' && chosen) {
      event.preventDefault();
      void run(chosen);
    }
  };

  return (
    <div className={styles['box']}>
      <div className={styles['input']}>
        <Icon name="search" size={16} />
        <input
          autoFocus
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-entries"
          aria-activedescendant={chosen ? `palette-${chosen.id}` : undefined}
          aria-label="Find a page, paste any id"
          placeholder="Find a page, paste any id"
          spellCheck={false}
          value={text}
          onKeyDown={onKey}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
            setFault(null);
            setFound([]);
          }}
        />
      </div>
      <ul id="palette-entries" role="listbox" aria-label="What was found" className={styles['entries']}>
        {entries.map((entry, index) => (
          <li
            key={entry.id}
            id={`palette-${entry.id}`}
            role="option"
            aria-selected={entry === chosen}
            className={styles['entry']}
            data-first={entries[index - 1]?.group !== entry.group || undefined}
            onMouseMove={() => setAt(index)}
            onClick={() => void run(entry)}
          >
            <Icon name={entry.icon} size={15} />
            <span className="cut">{entry.label}</span>
            {entry.detail !== undefined && <span className={styles['detail']}>{entry.detail}</span>}
          </li>
        ))}
      </ul>
      {(entries.length === 0 || fault !== null) && (
        <p className={styles['none']} role="status">
          {fault ??
            'No page, action or id of this kind. Ids begin with run_, bat_, apr_, inp_, dec_, evt_, stp_ or key_; a trace id is 32 hexadecimal digits.'}
        </p>
      )}
    </div>
  );
}

/** Asks the server what the text names: one thing is opened, several are offered. */
function pasted(
  text: string,
  goTo: (href: string) => Promise<void>,
  offer: (found: readonly Found[]) => void,
): Entry[] {
  if (!isNameable(text)) return [];
  const run = async (): Promise<void> => {
    const found = await whatIs(text, AbortSignal.timeout(10_000));
    const [only] = found;
    if (found.length === 1 && only) await goTo(only.href);
    else offer(found);
  };
  return [{ id: 'pasted', group: 'Open', label: `Open ${text}`, icon: 'right', run }];
}

const foundEntry = ({ id, title, href }: Found, goTo: (href: string) => Promise<void>): Entry => ({
  id,
  group: 'Open',
  label: title,
  detail: id,
  icon: 'right',
  run: () => goTo(href),
});

function fixed(goTo: (href: string) => Promise<void>, open: (panel: Panel) => void): Entry[] {
  return [
    ...PAGES.map((page) => ({
      id: page.to.slice(1),
      group: 'Pages' as const,
      label: page.label,
      detail: page.keys,
      icon: page.icon,
      run: () => goTo(page.to),
    })),
    ...recents().map((one) => ({
      id: one.id,
      group: 'Recent' as const,
      label: one.label,
      detail: one.id,
      icon: 'clock' as const,
      run: () => goTo(one.href),
    })),
    { id: 'stops', group: 'Actions', label: 'Stops: see, set, release', icon: 'stop', run: () => open('stop') },
    { id: 'keys', group: 'Actions', label: 'Keys of this page', detail: '?', icon: 'help', run: () => open('keys') },
    { id: 'link', group: 'Actions', label: 'Copy the link to this screen', detail: 'c l', icon: 'link', run: copyLink },
  ];
}

function matching(text: string, entries: readonly Entry[]): readonly Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const whole = `${entry.label} ${entry.detail ?? ''} ${entry.group}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
