import { Link, useLocation } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { WaitingCount } from '../approvals/WaitingCount';
import { AskedCount } from '../questions/AskedCount';
import { OpenCount } from '../reviews/OpenCount';
import { sessionStore } from '../session/session';
import { Icon } from '../ui/icons';
import { useCurrentShown } from '../ui/useCurrentShown';
import { Brand } from './Brand';
import { LogTile } from './LogTile';
import { PAGES } from './pages';
import styles from './Rail.module.css';

export function Rail() {
  const session = useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
  const { pathname } = useLocation();
  // On a telephone the pages stand in one row, which the one that is open may have left.
  const list = useCurrentShown<HTMLUListElement>(pathname);
  const barred = (reads: string | undefined): boolean =>
    reads !== undefined && session.is === 'open' && !session.me.may.includes(reads);
  return (
    <nav className={styles['rail']} aria-label="Pages">
      <Link to="/runs" className={styles['home']} aria-label="Writ, to the runs">
        <Brand />
      </Link>
      <ul className={styles['list']} ref={list}>
        {PAGES.map((page) => (
          <li key={page.to}>
            <Link
              to={page.to}
              className={styles['link']}
              activeProps={{ 'aria-current': 'page' }}
              activeOptions={{ exact: false, includeSearch: false }}
              data-barred={barred('reads' in page ? page.reads : undefined) || undefined}
              title={
                'reads' in page && barred(page.reads)
                  ? `Your key may not read all of it (${page.reads})`
                  : `${page.label} (${page.keys})`
              }
            >
              <Icon name={page.icon} size={16} />
              <span className={styles['label']}>{page.label}</span>
              {page.to === '/approvals' && <WaitingCount />}
              {page.to === '/questions' && <AskedCount />}
              {page.to === '/reviews' && <OpenCount />}
            </Link>
          </li>
        ))}
      </ul>
      <LogTile />
    </nav>
  );
}
