import type { RunEvent } from '../events';

/** What a run did itself: its start, and what came after the past it took over. */
export function ownEvents(events: readonly RunEvent[]): readonly RunEvent[] {
  const from = events.findLastIndex(({ type }) => type === 'run_forked');
  return from < 0 ? events : [...events.slice(0, 1), ...events.slice(from)];
}
