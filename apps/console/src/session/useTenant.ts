import { useSyncExternalStore } from 'react';
import { sessionStore } from './session';

/** The tenant of whoever is signed in: what every check of a log begins with, so that no server chooses which log it is. */
export function useTenant(): string {
  const session = useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
  return session.is === 'open' ? session.me.tenant : '';
}
