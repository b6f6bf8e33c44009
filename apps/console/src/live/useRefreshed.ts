import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { pillStore } from './pill-store';
import { useGathered } from './useGathered';
import { useTenantStream } from './useTenantStream';

/**
 * Keeps what was fetched under `key` true by the tenant's log, and the pill showing it. Answers how to fetch it anew at once.
 * `key` is the same array at every call.
 */
export function useRefreshed(key: QueryKey, filter: string): () => Promise<void> {
  const client = useQueryClient();
  const refresh = useCallback(() => client.invalidateQueries({ queryKey: key }), [client, key]);
  const live = useTenantStream({ filter, onEvent: useGathered(refresh) });
  useEffect(() => pillStore.set({ state: live, paused: false, queued: 0, toggle: () => undefined }), [live]);
  useEffect(() => () => pillStore.set(null), []);
  return refresh;
}
