import { Tooltip } from '@mantine/core';
import type { ComponentProps } from 'react';
import { Icon, type IconName } from './icons';
import styles from './IconButton.module.css';

interface Props extends Omit<ComponentProps<'button'>, 'children'> {
  readonly icon: IconName;
  /** What it does; shown on hover and read out. */
  readonly label: string;
  readonly pressed?: boolean;
  readonly size?: number;
}

export function IconButton({ icon, label, pressed, size = 15, ...rest }: Props) {
  return (
    <Tooltip label={label}>
      <button type="button" {...rest} className={styles['button']} aria-label={label} aria-pressed={pressed}>
        <Icon name={icon} size={size} />
      </button>
    </Tooltip>
  );
}
