import type { QueryFault } from '@writ/contract';
import { type KeyboardEvent, type Ref, useRef } from 'react';
import styles from './QueryBar.module.css';

interface Props {
  readonly ref: Ref<HTMLInputElement>;
  readonly id: string;
  readonly value: string;
  readonly faults: readonly QueryFault[];
  readonly placeholder: string;
  readonly list: string | undefined;
  readonly active: string | undefined;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
  readonly onCaret: (at: number) => void;
  readonly onChange: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** A text field whose faults are underlined where they stand: a copy of the text behind it carries the underlines. */
export function QueryInput({ ref, id, value, faults, list, active, ...on }: Props) {
  const behind = useRef<HTMLDivElement>(null);
  return (
    <div className={styles['field']}>
      <div ref={behind} className={styles['behind']} aria-hidden="true">
        {marked(value, faults).map((piece, index) =>
          piece.fault ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
        )}
      </div>
      <input
        ref={ref}
        className={styles['input']}
        role="combobox"
        aria-label="Query"
        aria-expanded={list !== undefined}
        aria-controls={list}
        aria-activedescendant={active}
        aria-autocomplete="list"
        aria-invalid={faults.length > 0}
        aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        enterKeyHint="search"
        placeholder={on.placeholder}
        value={value}
        onFocus={on.onFocus}
        onBlur={on.onBlur}
        onKeyDown={on.onKeyDown}
        onChange={(event) => {
          on.onChange(event.currentTarget.value);
          on.onCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
        }}
        onSelect={(event) => on.onCaret(event.currentTarget.selectionStart ?? 0)}
        onScroll={(event) => {
          if (behind.current) behind.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
      />
    </div>
  );
}

function marked(text: string, faults: readonly QueryFault[]) {
  const pieces: { readonly text: string; readonly fault: boolean }[] = [];
  let at = 0;
  for (const { start, end } of faults) {
    if (start < at) continue;
    const until = Math.max(end, start + 1);
    pieces.push({ text: text.slice(at, start), fault: false }, { text: text.slice(start, until) || ' ', fault: true });
    at = until;
  }
  return [...pieces, { text: text.slice(at), fault: false }];
}
