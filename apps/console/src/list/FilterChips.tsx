import { count } from '../time/format';
import { Icon } from '../ui/icons';
import type { Sign } from '../ui/tone';
import styles from './ListBar.module.css';

interface Chip {
  readonly value: string;
  readonly sign: Sign;
  readonly count: number;
}

interface Props {
  readonly label: string;
  readonly chips: readonly Chip[];
  readonly chosen: readonly string[];
  readonly onToggle: (value: string) => void;
}

/** How many there are of each kind; pressing one keeps only those. */
export function FilterChips({ label, chips, chosen, onToggle }: Props) {
  return (
    <ul className={styles['chips']} aria-label={label}>
      {chips.map((chip) => (
        <li key={chip.value}>
          <button
            type="button"
            className={styles['chip']}
            aria-pressed={chosen.includes(chip.value)}
            onClick={() => onToggle(chip.value)}
          >
            <Tinted sign={chip.sign} />
            {chip.sign.word} <b>{count(chip.count)}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Tinted({ sign }: { readonly sign: Sign }) {
  return (
    <span data-tone={sign.tone} className={styles['tinted']}>
      <Icon name={sign.icon} size={12} />
    </span>
  );
}
