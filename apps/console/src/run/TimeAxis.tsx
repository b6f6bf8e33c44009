import type { Ref } from 'react';
import { clock, duration, elapsed, zoneName } from '../time/format';
import { useZone } from '../time/useZone';
import { axisTicks } from './scale';
import styles from './Timeline.module.css';
import type { Timeline } from './timeline-rows';
import type { TimelineView } from './useTimelineView';

interface Props {
  readonly ref: Ref<HTMLDivElement>;
  readonly timeline: Timeline;
  readonly view: TimelineView;
}

/** The ruler over the bars: time since the start, the zone of the clock, and the folded stretches as buttons. */
export function TimeAxis({ ref, timeline, view }: Props) {
  const zone = useZone();
  const start = Date.parse(timeline.from);
  const { scale } = view;
  const { ticks, step } = axisTicks(scale, 74);
  return (
    <div className={styles['ruler']}>
      <div className={styles['corner']}>
        <span>Step</span>
        <span>State</span>
        <span>Time</span>
      </div>
      <div ref={ref} className={styles['ticks']}>
        <span className={styles['zone']}>
          {clock(start, zone)} {zoneName(zone, start)}
        </span>
        {ticks.map(({ ms, x }) =>
          x > scale.width - 40 ? null : (
            <span key={ms} className={styles['tick']} style={{ left: x }}>
              {ms === 0 ? '0' : `+${elapsed(ms, step)}`}
            </span>
          ),
        )}
        {scale.pieces
          .filter((piece) => piece.folded)
          .map((piece) => (
            <button
              key={piece.from}
              type="button"
              className={styles['fold']}
              style={{ left: piece.left, width: piece.right - piece.left }}
              title={`${duration(piece.to - piece.from)} without work: show it to scale`}
              aria-label={`Folded: ${duration(piece.to - piece.from)} without work. Show it to scale`}
              onClick={() => view.unfold(piece.from)}
            >
              {duration(piece.to - piece.from).replace(/ (\d+ )?[a-z]+$/, (tail) =>
                piece.right - piece.left < 60 ? '' : tail,
              ) || '‖'}
            </button>
          ))}
      </div>
    </div>
  );
}
