import type { ItemOf } from '@writ/contract';
import { useEffect, useRef, useState } from 'react';
import { request } from '../api/client';
import { useMay } from '../session/useTenant';
import { stringifySearch } from '../url/search';
import { endOf } from './stream-end';
import { openStream, type StreamState } from './stream';

export type LiveEvent = ItemOf<'listAuditEvents'>;

interface Options {
  readonly filter: string;
  readonly onEvent: (event: LiveEvent) => void;
}

/** The tenant's log as it grows, for as long as the component is on the page. */
export function useTenantStream({ filter, onEvent }: Options): StreamState {
  const [state, setState] = useState<StreamState>({ is: 'connecting' });
  const may = useMay('audit.read');
  const latest = useRef(onEvent);
  useEffect(() => {
    latest.current = onEvent;
  });
  useEffect(() => {
    if (!may) return setState({ is: 'refused' });
    const stream = openStream({
      open: (after, signal) =>
        request(`/v1/events${stringifySearch({ filter })}`, {
          signal,
          headers: { accept: 'text/event-stream', ...(after === null ? {} : { 'last-event-id': after }) },
        }),
      onState: setState,
      last: endOf,
      onEvent: ({ event, data }) => {
        if (!event.startsWith('stream.') && event !== 'log.head') latest.current(JSON.parse(data) as LiveEvent);
      },
    });
    return () => stream.close();
  }, [filter, may]);
  return state;
}
