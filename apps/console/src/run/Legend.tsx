import { useMemo } from 'react';
import styles from './Timeline.module.css';
import type { SegmentKind, Timeline } from './timeline-rows';
import { SEGMENT } from './words';

/** What the bars of this run mean; only what occurs in it. */
export function Legend({ timeline }: { readonly timeline: Timeline }) {
  const kinds = useMemo(() => {
    const found = new Set<SegmentKind>(timeline.segments.map((segment) => segment.kind));
    found.delete('running');
    return [...found];
  }, [timeline]);
  return (
    <ul className={styles['legend']} aria-label="What the bars mean">
      {kinds.map((kind) => (
        <li key={kind}>
          <span className={styles['swatch']} data-look={SEGMENT[kind].look} data-tone={SEGMENT[kind].tone} />
          {SEGMENT[kind].word}
        </li>
      ))}
    </ul>
  );
}
