import { type ReactNode, useEffect, useState } from 'react';
import { useKeyboard } from '../keys/useKeys';
import type { Me } from '../session/session';
import { StopBanner } from '../stops/StopBanner';
import { onStopRequest, type StopRequest } from '../stops/request-stop';
import { StopDialog } from '../stops/StopDialog';
import { Palette } from './Palette';
import { KeySheet } from './KeySheet';
import { Rail } from './Rail';
import type { Panel } from './panel';
import { TopBar } from './TopBar';
import { useFrameKeys } from './useFrameKeys';
import styles from './Frame.module.css';

/** What stands around every page: the rail, the bar, and the dialogs that are reached from everywhere. */
export function Frame({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const [panel, setPanel] = useState<Panel>(null);
  const [wanted, setWanted] = useState<StopRequest | null>(null);
  const close = (): void => {
    setPanel(null);
    setWanted(null);
  };
  useEffect(
    () =>
      onStopRequest((request) => {
        setWanted(request);
        setPanel('stop');
      }),
    [],
  );
  useKeyboard();
  useFrameKeys(setPanel);
  return (
    <div className={styles['frame']}>
      <a className={styles['skip']} href="#page">
        Skip to the page
      </a>
      <Rail />
      <TopBar me={me} open={setPanel} />
      <main id="page" className={styles['page']} tabIndex={-1}>
        <StopBanner onOpen={() => setPanel('stop')} />
        {children}
      </main>
      <Palette opened={panel === 'palette'} onClose={close} open={setPanel} />
      <KeySheet opened={panel === 'keys'} onClose={close} />
      <StopDialog opened={panel === 'stop'} onClose={close} me={me} wanted={wanted} />
    </div>
  );
}
