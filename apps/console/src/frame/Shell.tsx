import { Outlet } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { sessionStore } from '../session/session';
import { SignIn } from '../session/SignIn';
import { Toasts } from '../ui/Toasts';
import { Frame } from './Frame';

/** Signed in: the frame and the page. Otherwise the way in; the address stays, so that signing in leads back to it. */
export function Shell() {
  const session = useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
  if (session.is === 'unknown') return null;
  return (
    <>
      {session.is === 'closed' ? (
        <SignIn why={session.why} />
      ) : (
        <Frame me={session.me}>
          <Outlet />
        </Frame>
      )}
      <Toasts />
    </>
  );
}
