import type { ReactNode } from 'react';
import styles from './Page.module.css';

interface Props {
  readonly title: string;
  readonly purpose: string;
  /** The page’s one action, beside its title. */
  readonly action?: ReactNode;
  readonly controls: ReactNode;
  readonly children: ReactNode;
  /** Beside the list where there is room, over it where there is not. */
  readonly panel?: ReactNode;
}

/** A page that is a list: what it is for, what it is asked, what it shows. */
export function Page({ title, purpose, action, controls, children, panel }: Props) {
  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <div className={styles['title']}>
          <h1>{title}</h1>
          <p className={styles['purpose']}>{purpose}</p>
          {action && <div className={styles['action']}>{action}</div>}
        </div>
        {controls}
      </header>
      <div className={styles['content']}>
        <div className={styles['list']}>{children}</div>
        {panel}
      </div>
    </div>
  );
}
