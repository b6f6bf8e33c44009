import type { StreamState } from './stream';

/** What the page on screen is live with, as the top bar shows it; null on a page that shows nothing that moves. */
export interface PageLive {
  readonly state: StreamState;
  readonly paused: boolean;
  /** What arrived and is not shown yet. */
  readonly queued: number;
  toggle(): void;
}

let current: PageLive | null = null;
const listeners = new Set<() => void>();

export const pillStore = {
  get: (): PageLive | null => current,
  set(next: PageLive | null): void {
    current = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
