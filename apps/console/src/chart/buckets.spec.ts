import { byTone, filled, type Histogram, inWords, type Series, sums, ticks } from './buckets';

const SERIES: readonly Series[] = [
  { key: 'succeeded', label: 'Succeeded', tone: 'good' },
  { key: 'denied', label: 'Denied', tone: 'bad' },
  { key: 'failed', label: 'Failed', tone: 'bad' },
];

const histogram: Histogram = {
  from: 1_000,
  to: 5_000,
  bucketMs: 1_000,
  sampled: false,
  buckets: [
    { at: 2_000, counts: { succeeded: 3, denied: 1, failed: 1 } },
    { at: 4_000, counts: { other: 2 } },
  ],
};

describe('a histogram', () => {
  it('has a bar for every stretch of its window', () => {
    expect(filled(histogram).map((bucket) => bucket.at)).toEqual([1_000, 2_000, 3_000, 4_000]);
  });

  it('stacks by tone, trouble on top', () => {
    expect(byTone(histogram.buckets[0]!, SERIES)).toEqual([
      ['good', 3],
      ['bad', 2],
    ]);
    expect(byTone(histogram.buckets[1]!, SERIES)).toEqual([['calm', 2]]);
  });

  it('says a bar in words, also what it has no name for', () => {
    expect(inWords(histogram.buckets[0]!, SERIES)).toBe('3 succeeded, 1 denied, 1 failed');
    expect(inWords(histogram.buckets[1]!, SERIES)).toBe('2 other');
    expect(inWords({ at: 0, counts: {} }, SERIES)).toBe('none');
  });

  it('adds up', () => {
    expect(Object.fromEntries(sums(histogram))).toEqual({ succeeded: 3, denied: 1, failed: 1, other: 2 });
  });

  it('has round ticks, whole in the zone shown', () => {
    const hour = 3_600_000;
    expect(ticks({ from: 100, to: 6 * hour }, 6, 0)).toEqual([hour, 2 * hour, 3 * hour, 4 * hour, 5 * hour, 6 * hour]);
    const half = ticks({ from: 0, to: 4 * hour }, 4, hour / 2);
    expect(half[0]).toBe(hour / 2);
  });
});
