import { retryAfterMs } from './retry-after';

describe('Retry-After', () => {
  const now = Date.parse('Sun, 22 Nov 2026 10:00:00 GMT');
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['1.5', 1_500],
    ['Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['', null],
    ['-5', null],
  ])('%j is %j milliseconds', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  it('that is absent asks for nothing', () => {
    expect(retryAfterMs(undefined, now)).toBeNull();
  });
});
