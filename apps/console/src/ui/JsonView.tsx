import type { Json } from '@writ/kernel';
import { useState } from 'react';
import { copyText } from './clipboard';
import { IconButton } from './IconButton';
import styles from './JsonView.module.css';

const FOLDED_DEPTH = 3;
const LONG = 400;

/**
 * JSON as text, folded where it is deep. INVARIANT: values are shown by text nodes only; nothing in a payload becomes
 * markup, a link or a style, whatever it says.
 */
export function JsonView({ value, label }: { readonly value: Json; readonly label: string }) {
  return (
    <div className={styles['view']}>
      <div className={styles['tools']}>
        <IconButton
          icon="copy"
          size={13}
          label={`Copy ${label.toLowerCase()} as JSON`}
          onClick={() => void copyText(JSON.stringify(value, null, 2), label)}
        />
      </div>
      <div className={styles['tree']} tabIndex={0} role="group" aria-label={label}>
        <Value value={value} depth={0} />
      </div>
    </div>
  );
}

function Value({ value, depth }: { readonly value: Json; readonly depth: number }) {
  if (value === null) return <span className={styles['word']}>null</span>;
  if (typeof value === 'string') return <Text text={value} />;
  if (typeof value !== 'object') return <span className={styles['word']}>{String(value)}</span>;
  const isList = Array.isArray(value);
  const members = Object.entries(value as { readonly [key: string]: Json });
  if (members.length === 0) return <span className={styles['sign']}>{isList ? '[]' : '{}'}</span>;
  return <Members members={members} isList={isList} depth={depth} />;
}

interface MembersProps {
  readonly members: readonly (readonly [string, Json])[];
  readonly isList: boolean;
  readonly depth: number;
}

function Members({ members, isList, depth }: MembersProps) {
  const [open, setOpen] = useState(depth < FOLDED_DEPTH);
  const [first, last] = isList ? '[]' : '{}';
  return (
    <>
      <button type="button" className={styles['fold']} aria-expanded={open} onClick={() => setOpen(!open)}>
        {first}
        {!open && ` ${members.length} ${last}`}
      </button>
      {open && (
        <>
          <ul className={styles['members']}>
            {members.map(([key, inner]) => (
              <li key={key}>
                {!isList && <span className={styles['key']}>{key}: </span>}
                <Value value={inner} depth={depth + 1} />
              </li>
            ))}
          </ul>
          <span className={styles['sign']}>{last}</span>
        </>
      )}
    </>
  );
}

function Text({ text }: { readonly text: string }) {
  const [whole, setWhole] = useState(text.length <= LONG);
  return (
    <span className={styles['text']}>
      “{whole ? text : text.slice(0, LONG)}”
      {!whole && (
        <button type="button" className={styles['more']} onClick={() => setWhole(true)}>
          … {text.length - LONG} more characters
        </button>
      )}
    </span>
  );
}
