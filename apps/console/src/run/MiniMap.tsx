import { type PointerEvent, useMemo, useState } from 'react';
import { duration } from '../time/format';
import { decimated } from './decimate';
import type { TimelineView } from './useTimelineView';
import type { Timeline } from './timeline-rows';
import styles from './Timeline.module.css';
import { SEGMENT } from './words';

const HEIGHT = 22;

interface Props {
  readonly timeline: Timeline;
  readonly view: TimelineView;
}

/** The whole run in one strip: what it was doing when, where it went wrong, and which part is shown below. Drag to zoom. */
export function MiniMap({ timeline, view }: Props) {
  const { whole, zoom, end } = view;
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const at = (event: PointerEvent): number => event.clientX - event.currentTarget.getBoundingClientRect().left;
  const pieces = useMemo(() => decimated(timeline.segments, whole, end), [timeline, whole, end]);
  const problems = useMemo(
    () => [...new Set(timeline.problems.map((index) => Math.round(whole.x(timeline.steps[index]?.from_ms ?? 0))))],
    [timeline, whole],
  );
  const done = (): void => {
    if (drag && Math.abs(drag[1] - drag[0]) > 4) {
      const ms = drag.map((x) => whole.ms(x)).sort((a, b) => a - b);
      view.setZoom([ms[0] ?? 0, ms[1] ?? end]);
    }
    setDrag(null);
  };
  const window = drag ?? (zoom ? [whole.x(zoom[0]), whole.x(zoom[1])] : null);
  return (
    <div
      className={styles['map']}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([at(event), at(event)]);
      }}
      onPointerMove={(event) => drag && setDrag([drag[0], at(event)])}
      onPointerUp={done}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => view.setZoom(null)}
    >
      <svg width={whole.width} height={HEIGHT} role="img" aria-label={summary(timeline, end)}>
        {pieces.map(({ x, width, of }) => {
          const { look, tone } = SEGMENT[of.kind];
          return (
            <rect
              key={x}
              x={x}
              width={width}
              y={look === 'rest' ? 9 : 5}
              height={look === 'rest' ? 4 : 12}
              data-look={look}
              data-tone={tone}
            />
          );
        })}
        {problems.map((x) => (
          <path key={x} className={styles['problem']} d={`M${x} 0l3 5h-6z`} />
        ))}
        {window && (
          <>
            <rect className={styles['shade']} x={0} width={Math.max(0, Math.min(...window))} y={0} height={HEIGHT} />
            <rect
              className={styles['shade']}
              x={Math.max(...window)}
              width={Math.max(0, whole.width - Math.max(...window))}
              y={0}
              height={HEIGHT}
            />
            <rect
              className={styles['frame']}
              x={Math.min(...window)}
              width={Math.abs(window[1] - window[0])}
              y={0.5}
              height={HEIGHT - 1}
            />
          </>
        )}
      </svg>
    </div>
  );
}

function summary(timeline: Timeline, end: number): string {
  const waited = timeline.segments
    .filter((segment) => SEGMENT[segment.kind].look === 'wait')
    .reduce((sum, segment) => sum + (segment.to_ms ?? end) - segment.from_ms, 0);
  const { length } = timeline.problems;
  return `${duration(end)} in all, of which ${duration(waited)} waiting; ${length === 0 ? 'no' : length} problems.`;
}
