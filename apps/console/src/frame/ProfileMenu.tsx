import { Menu, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { signOut } from '../api/client';
import type { Me } from '../session/session';
import { duration } from '../time/format';
import { copyText } from '../ui/clipboard';
import { Icon } from '../ui/icons';
import type { Panel } from './Frame';
import styles from './ProfileMenu.module.css';

const LOOKS = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'System' },
];

export function ProfileMenu({ me, open }: { readonly me: Me; readonly open: (panel: Panel) => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const left = Date.parse(me.key.expires_at) - Date.now();
  return (
    <Menu.Dropdown>
      <div className={styles['who']}>
        <strong>{me.principal}</strong>
        <span className="dim">{me.roles.length > 0 ? me.roles.join(', ') : 'no roles'}</span>
        <span className="dim">key expires in {duration(left)}</span>
      </div>
      <Menu.Divider />
      <div className={styles['look']}>
        <span id="look">Look</span>
        <SegmentedControl
          size="xs"
          aria-labelledby="look"
          data={LOOKS}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
        />
      </div>
      <Menu.Divider />
      <Menu.Item leftSection={<Icon name="copy" />} onClick={() => void copyText(me.tenant, 'Tenant id')}>
        Copy tenant id
      </Menu.Item>
      <Menu.Item leftSection={<Icon name="help" />} onClick={() => open('keys')}>
        Keys of this page
      </Menu.Item>
      <Menu.Item leftSection={<Icon name="link" />} component="a" href="/openapi.json">
        API document
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<Icon name="right" />} onClick={() => void signOut()}>
        Sign out
      </Menu.Item>
    </Menu.Dropdown>
  );
}
