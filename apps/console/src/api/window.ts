import type { ResponseOf } from '@writ/contract';
import type { Histogram } from '../chart/buckets';
import { moment } from '../time/range';

interface WindowText {
  readonly from: string;
  readonly to: string | undefined;
  readonly zone: 'local' | 'utc';
}

/**
 * A window as the server takes it. Relative ends stay relative, so that every page is asked by one clock; only what
 * depends on where the reader is (`today`) is worked out here.
 */
export function windowOf({ from, to, zone }: WindowText): { readonly from?: string; readonly to?: string } {
  const text = (end: string | undefined): string | undefined => {
    if (end === undefined || end === 'all' || end === 'now') return undefined;
    if (end.startsWith('-') || (end === 'today' && zone === 'utc')) return end;
    const at = moment(end, Date.now(), zone);
    return typeof at === 'number' ? new Date(at).toISOString() : undefined;
  };
  const [start, end] = [text(from), text(to)];
  return { ...(start === undefined ? {} : { from: start }), ...(end === undefined ? {} : { to: end }) };
}

/** The server's counts with times as numbers. */
export function countsOf(answer: ResponseOf<'getRunHistogram'>): Histogram {
  return {
    from: Date.parse(answer.from),
    to: Date.parse(answer.to),
    bucketMs: answer.bucket_ms,
    sampled: answer.sampled,
    buckets: answer.buckets.map(({ at, counts }) => ({ at: Date.parse(at), counts })),
  };
}
