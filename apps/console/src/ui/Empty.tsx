import type { ReactNode } from 'react';
import { Command } from './Command';
import { Icon, type IconName } from './icons';
import styles from './States.module.css';

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly children: ReactNode;
  /** The one thing to do next. */
  readonly action?: ReactNode;
  /** What to type in a terminal so that the first item appears here. */
  readonly command?: string;
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon, title, children, action, command }: Props) {
  return (
    <div className={styles['state']}>
      <span className={styles['badge']}>
        <Icon name={icon} size={18} />
      </span>
      <h2>{title}</h2>
      <div className={styles['words']}>{children}</div>
      {command !== undefined && <Command text={command} />}
      {action && <div className={styles['actions']}>{action}</div>}
    </div>
  );
}
