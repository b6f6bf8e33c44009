import { useSyncExternalStore } from 'react';
import { sessionStore } from './session';

const useSession = () => useSyncExternalStore(sessionStore.subscribe, sessionStore.get);

/** The tenant of whoever is signed in: what every check of a log begins with, so that no server chooses which log it is. */
export function useTenant(): string {
  const session = useSession();
  return session.is === 'open' ? session.me.tenant : '';
}

/** The id of whoever is signed in. */
export function usePrincipal(): string {
  const session = useSession();
  return session.is === 'open' ? session.me.principal : '';
}

/**
 * Whether whoever is signed in may do something everywhere. Only what a page offers hangs on it, and what it asks the
 * server for by itself; what may really be done is for the server to say, each time.
 */
export function useMay(action: string): boolean {
  const session = useSession();
  return session.is === 'open' && session.me.may.includes(action);
}
