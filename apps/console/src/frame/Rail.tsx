import { Link } from '@tanstack/react-router';
import { WaitingCount } from '../approvals/WaitingCount';
import { AskedCount } from '../questions/AskedCount';
import { OpenCount } from '../reviews/OpenCount';
import { Icon } from '../ui/icons';
import { Brand } from './Brand';
import { LogTile } from './LogTile';
import { PAGES } from './pages';
import styles from './Rail.module.css';

export function Rail() {
  return (
    <nav className={styles['rail']} aria-label="Pages">
      <Link to="/runs" className={styles['home']} aria-label="Writ, to the runs">
        <Brand />
      </Link>
      <ul className={styles['list']}>
        {PAGES.map((page) => (
          <li key={page.to}>
            <Link
              to={page.to}
              className={styles['link']}
              activeProps={{ 'aria-current': 'page' }}
              activeOptions={{ exact: false, includeSearch: false }}
              title={`${page.label} (${page.keys})`}
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
