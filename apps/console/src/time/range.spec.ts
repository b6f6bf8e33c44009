import { moment, rangeLabel, resolveRange, shifted, widened } from './range';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');

describe('a time range', () => {
  it.each([
    ['-15m', NOW - 900_000],
    ['-7d', NOW - 7 * 86_400_000],
    ['now', null],
    ['all', null],
    ['2026-11-22T09:00:00Z', Date.parse('2026-11-22T09:00:00Z')],
    ['2026-11-22 09:00', Date.parse('2026-11-22T09:00:00Z')],
    ['2026-11-22', Date.parse('2026-11-22T00:00:00Z')],
    ['today', Date.parse('2026-11-22T00:00:00Z')],
    ['soon', undefined],
    ['-15', undefined],
    ['2026-13-40', undefined],
  ])('reads %s', (text, at) => {
    expect(moment(text, NOW, 'utc')).toBe(at);
  });

  it('is open where nothing is said', () => {
    expect(resolveRange({}, NOW, 'utc')).toEqual({ from: null, to: null });
  });

  it('is named by its quick range, and by its ends otherwise', () => {
    expect(rangeLabel({ from: '-24h' }, (at) => at)).toBe('Last 24 hours');
    expect(rangeLabel({ from: '-3h' }, (at) => at)).toBe('Last 3h');
    expect(rangeLabel({}, (at) => at)).toBe('All time');
    expect(rangeLabel({ from: '2026-11-22T09:00:00Z', to: 'now' }, (at) => at.slice(11, 16))).toBe('09:00 – now');
  });

  it('moves by half its length, and widens to twice, never past now', () => {
    const range = { from: NOW - 4_000, to: NOW - 2_000 };
    expect(shifted(range, -1, NOW)).toEqual({
      from: new Date(NOW - 5_000).toISOString(),
      to: new Date(NOW - 3_000).toISOString(),
    });
    expect(widened({ from: NOW - 2_000, to: null }, NOW)).toEqual({
      from: new Date(NOW - 3_000).toISOString(),
      to: new Date(NOW).toISOString(),
    });
    expect(shifted({ from: null, to: NOW }, 1, NOW)).toBeNull();
  });
});
