import { useCallback, useEffect, useRef, useState } from 'react';
import { isFinal } from '@writ/words';
import { fetchKnown, fetchRuns, type ListedRun, type RunPage, type RunsAsked } from '../api/runs';
import { pillStore } from '../live/pill-store';
import { useTenantStream } from '../live/useTenantStream';

const GATHER_MS = 500;
const PULSE_MS = 1_500;
const MOST_AT_ONCE = 50;
/** How often to look for whoever may not follow the log. */
const POLL_MS = 5_000;

interface Options {
  readonly asked: RunsAsked;
  readonly rows: readonly ListedRun[];
  readonly update: (changed: readonly ListedRun[]) => void;
  readonly restart: (page: RunPage) => void;
  /** New rows go straight in, because somebody is following and points at nothing. */
  readonly following: () => boolean;
}

/**
 * Keeps a list of runs true without moving a row: what is shown changes in place, what is new waits. The log only says
 * which runs moved; whether they belong to this list is the server's to say.
 */
export function useLiveRuns({ asked, rows, update, restart, following }: Options) {
  const [fresh, setFresh] = useState<RunPage | null>(null);
  const [paused, setPaused] = useState(false);
  const [pulsing, setPulsing] = useState<ReadonlySet<string>>(new Set());
  const [held, setHeld] = useState(0);
  const moved = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const now = useRef({ asked, rows, update, restart, following });
  useEffect(() => {
    now.current = { asked, rows, update, restart, following };
  });
  useEffect(() => setFresh(null), [asked]);

  const look = useCallback(async (all: boolean) => {
    const { asked: question, rows: shown } = now.current;
    const ids = all ? shown.filter((run) => !isFinal(run.status)).map((run) => run.id) : [...moved.current];
    moved.current.clear();
    setHeld(0);
    const known = new Map(shown.map((run) => [run.id, run]));
    const touched = ids.filter((id) => known.has(id as ListedRun['id'])).slice(0, MOST_AT_ONCE);
    const unknown = all || ids.length > touched.length;
    const [changed, head] = await Promise.all([fetchKnown(touched), unknown ? fetchRuns(question, undefined) : null]);
    // Somebody may have asked for something else meanwhile.
    if (now.current.asked !== question) return;
    if (changed.length > 0) {
      now.current.update(changed);
      setPulsing(new Set(changed.filter((run) => run.status !== known.get(run.id)?.status).map((run) => run.id)));
      setTimeout(() => setPulsing(new Set()), PULSE_MS);
    }
    if (!head?.data.some((run) => !known.has(run.id))) return;
    if (now.current.following()) now.current.restart(head);
    else setFresh(head);
  }, []);

  const gather = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      // A look that failed is made again with the next event; the pill says when there are none.
      void look(false).catch(() => undefined);
    }, GATHER_MS);
  }, [look]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const state = useTenantStream({
    filter: '',
    onEvent: ({ run }) => {
      if (run === 'tenant') return;
      moved.current.add(run);
      if (paused) setHeld(moved.current.size);
      else gather();
    },
  });
  useEffect(() => {
    if (state.is !== 'refused' || paused) return;
    const poll = setInterval(() => void look(true).catch(() => undefined), POLL_MS);
    return () => clearInterval(poll);
  }, [state.is, paused, look]);

  const shownIds = new Set(rows.map((run) => run.id));
  const queued = fresh?.data.filter((run) => !shownIds.has(run.id)).length ?? 0;
  const waiting = paused ? held : queued;
  const showNew = useCallback(() => {
    if (fresh) restart(fresh);
    setFresh(null);
  }, [fresh, restart]);
  const toggle = useCallback(() => {
    setPaused((before) => !before);
    if (paused) gather();
  }, [paused, gather]);
  useEffect(() => pillStore.set({ state, paused, queued: waiting, toggle }), [state, paused, waiting, toggle]);
  useEffect(() => () => pillStore.set(null), []);
  return { queued, showNew, pulsing };
}
