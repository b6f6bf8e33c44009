import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { duration, plural, stamp, zoneName } from '../time/format';
import { useZone } from '../time/useZone';
import { IconButton } from '../ui/IconButton';
import { useWidth } from '../ui/useWidth';
import { type Bucket, byTone, filled, type Histogram as Counts, inWords, type Series, ticks, totalOf } from './buckets';
import { BucketTable } from './BucketTable';
import styles from './Histogram.module.css';
import { useBrush } from './useBrush';

const HEIGHT = 52;

interface Props {
  readonly counts: Counts;
  readonly series: readonly Series[];
  /** What is counted: “run”. */
  readonly noun: string;
  readonly stale: boolean;
  /** Epoch milliseconds. */
  readonly onBrush: (from: number, to: number) => void;
}

/** Counts over time as a control: drag, or shift and arrow keys, choose a window; there is a table for whoever prefers it. */
export function Histogram({ counts, series, noun, stale, onBrush }: Props) {
  const zone = useZone();
  const [ref, width] = useWidth<HTMLDivElement>();
  const [table, setTable] = useState(false);
  const bars = useMemo(() => filled(counts), [counts]);
  const most = Math.max(1, ...bars.map(totalOf));
  const brush = useBrush(bars.length, width, (first, last) => {
    const end = Math.min(counts.to, (bars[last]?.at ?? counts.to) + counts.bucketMs);
    onBrush(bars[first]?.at ?? counts.from, end);
  });
  const step = width / bars.length;
  const bar = Math.max(1, step - (step > 5 ? 2 : step > 3 ? 1 : 0));
  const shown = brush.at === null ? null : (bars[brush.at] ?? null);
  const all = bars.reduce((sum, one) => sum + totalOf(one), 0);
  const id = useId();
  const said = `${plural(all, noun)} from ${stamp(counts.from, zone)} to ${stamp(counts.to, zone)} ${zoneName(zone)}, in bars of ${duration(counts.bucketMs)}.`;
  const words = (one: Bucket): string => `${stamp(one.at, zone)}: ${inWords(one, series)}`;

  return (
    <figure className={styles['figure']} data-stale={stale || undefined}>
      <div
        ref={ref}
        className={styles['plot']}
        role="slider"
        tabIndex={0}
        aria-label={`${noun}s over time`}
        aria-describedby={id}
        aria-valuemin={0}
        aria-valuemax={bars.length - 1}
        aria-valuenow={brush.at ?? bars.length - 1}
        aria-valuetext={words(shown ?? bars.at(-1) ?? { at: counts.to, counts: {} })}
        onKeyDown={(event: KeyboardEvent) => brush.onKey(event)}
        {...brush.pointer}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true" className={styles['bars']}>
          {bars.map((one, index) => (
            <Stack key={one.at} bucket={one} series={series} x={index * step} width={bar} most={most} />
          ))}
          {brush.window && (
            <rect
              className={styles['window']}
              x={brush.window[0] * step}
              width={(brush.window[1] - brush.window[0] + 1) * step}
              y={0}
              height={HEIGHT}
            />
          )}
          {brush.at !== null && (
            <rect className={styles['cursor']} x={brush.at * step} width={bar} y={0} height={HEIGHT} />
          )}
        </svg>
        {shown && (
          <div
            className={styles['tip']}
            style={{ left: Math.min(Math.max(0, (brush.at ?? 0) * step - 90), Math.max(0, width - 190)) }}
          >
            <strong>{plural(totalOf(shown), noun)}</strong>
            <span>{inWords(shown, series)}</span>
            <span className="dim">
              {stamp(shown.at, zone)} + {duration(counts.bucketMs)}
            </span>
          </div>
        )}
      </div>
      <Axis counts={counts} width={width} />
      <figcaption id={id} className="only-read">
        {said} {counts.sampled ? 'Counts are scaled up from a part. ' : ''}Arrow keys move, shift and arrow keys choose
        a window, Enter shows it.
      </figcaption>
      <div className={styles['more']}>
        {counts.sampled && <span className={styles['note']}>scaled up from a part</span>}
        <IconButton
          icon="columns"
          size={13}
          label={table ? 'Hide the table' : 'View as table'}
          pressed={table}
          onClick={() => setTable(!table)}
        />
      </div>
      {table && <BucketTable bars={bars} series={series} noun={noun} />}
    </figure>
  );
}

interface StackProps {
  readonly bucket: Bucket;
  readonly series: readonly Series[];
  readonly x: number;
  readonly width: number;
  readonly most: number;
}

function Stack({ bucket, series, x, width, most }: StackProps) {
  let y = HEIGHT;
  return byTone(bucket, series).map(([tone, value]) => {
    const height = Math.max(2, (value / most) * (HEIGHT - 4));
    y -= height;
    return <rect key={tone} data-tone={tone} x={x} y={y} width={width} height={height} />;
  });
}

function Axis({ counts, width }: { readonly counts: Counts; readonly width: number }) {
  const zone = useZone();
  const offset = zone === 'utc' ? 0 : -new Date(counts.to).getTimezoneOffset() * 60_000;
  const long = counts.to - counts.from > 36 * 3_600_000;
  const label = (at: number): string => {
    const text = stamp(at, zone, true);
    if (long) return text.slice(5, 16);
    return counts.to - counts.from < 300_000 ? text.slice(11, 19) : text.slice(11, 16);
  };
  return (
    <div className={styles['axis']} aria-hidden="true">
      {ticks(counts, Math.max(2, Math.floor(width / 110)), offset).map((at) => {
        const left = ((at - counts.from) / (counts.to - counts.from)) * width;
        return left > width - 30 ? null : (
          <span key={at} style={{ left }}>
            {label(at)}
          </span>
        );
      })}
    </div>
  );
}
