import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { usePages } from '../list/usePages';
import { pillStore } from '../live/pill-store';
import { useGathered } from '../live/useGathered';
import { useTenantStream } from '../live/useTenantStream';
import { fetchApprovals } from './approvals';
import type { ApprovalsAsked } from './queues';
import { WAITING_KEY } from './useWaiting';

/** How often to look for whoever may not follow the log. */
const POLL_MS = 5_000;

const approvalsKey = (asked: ApprovalsAsked) => ['approvals', 'list', asked] as const;

/** The requests of one queue, kept true by the tenant's log: an inbox must not show work that somebody else has done. */
export function useApprovals(asked: ApprovalsAsked) {
  const client = useQueryClient();
  const { query, rows } = usePages(approvalsKey(asked), {
    page: (cursor, signal) => fetchApprovals(asked, cursor, signal),
    keepsPrevious: true,
  });
  const [paused, setPaused] = useState(false);
  const [held, setHeld] = useState(0);
  const refresh = useCallback(() => {
    setHeld(0);
    return Promise.all([
      client.invalidateQueries({ queryKey: ['approvals', 'list'] }),
      client.invalidateQueries({ queryKey: ['approvals', 'one'] }),
      client.invalidateQueries({ queryKey: WAITING_KEY }),
    ]);
  }, [client]);
  const gather = useGathered(refresh);
  const state = useTenantStream({
    filter: 'type:approval.*',
    onEvent: () => (paused ? setHeld((before) => before + 1) : gather()),
  });
  // What happened between the first answer and the stream's beginning is in neither.
  useEffect(() => {
    if (state.is === 'live') gather();
  }, [state.is, gather]);
  useEffect(() => {
    if (state.is !== 'refused' || paused) return;
    const poll = setInterval(() => void refresh(), POLL_MS);
    return () => clearInterval(poll);
  }, [state.is, paused, refresh]);
  const toggle = useCallback(() => {
    setPaused((before) => !before);
    if (paused) gather();
  }, [paused, gather]);
  useEffect(() => pillStore.set({ state, paused, queued: held, toggle }), [state, paused, held, toggle]);
  useEffect(() => () => pillStore.set(null), []);
  return { query, rows, refresh };
}
