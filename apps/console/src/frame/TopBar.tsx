import { Menu, Tooltip } from '@mantine/core';
import { LivePill } from '../live/LivePill';
import type { Me } from '../session/session';
import { StopButton } from '../stops/StopButton';
import { RangeButton } from '../time/RangeButton';
import { Icon } from '../ui/icons';
import { IconButton } from '../ui/IconButton';
import type { Panel } from './panel';
import { Notices } from './Notices';
import { commandKey } from './platform';
import { ProfileMenu } from './ProfileMenu';
import styles from './TopBar.module.css';

export function TopBar({ me, open }: { readonly me: Me; readonly open: (panel: Panel) => void }) {
  return (
    <header className={styles['bar']}>
      <Tooltip label={`Tenant ${me.tenant}`}>
        <span className={styles['tenant']} tabIndex={0} role="group" aria-label={`Tenant ${me.tenant}`}>
          <span className={styles['dot']} />
          <span className="cut">{tenantLabel(me.tenant)}</span>
        </span>
      </Tooltip>
      <button type="button" className={styles['search']} onClick={() => open('palette')}>
        <Icon name="search" />
        <span className={styles['hint']}>Find a page, paste any id</span>
        <kbd className={styles['kbd']} aria-hidden="true">
          {commandKey}K
        </kbd>
      </button>
      <div className={styles['space']} />
      <div className={styles['now']}>
        <RangeButton />
        <LivePill />
      </div>
      <Notices />
      <StopButton onOpen={() => open('stop')} />
      <span className={styles['help']}>
        <IconButton icon="help" label="Keys of this page (?)" onClick={() => open('keys')} />
      </span>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <button type="button" className={styles['who']} aria-label={`Signed in as ${me.principal}`}>
            <Icon name="person" size={16} />
          </button>
        </Menu.Target>
        <ProfileMenu me={me} open={open} />
      </Menu>
    </header>
  );
}

/** The end of a tenant’s id is what tells tenants apart; its beginning is a time. */
const tenantLabel = (tenant: string): string => (tenant.endsWith('0000dev') ? 'dev' : `…${tenant.slice(-6)}`);
