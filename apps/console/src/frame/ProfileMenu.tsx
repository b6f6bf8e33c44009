import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { signOut } from '../api/client';
import type { Me } from '../session/session';
import { duration } from '../time/format';
import { copyText } from '../ui/clipboard';
import { Icon } from '../ui/icons';
import type { Panel } from './panel';
import styles from './ProfileMenu.module.css';

const LOOKS = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'As the system' },
];

export function ProfileMenu({ me, open }: { readonly me: Me; readonly open: (panel: Panel) => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const left = Date.parse(me.key.expires_at) - Date.now();
  return (
    <Menu.Dropdown>
      <Menu.Label>
        <span className={styles['who']}>
          <strong>{me.principal}</strong>
          <span>{me.roles.length > 0 ? me.roles.join(', ') : 'no roles'}</span>
          <span>key expires in {duration(left)}</span>
        </span>
      </Menu.Label>
      <Menu.Divider />
      <Menu.Label>Look</Menu.Label>
      <Menu.RadioGroup value={colorScheme} onChange={(look) => setColorScheme(look as MantineColorScheme)}>
        {LOOKS.map((look) => (
          <Menu.RadioItem key={look.value} value={look.value}>
            {look.label}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
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
