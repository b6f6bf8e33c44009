import { decimated } from './decimate';
import { buildScale } from './scale';

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    kind: i % 2 === 0 ? 'model' : 'tool',
    from_ms: i * 10,
    to_ms: i * 10 + (i % 2 === 0 ? 9 : 2),
  }));

describe('a strip of many stretches', () => {
  it('draws each that can be seen, as it is', () => {
    const scale = buildScale({ from: 0, to: 100, idle: [], open: 'all', width: 1_000 });
    const drawn = decimated(many(10), scale, 100);
    expect(drawn.map(({ x, width, of }) => [x, width, of.kind])).toHaveLength(10);
    expect(drawn[1]).toEqual({ x: 100, width: 20, of: { kind: 'tool', from_ms: 10, to_ms: 12 } });
  });

  it('draws no more than there are pixels, with the looks of what took longest, over the whole width', () => {
    const scale = buildScale({ from: 0, to: 200_000, idle: [], open: 'all', width: 1_000 });
    const drawn = decimated(many(20_000), scale, 200_000);
    expect(drawn.length).toBeLessThanOrEqual(1_000);
    expect(new Set(drawn.map(({ of }) => of.kind))).toEqual(new Set(['model']));
    expect(drawn[0]!.x).toBe(0);
    expect(drawn.at(-1)!.x).toBeGreaterThan(995);
  });

  it('ends an open stretch where the run stands', () => {
    const scale = buildScale({ from: 0, to: 100, idle: [], open: 'all', width: 100 });
    expect(decimated([{ from_ms: 40, to_ms: null }], scale, 100)).toMatchObject([{ x: 40, width: 60 }]);
  });
});
