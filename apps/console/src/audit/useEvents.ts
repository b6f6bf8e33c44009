import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { type AuditAsked, fetchEvents } from '../api/audit';
import { usePages } from '../list/usePages';
import { pillStore } from '../live/pill-store';
import { type LiveEvent, useTenantStream } from '../live/useTenantStream';
import { sessionStore } from '../session/session';

/** The events of one screen, and how many came since. They are fetched again only when somebody asks: every look into
 * the log is an event of the log, so a page that looked by itself would never come to rest. */
export function useEvents(asked: AuditAsked) {
  const client = useQueryClient();
  const { query, rows } = usePages(['audit', asked], {
    page: (cursor, signal) => fetchEvents(asked, cursor, signal),
    keepsPrevious: true,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const [queued, setQueued] = useState(0);
  const [paused, setPaused] = useState(false);
  useEffect(() => setQueued(0), [asked]);
  const state = useTenantStream({
    filter: asked.q,
    onEvent: (event) => {
      if (!isOwnLook(event)) setQueued((before) => before + 1);
    },
  });
  const showNew = useCallback(async () => {
    setQueued(0);
    const page = await fetchEvents(asked, undefined);
    client.setQueryData(['audit', asked], { pages: [page], pageParams: [undefined] });
  }, [client, asked]);
  const toggle = useCallback(() => setPaused((before) => !before), []);
  useEffect(() => pillStore.set({ state, paused, queued, toggle }), [state, paused, queued, toggle]);
  useEffect(() => () => pillStore.set(null), []);
  return { query, rows, queued: paused ? 0 : queued, showNew };
}

/** What this reader's own page wrote into the log by looking at it. */
function isOwnLook(event: LiveEvent): boolean {
  const session = sessionStore.get();
  return event.type === 'access.read' && session.is === 'open' && event['actor'] === session.me.principal;
}
