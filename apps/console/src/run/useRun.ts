import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { isFinal } from '@writ/words';
import { api, request } from '../api/client';
import { pillStore } from '../live/pill-store';
import { openStream, type StreamState } from '../live/stream';
import { endOf } from '../live/stream-end';
import { type Delta, SILENT, speechStore } from './speech';

const LEAST_WAIT_MS = 400;

/** One run as it stands, and kept standing so while it goes on. */
export function useRun(id: string) {
  const cost = useRef(0);
  const timeline = useQuery({
    queryKey: ['timeline', id],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      const answer = await api.runs.timeline(id, { signal });
      cost.current = performance.now() - began;
      return answer;
    },
    staleTime: Infinity,
    // Comparing ten thousand steps with those before costs more than drawing the few that are in sight.
    structuralSharing: false,
  });
  // The timeline says nearly all that is drawn first; what it lacks is asked for once the server is done with it.
  const run = useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) => api.runs.get(id, { signal }),
    enabled: timeline.data !== undefined,
    staleTime: Infinity,
  });
  const [paused, setPaused] = useState(false);
  const held = useRef(0);
  const [queued, setQueued] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const refetch = useRef(async () => {});
  refetch.current = async () => {
    await timeline.refetch();
    await run.refetch();
  };
  const gather = useCallback(() => {
    // A long run costs more to read again, so it is read again less often.
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined;
        held.current = 0;
        setQueued(0);
        void refetch.current();
      },
      Math.max(LEAST_WAIT_MS, cost.current * 4),
    );
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const from = timeline.data?.next_seq;
  const final = timeline.data !== undefined && isFinal(timeline.data.status);
  const known = from !== undefined;
  const state = useRunStream({
    id,
    on: known && !final,
    from: from ?? 0,
    paused,
    onDelta: (delta) => {
      if (!paused) speechStore.hear(delta);
    },
    onEvent: () => {
      held.current += 1;
      if (paused) setQueued(held.current);
      else gather();
    },
  });
  const toggle = useCallback(() => {
    setPaused((before) => !before);
    if (paused) gather();
  }, [paused, gather]);
  useEffect(() => {
    const shown: StreamState = final ? { is: 'ended' } : state;
    pillStore.set({ state: shown, paused, queued, toggle });
  }, [state, final, paused, queued, toggle]);
  useEffect(() => () => pillStore.set(null), []);
  useEffect(() => () => speechStore.set(SILENT), [id]);
  return { run, timeline };
}

interface StreamInput {
  readonly id: string;
  readonly on: boolean;
  /** Sequence of the first event that is not known yet. */
  readonly from: number;
  readonly paused: boolean;
  readonly onEvent: () => void;
  /** What a model says while it says it. */
  readonly onDelta: (delta: Delta) => void;
}

function useRunStream({ id, on, from, onEvent, onDelta }: StreamInput): StreamState {
  const [state, setState] = useState<StreamState>({ is: 'connecting' });
  const latest = useRef({ onEvent, onDelta });
  const start = useRef(from);
  useEffect(() => {
    latest.current = { onEvent, onDelta };
    start.current = from;
  });
  useEffect(() => {
    if (!on) return;
    const stream = openStream({
      after: String(start.current - 1),
      open: (after, signal) =>
        request(`/v1/runs/${id}/events?deltas=true&after=${after ?? -1}`, {
          signal,
          headers: { accept: 'text/event-stream', ...(after === null ? {} : { 'last-event-id': after }) },
        }),
      onState: setState,
      last: endOf,
      onEvent: ({ event, data }) => {
        if (event === 'message.delta') latest.current.onDelta(JSON.parse(data) as Delta);
        else latest.current.onEvent();
      },
    });
    return () => stream.close();
  }, [id, on]);
  return state;
}
