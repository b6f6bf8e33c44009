import type { ItemOf } from '@writ/contract';
import { api } from '../api/client';

export type JournalEvent = ItemOf<'listRunEvents'>;

/** A run's whole journal, in order. */
export async function allEvents(id: string, signal?: AbortSignal): Promise<readonly JournalEvent[]> {
  const events: JournalEvent[] = [];
  for await (const event of api.runs.events(id, { limit: 200 }, signal ? { signal } : {})) events.push(event);
  return events;
}
