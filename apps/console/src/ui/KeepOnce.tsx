import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Command } from './Command';
import styles from './KeepOnce.module.css';

/** A secret that is shown now and never again. */
export function KeepOnce(props: {
  readonly secret: string;
  /** What it is and where it belongs. */
  readonly children: ReactNode;
  readonly onKept: () => void;
}) {
  return (
    <div className={styles['once']}>
      <p>{props.children}</p>
      <Command text={props.secret} />
      <div>
        <Button onClick={props.onKept}>I have kept it</Button>
      </div>
    </div>
  );
}
