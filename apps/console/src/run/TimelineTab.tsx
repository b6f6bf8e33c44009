import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { useCursor } from '../list/useCursor';
import { duration, plural } from '../time/format';
import { IconButton } from '../ui/IconButton';
import { useWidth } from '../ui/useWidth';
import { useAddress } from '../url/useAddress';
import { Legend } from './Legend';
import { MiniMap } from './MiniMap';
import { StepPanel } from './StepPanel';
import { TimeAxis } from './TimeAxis';
import styles from './Timeline.module.css';
import { TimelineGrid } from './TimelineGrid';
import { type Timeline, timelineRows } from './timeline-rows';
import { useTimelineKeys } from './useTimelineKeys';
import { useTimelineView } from './useTimelineView';

/** The run over time: agents, steps and calls on the left, what each was doing on the right. */
export function TimelineTab({ timeline }: { readonly timeline: Timeline }) {
  const { search, push } = useAddress();
  const [bars, barWidth] = useWidth<HTMLDivElement>();
  const [map, mapWidth] = useWidth<HTMLDivElement>();
  const [at, move] = useCursor('step');
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set());
  const group = search['group'] === 'time' ? 'time' : 'tree';
  const rows = useMemo(() => timelineRows(timeline, { group, flipped }), [timeline, group, flipped]);
  const view = useTimelineView(timeline, barWidth, mapWidth);
  const toggle = useCallback((id: string) => {
    setFlipped((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const inspected = search['view'] === 'step' ? at : null;
  const inspect = (id: string): void => {
    move(id);
    push({ view: 'step', step: id });
  };
  const first = timeline.steps[timeline.problems[0] ?? -1];
  // Opened without a place to look at, it opens where something went wrong.
  const cursor = at ?? (first ? `s${first.step}` : 'run');
  useTimelineKeys({ timeline, rows, at: cursor, move, toggle, inspect, view, close: () => push({ view: undefined }) });
  const step = timeline.steps.find((one) => `s${one.step}` === inspected?.split('.')[0]);

  return (
    <div className={styles['tab']}>
      <div className={styles['body']}>
        <div ref={map} className={styles['strip']}>
          <MiniMap timeline={timeline} view={view} />
        </div>
        <div className={styles['tools']}>
          <SegmentedControl
            size="xs"
            aria-label="Order of the lines"
            data={[
              { value: 'tree', label: 'By agent' },
              { value: 'time', label: 'By time' },
            ]}
            value={group}
            onChange={(next) => push({ group: next === 'time' ? 'time' : undefined })}
          />
          <span className="dim">
            {plural(timeline.steps.length, 'step')}, {plural(timeline.problems.length, 'problem')}
            {view.zoom && `, showing ${duration(view.zoom[1] - view.zoom[0])} of ${duration(view.end)}`}
          </span>
          <span className={styles['push']}>
            <Legend timeline={timeline} />
            {view.opened && (
              <IconButton icon="fold" label="Fold idle stretches again" onClick={() => view.unfold('none')} />
            )}
            {view.zoom && (
              <IconButton icon="search" label="Show all of the run (\\)" onClick={() => view.setZoom(null)} />
            )}
          </span>
        </div>
        <TimeAxis ref={bars} timeline={timeline} view={view} />
        <TimelineGrid
          timeline={timeline}
          rows={rows}
          view={view}
          at={cursor}
          onMove={move}
          onToggle={toggle}
          onInspect={inspect}
        />
      </div>
      {step && <StepPanel timeline={timeline} step={step} onClose={() => push({ view: undefined })} />}
    </div>
  );
}
