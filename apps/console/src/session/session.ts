import type { ResponseOf } from '@writ/contract';

export type SessionView = ResponseOf<'getSession'>;
export type Me = ResponseOf<'getMe'>;

export type Session =
  | { readonly is: 'unknown' }
  | { readonly is: 'open'; readonly me: Me }
  /** Nobody is signed in; `why` is said when somebody was. */
  | { readonly is: 'closed'; readonly why: string | null };

let session: Session = { is: 'unknown' };
const listeners = new Set<() => void>();

export const sessionStore = {
  get: (): Session => session,
  set(next: Session): void {
    session = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
