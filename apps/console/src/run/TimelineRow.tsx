import { memo, type ReactNode } from 'react';
import { count, duration } from '../time/format';
import { Icon, type IconName } from '../ui/icons';
import { Mark } from '../ui/Mark';
import { RUN_STATUS, type Sign } from '../ui/tone';
import { Bars } from './Bars';
import styles from './Timeline.module.css';
import type { Row, Timeline } from './timeline-rows';
import { isFoldable } from './useTimelineKeys';
import type { TimelineView } from './useTimelineView';
import { KIND, SEGMENT, STEP_STATE } from './words';

interface Props {
  readonly timeline: Timeline;
  readonly row: Row;
  readonly view: TimelineView;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly chosen: boolean;
  readonly onMove: (id: string) => void;
  readonly onToggle: (id: string) => void;
  readonly onInspect: (id: string) => void;
}

export const TimelineRow = memo(function TimelineRow(props: Props) {
  const { timeline, row, view, index, top, height, chosen, onMove, onToggle, onInspect } = props;
  const { icon, name, note, sign, ms } = faceOf(row, timeline, view.end);
  const foldable = isFoldable(row);
  const open = 'open' in row && row.open === true;
  return (
    <div
      id={`line-${row.id}`}
      role="row"
      className={styles['row']}
      aria-level={row.level}
      aria-rowindex={index + 2}
      aria-expanded={foldable ? open : undefined}
      aria-selected={chosen}
      data-kind={row.kind}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => (row.kind === 'step' || row.kind === 'part' ? onInspect(row.id) : onMove(row.id))}
    >
      <span role="gridcell" className={styles['name']} style={{ paddingLeft: `${(row.level - 1) * 0.875}rem` }}>
        {foldable ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles['twist']}
            aria-label={open ? 'Collapse' : 'Expand'}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(row.id);
            }}
          >
            <Icon name={open ? 'down' : 'right'} size={12} />
          </button>
        ) : (
          <span className={styles['twist']} />
        )}
        <Icon name={icon} size={13} />
        <span className="cut">{name}</span>
        {note && <span className={styles['note']}>{note}</span>}
      </span>
      <span role="gridcell" className={styles['state']}>
        {sign && <Mark sign={sign} quiet />}
      </span>
      <span role="gridcell" className={styles['time']}>
        {ms === null ? '' : duration(ms)}
      </span>
      <span role="gridcell" className={styles['bars']}>
        <Bars timeline={timeline} row={row} view={view} />
      </span>
    </div>
  );
});

interface Face {
  readonly icon: IconName;
  readonly name: string;
  readonly note: ReactNode;
  readonly sign: Sign | null;
  readonly ms: number | null;
}

function faceOf(row: Row, timeline: Timeline, end: number): Face {
  switch (row.kind) {
    case 'run':
      return { icon: 'runs', name: timeline.workflow, note: null, sign: RUN_STATUS[timeline.status], ms: end };
    case 'lane': {
      const lane = timeline.lanes[row.lane];
      const ms = lane?.spans.reduce((sum, span) => sum + (span.to_ms ?? end) - span.from_ms, 0) ?? null;
      const name = lane?.agent ?? (lane?.path ? lane.path : 'workflow');
      return { icon: lane?.agent ? 'agent' : 'runs', name, note: `${count(row.steps)} steps`, sign: null, ms };
    }
    case 'step': {
      const { step } = row;
      const agent = row.level === 2 ? timeline.lanes[step.lane]?.agent : null;
      const note = [agent, step.attempts > 1 ? `${step.attempts} tries` : null, `#${step.step}`]
        .filter(Boolean)
        .join(' · ');
      const ms = (step.to_ms ?? end) - step.from_ms;
      return { icon: KIND[step.kind].icon, name: step.target, note, sign: STEP_STATE[step.state], ms };
    }
    case 'part': {
      const { segment } = row;
      const { word, look } = SEGMENT[segment.kind];
      const name = segment.attempt === undefined ? word : `${word}, try ${segment.attempt}`;
      const sign = segment.outcome === undefined ? null : OUTCOMES[segment.outcome];
      const icon = look === 'wait' ? 'clock' : KIND[row.step.kind].icon;
      return { icon, name, note: null, sign, ms: (segment.to_ms ?? end) - segment.from_ms };
    }
  }
}

const OUTCOMES: { readonly [O in 'ok' | 'error' | 'lost']: Sign } = {
  ok: STEP_STATE.ok,
  error: STEP_STATE.error,
  lost: STEP_STATE.unknown,
};
