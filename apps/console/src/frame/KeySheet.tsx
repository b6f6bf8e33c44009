import { Modal } from '@mantine/core';
import type { Binding } from '../keys/keys';
import { keyboard } from '../keys/useKeys';
import { commandKey } from './platform';
import styles from './KeySheet.module.css';

const GROUPS: readonly Binding['group'][] = ['This page', 'List', 'Copy', 'Go to', 'Everywhere'];

/** Every key that does something here and now. */
export function KeySheet({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const bindings = opened ? keyboard.all() : [];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keys of this page"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className={styles['groups']}>
        {GROUPS.map((group) => {
          const own = bindings.filter((one) => one.group === group);
          return own.length === 0 ? null : (
            <section key={group}>
              <h3>{group}</h3>
              <dl className={styles['keys']}>
                {own.map((one) => (
                  <div key={one.keys}>
                    <dt>
                      <Keys keys={one.keys} />
                    </dt>
                    <dd>{one.label}</dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
      <p className="dim">No single key writes anything. Keys do nothing while a field has the focus.</p>
    </Modal>
  );
}

function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={styles['chord']}>
      {keys.split(' ').map((key, index) => (
        <kbd key={index}>{key.replace('mod+', commandKey).replace('shift+', '⇧')}</kbd>
      ))}
    </span>
  );
}
