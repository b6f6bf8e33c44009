import fc from 'fast-check';
import { axisTicks, buildScale } from './scale';

const HOUR = 3_600_000;

describe('the time scale of a run', () => {
  it('is straight where nothing waits', () => {
    const scale = buildScale({ from: 0, to: 1_000, idle: [], open: new Set(), width: 500 });
    expect(scale.x(250)).toBe(125);
    expect(scale.ms(125)).toBe(250);
  });

  it('folds a wait that is long beside the work, and leaves the rest its room', () => {
    const idle = [{ from: 2_000, to: 2_000 + 2 * HOUR }];
    const scale = buildScale({ from: 0, to: 4_000 + 2 * HOUR, idle, open: new Set(), width: 446 });
    expect(scale.pieces.map((piece) => piece.folded)).toEqual([false, true, false]);
    expect(scale.x(2_000)).toBeCloseTo(200);
    expect(scale.x(2_000 + 2 * HOUR)).toBeCloseTo(246);
  });

  it('does not fold what somebody opened, nor what is short', () => {
    const idle = [{ from: 2_000, to: 2_000 + HOUR }];
    const whole = { from: 0, to: 4_000 + HOUR, idle, width: 400 };
    expect(buildScale({ ...whole, open: new Set([2_000]) }).pieces).toHaveLength(1);
    expect(buildScale({ ...whole, open: 'all' }).pieces).toHaveLength(1);
    const short = buildScale({ ...whole, idle: [{ from: 0, to: 1_000 }], open: new Set() });
    expect(short.pieces).toHaveLength(1);
  });

  it('never runs backwards and never leaves its width', () => {
    const gaps = fc.array(fc.tuple(fc.nat(50_000), fc.nat(50_000)), { maxLength: 20 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 50, max: 2_000 }), (lengths, width) => {
        let at = 0;
        const idle = lengths.map(([busy, wait]) => {
          const from = at + busy;
          at = from + wait;
          return { from, to: at };
        });
        const scale = buildScale({ from: 0, to: at + 1, idle, open: new Set(), width });
        let before = -1;
        for (let i = 0; i <= 40; i++) {
          const x = scale.x(((at + 1) * i) / 40);
          expect(x).toBeGreaterThanOrEqual(before - 1e-6);
          expect(x).toBeLessThanOrEqual(width + 1e-6);
          before = x;
        }
        expect(scale.pieces.at(-1)?.right).toBeCloseTo(width, 3);
      }),
    );
  });

  it('has round ticks that keep their distance', () => {
    const scale = buildScale({ from: 0, to: 10_000, idle: [], open: new Set(), width: 1_000 });
    const { ticks } = axisTicks(scale, 90);
    expect(ticks.map((tick) => tick.ms)).toEqual([
      0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000,
    ]);
  });
});
