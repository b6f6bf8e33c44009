import { parseQuery, type QueryList } from '@writ/contract';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useKeys } from '../keys/useKeys';
import { Icon } from '../ui/icons';
import { IconButton } from '../ui/IconButton';
import { Chips } from './Chips';
import { Completions } from './Completions';
import { GrammarSheet } from './GrammarSheet';
import { QueryInput } from './QueryInput';
import styles from './QueryBar.module.css';
import { useCompletion, type ValueSource } from './useCompletion';

interface Props {
  readonly list: QueryList;
  /** The query in force. */
  readonly text: string;
  readonly placeholder: string;
  readonly values: ValueSource;
  readonly onApply: (text: string) => void;
}

/**
 * The query as text and, below it, as chips: two views of one tree. What is typed takes effect on Enter, and only when
 * all of it means something; what does not is underlined and said.
 */
export function QueryBar({ list, text, placeholder, values, onApply }: Props) {
  const [typed, setTyped] = useState(text);
  const [caret, setCaret] = useState(text.length);
  const [focused, setFocused] = useState(false);
  const [help, setHelp] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  // Back, a chip or a click elsewhere changed the query: the box follows.
  useEffect(() => setTyped(text), [text]);
  const faults = useMemo(() => parseQuery(typed, list).faults, [typed, list]);
  const completion = useCompletion({ list, text: typed, caret, on: focused, values });
  useKeys([{ keys: '/', label: 'Search', group: 'List', run: () => input.current?.focus() }]);

  const apply = (next: string): void => {
    if (parseQuery(next, list).faults.length > 0) return;
    completion.close();
    onApply(next.trim());
  };
  const accept = (option: string): void => {
    const place = completion.place;
    if (!place) return;
    const next = `${typed.slice(0, place.start)}${option}${typed.slice(place.end)}`;
    const at = place.start + option.length;
    setTyped(next);
    setCaret(at);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const onKey = (event: React.KeyboardEvent): void => {
    if (completion.onKey(event, accept)) return;
    if (event.key === 'Enter') apply(typed);
    if (event.key === 'Escape') {
      setTyped(text);
      input.current?.blur();
    }
  };
  const dirty = typed.trim() !== text;
  const shown =
    focused && faults.length > 0 && typed.length - caret < 1 ? faults.filter((fault) => fault.end < caret) : faults;

  return (
    <div className={styles['bar']} role="search">
      <div className={styles['box']} data-fault={shown.length > 0 || undefined}>
        <Icon name="search" size={15} />
        <QueryInput
          ref={input}
          id={id}
          value={typed}
          faults={shown}
          placeholder={placeholder}
          list={completion.open ? `${id}-options` : undefined}
          active={completion.active === null ? undefined : `${id}-option-${completion.active}`}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false);
            completion.close();
          }}
          onCaret={setCaret}
          onChange={setTyped}
          onKeyDown={onKey}
        />
        {dirty && (
          <span className={styles['enter']} aria-hidden="true">
            {faults.length > 0 ? 'not applied' : 'Enter ↵'}
          </span>
        )}
        {typed !== '' && (
          <IconButton
            icon="cross"
            size={13}
            label="Clear the query"
            onClick={() => {
              setTyped('');
              onApply('');
            }}
          />
        )}
        <IconButton icon="help" label="How to write a query" onClick={() => setHelp(true)} />
        {completion.open && <Completions id={id} completion={completion} onAccept={accept} />}
      </div>
      {shown.map((fault) => (
        <p key={`${fault.start} ${fault.code}`} className={styles['fault']} id={`${id}-fault`} role="status">
          <Icon name="warn" size={13} /> {fault.message}
        </p>
      ))}
      <Chips text={text} list={list} onChange={onApply} />
      <GrammarSheet list={list} opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}
