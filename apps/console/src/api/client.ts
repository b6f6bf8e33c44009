import { WritClient } from '@writ/sdk';
import { sessionStore, type SessionView } from '../session/session';
import { troubleOf } from './problem';

const ENDED = 'Your session has ended. Sign in again to go on where you were.';

/** Goes back with every write, so that the server can tell our page from another site's. */
let csrf: string | null = null;

/** Every request of the console; an answer that nobody is signed in ends the session on the page too. */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const headers = new Headers(init?.headers);
  const isWrite = init?.method !== undefined && init.method !== 'GET';
  if (isWrite && csrf !== null) headers.set('x-csrf-token', csrf);
  const response = await window.fetch(input, { ...init, headers, credentials: 'same-origin' });
  if (response.status === 401 && sessionStore.get().is === 'open') {
    sessionStore.set({ is: 'closed', why: ENDED });
  }
  return response;
}

export const api = new WritClient({ url: window.location.origin, fetch: request, timeoutMs: 30_000 });

/** Says only that there may be a cookie, so that a first visit does not ask for a session it cannot have. */
const VISITED = 'writ-visited';

function opened(session: SessionView): void {
  localStorage.setItem(VISITED, '1');
  csrf = session.session.csrf;
  sessionStore.set({ is: 'open', me: session });
}

/** Changes the key for a cookie that no script can read. The key itself is kept nowhere. */
export async function signIn(key: string): Promise<void> {
  opened(await api.session.create({ api_key: key }, { maxRetries: 0 }));
}

/** Goes on with the cookie of an earlier visit, if it is still good. */
export async function resume(): Promise<void> {
  if (localStorage.getItem(VISITED) === null) return sessionStore.set({ is: 'closed', why: null });
  try {
    opened(await api.session.get({ maxRetries: 1 }));
  } catch (error) {
    const { status, detail } = troubleOf(error);
    if (status !== 401 && status !== 404)
      return sessionStore.set({ is: 'closed', why: `${detail}. Reload to try again.` });
    localStorage.removeItem(VISITED);
    sessionStore.set({ is: 'closed', why: ENDED });
  }
}

export async function signOut(): Promise<void> {
  await api.session.end({ maxRetries: 1 }).catch(() => undefined);
  localStorage.removeItem(VISITED);
  csrf = null;
  sessionStore.set({ is: 'closed', why: null });
}
