import type { QueryList } from '@writ/contract';
import { Icon } from '../ui/icons';
import { chips } from './parts';
import styles from './QueryBar.module.css';

interface Props {
  readonly text: string;
  readonly list: QueryList;
  readonly onChange: (text: string) => void;
}

/** The query in force, part by part; each can be taken away. */
export function Chips({ text, list, onChange }: Props) {
  const parts = chips(text, list);
  if (parts.length === 0) return null;
  return (
    <ul className={styles['chips']} aria-label="Parts of the query">
      {parts.map((part) => (
        <li key={part.text} className={styles['chip']}>
          <code>{part.text}</code>
          <button type="button" aria-label={`Remove ${part.text}`} onClick={() => onChange(part.rest)}>
            <Icon name="cross" size={11} />
          </button>
        </li>
      ))}
    </ul>
  );
}
