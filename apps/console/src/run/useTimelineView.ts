import { useCallback, useMemo } from 'react';
import { useAddress } from '../url/useAddress';
import { buildScale, type Scale } from './scale';
import { idleStretches, type Timeline } from './timeline-rows';

export interface TimelineView {
  readonly scale: Scale;
  /** The whole run, whatever the window is. */
  readonly whole: Scale;
  /** The window on the run, milliseconds since its start; null when it is all of it. */
  readonly zoom: readonly [number, number] | null;
  readonly end: number;
  setZoom(zoom: readonly [number, number] | null): void;
  /** Opens a folded stretch, or folds all again. */
  unfold(from: number | 'none'): void;
  readonly opened: boolean;
}

const ZOOM = /^(\d{1,13})-(\d{1,13})$/;

/** The part of time that is shown, and how: both stand in the address. */
export function useTimelineView(timeline: Timeline, width: number, mapWidth: number): TimelineView {
  const { search, push } = useAddress();
  const end = Math.max(1, timeline.to_ms ?? timeline.as_of_ms);
  const asked = ZOOM.exec(search['zoom'] ?? '');
  const from = Number(asked?.[1] ?? 0);
  const to = Math.min(Number(asked?.[2] ?? end), end);
  const isZoomed = asked !== null && from < to;
  const fold = search['fold'] ?? '';
  const open = useMemo(() => new Set(fold.split(',').filter(Boolean).map(Number)), [fold]);
  const idle = useMemo(() => idleStretches(timeline, end), [timeline, end]);
  const scale = useMemo(
    () => buildScale({ from: isZoomed ? from : 0, to: isZoomed ? to : end, idle, open, width }),
    [isZoomed, from, to, end, idle, open, width],
  );
  const whole = useMemo(
    () => buildScale({ from: 0, to: end, idle, open, width: mapWidth }),
    [end, idle, open, mapWidth],
  );
  const setZoom = useCallback(
    (zoom: readonly [number, number] | null) =>
      push({ zoom: zoom === null ? undefined : `${Math.floor(zoom[0])}-${Math.ceil(zoom[1])}` }),
    [push],
  );
  const unfold = useCallback(
    (at: number | 'none') => push({ fold: at === 'none' ? undefined : [...open, at].join(',') }),
    [push, open],
  );
  return { scale, whole, zoom: isZoomed ? [from, to] : null, end, setZoom, unfold, opened: open.size > 0 };
}
