import type { Tone } from '../ui/tone';

/** A kind of thing that is counted. */
export interface Series {
  readonly key: string;
  readonly label: string;
  readonly tone: Tone;
}

export interface Bucket {
  /** Start, epoch milliseconds. */
  readonly at: number;
  readonly counts: { readonly [key: string]: number };
}

export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  readonly sampled: boolean;
}

/** From what lies at the bottom of a bar to what lies on top: what needs a look is where the eye is. */
const STACK: readonly Tone[] = ['good', 'calm', 'busy', 'wait', 'unsure', 'bad'];

export const totalOf = (bucket: Bucket): number => Object.values(bucket.counts).reduce((sum, one) => sum + one, 0);

/** Every stretch of the window in order, also those with nothing in them. */
export function filled({ from, to, bucketMs, buckets }: Histogram): readonly Bucket[] {
  const known = new Map(buckets.map((bucket) => [Math.round((bucket.at - from) / bucketMs), bucket]));
  const length = Math.max(1, Math.ceil((to - from) / bucketMs));
  return Array.from({ length }, (_, i) => known.get(i) ?? { at: from + i * bucketMs, counts: {} });
}

/** Counts of one bucket by tone, since bars carry tones and the words stand beside them. */
export function byTone(bucket: Bucket, series: readonly Series[]): readonly (readonly [Tone, number])[] {
  const sums = new Map<Tone, number>();
  const toneOf = new Map(series.map(({ key, tone }) => [key, tone]));
  for (const [key, value] of Object.entries(bucket.counts)) {
    const tone = toneOf.get(key) ?? 'calm';
    sums.set(tone, (sums.get(tone) ?? 0) + value);
  }
  return STACK.filter((tone) => sums.has(tone)).map((tone) => [tone, sums.get(tone) ?? 0]);
}

/** `10 succeeded, 2 denied`. */
export function inWords(bucket: Bucket, series: readonly Series[]): string {
  const named = series.filter(({ key }) => (bucket.counts[key] ?? 0) > 0);
  const others = Object.keys(bucket.counts).filter((key) => !series.some((one) => one.key === key));
  const words = [
    ...named.map(({ key, label }) => `${bucket.counts[key]} ${label.toLowerCase()}`),
    ...others.map((key) => `${bucket.counts[key]} ${key}`),
  ];
  return words.length === 0 ? 'none' : words.join(', ');
}

/** Sums over the whole window, by key. */
export function sums({ buckets }: Histogram): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const { counts } of buckets) {
    for (const [key, value] of Object.entries(counts)) all.set(key, (all.get(key) ?? 0) + value);
  }
  return all;
}

const STEPS_MS = [
  1, 5, 10, 50, 100, 500, 1_000, 5_000, 15_000, 30_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000, 10_800_000,
  21_600_000, 43_200_000, 86_400_000, 604_800_000, 2_592_000_000,
];

/** Round moments between two ends, at most `most` of them; whole in the zone they are shown in. */
export function ticks(range: { readonly from: number; readonly to: number }, most: number, offsetMs: number): number[] {
  const { from, to } = range;
  const step = STEPS_MS.find((one) => (to - from) / one <= most) ?? (to - from) / Math.max(1, most);
  const first = Math.ceil((from + offsetMs) / step) * step - offsetMs;
  const found: number[] = [];
  for (let at = first; at <= to && found.length <= most; at += step) found.push(at);
  return found;
}
