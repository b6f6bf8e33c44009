import fc from 'fast-check';
import { boundTest, compareDecimals, toDecimal } from './decimal';
import { nameProblem } from './names';
import { isWithin, parseClock, parseOffset } from './window';

describe('a decimal amount', () => {
  it('is compared exactly where binary floating point is not', () => {
    // 0.1 + 0.2 is 0.30000000000000004: over a limit of 0.3, as its sender wrote it.
    expect(compareDecimals(toDecimal(0.1 + 0.2)!, toDecimal('0.3')!)).toBe(1);
    expect(compareDecimals(toDecimal('9007199254740993')!, toDecimal('9007199254740992')!)).toBe(1);
    expect(compareDecimals(toDecimal('100.10')!, toDecimal(100.1)!)).toBe(0);
    expect(compareDecimals(toDecimal('-1.5')!, toDecimal('1')!)).toBe(-1);
  });

  it.each(['', ' 1', '1 ', '1e3', '0x10', '+1', '1.', '.5', '01', '1,000', 'NaN', '１', true, null, [], 1e21, NaN])(
    'is not read from %j',
    (value) => {
      expect(toDecimal(value)).toBeNull();
    },
  );

  it('orders cents as integers would', () => {
    const cents = fc.integer({ min: -10_000_000, max: 10_000_000 });
    const text = (n: number): string =>
      `${n < 0 ? '-' : ''}${Math.floor(Math.abs(n) / 100)}.${String(Math.abs(n) % 100).padStart(2, '0')}`;
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        expect(compareDecimals(toDecimal(text(a))!, toDecimal(text(b))!)).toBe(Math.sign(a - b));
      }),
    );
  });
});

describe('a bound on amounts', () => {
  it('orders numbers as their exact decimals, also where it compares them as they are', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -2_000, max: 2_000 }).map((n) => n / 100),
      fc.constantFrom(0, -0, 0.1 + 0.2, 0.3, 1e15, 1e21, 0.1, 1e-7, 999_999_999_999_999, 9_007_199_254_740_993),
    );
    const bound = fc.oneof(
      fc.integer({ min: -2_000, max: 2_000 }).map((n) => (n / 100).toFixed(2)),
      fc.constantFrom('0', '0.3', '0.30000000000000004', '999999999999999', '9007199254740993', '0.1', '-0.1'),
    );
    fc.assert(
      fc.property(value, bound, (amount, limit) => {
        const exact = toDecimal(amount);
        const sign = boundTest(limit)!(amount);
        if (exact === null) expect(sign).toBeNull();
        else expect(sign! + 0).toBe(compareDecimals(exact, toDecimal(limit)!));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a window of time', () => {
  const at = (text: string): number => Date.parse(text);
  const days = (...list: number[]): ReadonlySet<number> => new Set(list);

  it('holds its first minute and not its last', () => {
    const window = {
      from: parseClock('09:00')!,
      to: parseClock('17:00')!,
      days: days(1, 2, 3, 4, 5),
      offsetMinutes: 0,
    };
    expect(isWithin(window, at('2026-03-04T09:00:00Z'))).toBe(true);
    expect(isWithin(window, at('2026-03-04T16:59:59.999Z'))).toBe(true);
    expect(isWithin(window, at('2026-03-04T17:00:00Z'))).toBe(false);
    expect(isWithin(window, at('2026-03-07T10:00:00Z'))).toBe(false);
  });

  it('runs over midnight, and belongs to the day it opens on', () => {
    const night = { from: parseClock('22:00')!, to: parseClock('06:00')!, days: days(5), offsetMinutes: 0 };
    expect(isWithin(night, at('2026-03-06T23:00:00Z'))).toBe(true);
    expect(isWithin(night, at('2026-03-07T05:59:00Z'))).toBe(true);
    expect(isWithin(night, at('2026-03-07T06:00:00Z'))).toBe(false);
    expect(isWithin(night, at('2026-03-06T05:00:00Z'))).toBe(false);
  });

  it('is local to its offset, day included', () => {
    const monday = { from: 0, to: parseClock('24:00')!, days: days(1), offsetMinutes: parseOffset('+09:30')! };
    expect(isWithin(monday, at('2026-03-01T14:30:00Z'))).toBe(true);
    expect(isWithin(monday, at('2026-03-01T14:29:00Z'))).toBe(false);
    expect(parseOffset('-03:30')).toBe(-210);
    expect([parseOffset('+15:00'), parseOffset('CET'), parseClock('24:01'), parseClock('7:00')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('a name in a rule', () => {
  it.each(['user:ann', 'tool:get_order', 'agent:a.b-c', 'service:x@y+z', 'role:größe', 'model:vendor/name'])(
    '%s is accepted',
    (name) => {
      expect(nameProblem(name, false)).toBeNull();
    },
  );

  it.each([
    '',
    'a b',
    'a,b',
    'a|b',
    'a"b',
    'a\nb',
    'a\u0000b',
    'a\u200bb',
    'a\u202eb',
    'a\u00a0b',
    '{tenant}',
    'x'.repeat(201),
  ])('%j is refused', (name) => {
    expect(nameProblem(name, true)).not.toBeNull();
  });

  it('is a pattern only with one * at its end, where patterns are allowed', () => {
    expect(nameProblem('tool:*', true)).toBeNull();
    expect(nameProblem('tool:*', false)).not.toBeNull();
    expect(nameProblem('tool:*x', true)).not.toBeNull();
    expect(nameProblem('tool:**', true)).not.toBeNull();
  });
});
