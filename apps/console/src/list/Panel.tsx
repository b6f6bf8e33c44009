import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import { IconButton } from '../ui/IconButton';
import { useMedia, WIDE } from '../ui/useWidth';
import styles from './Panel.module.css';

interface Props {
  readonly title: ReactNode;
  readonly label: string;
  readonly onClose: () => void;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

/** A look at one thing without leaving the list. */
export function Panel({ title, label, onClose, tools, children }: Props) {
  const wide = useMedia(WIDE);
  const head = (
    <div className={styles['head']}>
      <div className={styles['title']}>{title}</div>
      {tools}
      <IconButton icon="cross" label="Close (Esc)" onClick={onClose} />
    </div>
  );
  if (wide) {
    return (
      <aside className={styles['panel']} aria-label={label}>
        {head}
        <div className={styles['body']} tabIndex={0} role="group" aria-label={label}>
          {children}
        </div>
      </aside>
    );
  }
  return (
    <Drawer.Root
      opened
      lockScroll={false}
      onClose={onClose}
      position="right"
      size="min(30rem, 100%)"
      classNames={{ content: styles['drawer'] ?? '' }}
    >
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content aria-label={label}>
        {head}
        <div className={styles['body']}>{children}</div>
      </Drawer.Content>
    </Drawer.Root>
  );
}
