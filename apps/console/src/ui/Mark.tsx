import { Icon } from './icons';
import styles from './Mark.module.css';
import type { Sign } from './tone';

/** A state as colour, icon and word. `quiet` leaves the ground out, for rows of a list. */
export function Mark({ sign, quiet = false }: { readonly sign: Sign; readonly quiet?: boolean }) {
  return (
    <span className={styles['mark']} data-tone={sign.tone} data-quiet={quiet || undefined}>
      <Icon name={sign.icon} size={13} />
      <span className="cut">{sign.word}</span>
    </span>
  );
}
