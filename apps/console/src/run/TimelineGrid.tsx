import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { NARROW, useMedia } from '../ui/useWidth';
import styles from './Timeline.module.css';
import { parentOf, type Row, type Timeline } from './timeline-rows';
import { TimelineRow } from './TimelineRow';
import { isFoldable } from './useTimelineKeys';
import type { TimelineView } from './useTimelineView';

interface Props {
  readonly timeline: Timeline;
  readonly rows: readonly Row[];
  readonly view: TimelineView;
  readonly at: string;
  readonly onMove: (id: string) => void;
  readonly onToggle: (id: string) => void;
  readonly onInspect: (id: string) => void;
}

/**
 * The ARIA treegrid: only lines in sight are on the page, so each says its level, its place and whether it is open. One
 * stop of the Tab key; inside, the arrow keys.
 */
export function TimelineGrid({ timeline, rows, view, at, onMove, onToggle, onInspect }: Props) {
  const narrow = useMedia(NARROW);
  const scroller = useRef<HTMLDivElement>(null);
  const height = narrow ? 46 : 28;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 16,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  useEffect(() => virtual.measure(), [height, virtual]);
  const index = rows.findIndex((row) => row.id === at);
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
  }, [index, virtual]);

  const onKey = (event: KeyboardEvent): void => {
    const row = rows[index];
    const go = (to: number): void => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, to))];
      if (next) onMove(next.id);
    };
    const acts: { readonly [key: string]: () => void } = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      PageDown: () => go(index + 15),
      PageUp: () => go(index - 15),
      ArrowRight: () => (row && isFoldable(row) && !isOpen(row) ? onToggle(row.id) : go(index + 1)),
      ArrowLeft: () => (row && isFoldable(row) && isOpen(row) ? onToggle(row.id) : go(parentOf(rows, index))),
    };
    const act = acts[event.key];
    if (!act || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      ref={scroller}
      className={styles['grid']}
      role="treegrid"
      aria-label="Timeline"
      aria-rowcount={rows.length + 1}
      aria-colcount={4}
      aria-activedescendant={index >= 0 ? `line-${at}` : undefined}
      tabIndex={0}
      data-narrow={narrow || undefined}
      onKeyDown={onKey}
    >
      <div role="row" className="only-read" aria-rowindex={1}>
        {['Step', 'State', 'Time', 'Over time'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div role="rowgroup" className={styles['rows']} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row ? (
            <TimelineRow
              key={item.key}
              timeline={timeline}
              row={row}
              view={view}
              index={item.index}
              top={item.start}
              height={height}
              chosen={row.id === at}
              onMove={onMove}
              onToggle={onToggle}
              onInspect={onInspect}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

const isOpen = (row: Row): boolean => 'open' in row && row.open === true;
