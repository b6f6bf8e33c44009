import { useKeys } from '../keys/useKeys';
import { parentOf, type Row, type Timeline } from './timeline-rows';
import type { TimelineView } from './useTimelineView';

interface Input {
  readonly timeline: Timeline;
  readonly rows: readonly Row[];
  readonly at: string;
  readonly move: (id: string) => void;
  readonly toggle: (id: string) => void;
  readonly inspect: (id: string) => void;
  readonly close: () => void;
  readonly view: TimelineView;
}

export function useTimelineKeys({ timeline, rows, at, move, toggle, inspect, close, view }: Input): void {
  const index = Math.max(
    0,
    rows.findIndex((row) => row.id === at),
  );
  const row = rows[index];
  const go = (to: number): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (next) move(next.id);
  };
  const problems = timeline.problems.map((one) => `s${timeline.steps[one]?.step}`);
  const places = problems.map((id) => rows.findIndex((one) => one.id === id)).filter((place) => place >= 0);
  useKeys([
    { keys: 'j', label: 'Next line', group: 'This page', run: () => go(index + 1) },
    { keys: 'k', label: 'Previous line', group: 'This page', run: () => go(index - 1) },
    {
      keys: '.',
      label: 'Next problem',
      group: 'This page',
      run: () => go(places.find((place) => place > index) ?? index),
    },
    {
      keys: ',',
      label: 'Previous problem',
      group: 'This page',
      run: () => go(places.findLast((place) => place < index) ?? index),
    },
    { keys: 'e', label: 'Expand or collapse', group: 'This page', run: () => row && isFoldable(row) && toggle(row.id) },
    { keys: 'p', label: 'Parent', group: 'This page', run: () => go(parentOf(rows, index)) },
    { keys: 'T', label: 'Root', group: 'This page', run: () => go(0) },
    {
      keys: 'Enter',
      label: 'Inspect',
      group: 'This page',
      run: () => row && (row.kind === 'step' || row.kind === 'part') && inspect(row.id),
    },
    {
      keys: 'o',
      label: 'Inspect',
      group: 'This page',
      run: () => row && (row.kind === 'step' || row.kind === 'part') && inspect(row.id),
    },
    { keys: 'Escape', label: 'Close', group: 'This page', run: close },
    { keys: '\\', label: 'Show all of the run', group: 'This page', run: () => view.setZoom(null) },
    { keys: 'z', label: 'Zoom to the step', group: 'This page', run: () => row && view.setZoom(around(row, view)) },
  ]);
}

export const isFoldable = (row: Row): boolean => row.kind === 'lane' || (row.kind === 'step' && row.open !== null);

/** The step's own time with some room beside it. */
function around(row: Row, view: TimelineView): readonly [number, number] | null {
  if (row.kind !== 'step' && row.kind !== 'part') return null;
  const from = row.step.from_ms;
  const to = row.step.to_ms ?? view.end;
  const room = Math.max(5, (to - from) * 0.15);
  return [Math.max(0, from - room), Math.min(view.end, to + room)];
}
