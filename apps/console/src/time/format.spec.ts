import { ago, brief, duration, elapsed, plural, stamp, zoneName } from './format';

const AT = Date.parse('2026-11-22T09:05:07.040Z');

describe('times and lengths as text', () => {
  it.each([
    [0, '0 ms'],
    [840, '840 ms'],
    [3_214, '3.21 s'],
    [45_200, '45.2 s'],
    [245_000, '4 m 05 s'],
    [8_040_000, '2 h 14 m'],
    [273_600_000, '3 d 4 h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('writes a moment the same way everywhere', () => {
    expect(stamp(AT, 'utc', true)).toBe('2026-11-22 09:05:07.040');
    expect(brief(AT, 'utc', AT + 1_000)).toBe('09:05:07');
    expect(brief(AT, 'utc', AT + 86_400_000)).toBe('11-22 09:05');
  });

  it.each([
    [4_000, 2_000, '4 s'],
    [4_200, 200, '4.2 s'],
    [250, 50, '250 ms'],
    [65_500, 500, '1:05.5'],
    [8_044_000, 2_000, '2:14:04'],
  ])('writes %d ms on a ruler with marks every %d ms', (ms, step, text) => {
    expect(elapsed(ms, step)).toBe(text);
  });

  it('names the zone it stands in', () => {
    expect(zoneName('utc')).toBe('UTC');
    expect(zoneName('local')).toMatch(/^UTC[+-]\d\d:\d\d$/);
  });

  it('says how long ago', () => {
    expect(ago(AT, AT + 2_000)).toBe('just now');
    expect(ago(AT, AT + 60_000)).toBe('1 m 00 s ago');
    expect(ago(AT + 7_000, AT)).toBe('in 7.00 s');
  });

  it('counts in words', () => {
    expect(plural(1, 'run')).toBe('1 run');
    expect(plural(1284, 'run')).toBe('1,284 runs');
  });
});
