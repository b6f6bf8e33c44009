import fc from 'fast-check';
import type { Unit } from '../unit';
import { type Pending, UnitQueue } from './unit-queue';

const NO_LIMITS = { units: 1_000, size: 1_000_000 };

/** A unit of a run; only what the queue reads of it. */
const pending = (run: string, n = 0, size = 10): Pending & { readonly n: number } => ({
  unit: { tenant: 't', run, seq: n } as unknown as Unit,
  size,
  n,
  open: false,
  answer: () => undefined,
  fail: () => undefined,
});

const said = (batch: readonly Pending[]): string[] => batch.map(({ unit }) => `${unit.run}${unit.seq}`);

describe('the units that wait for a writer', () => {
  it('leave in the order they came', () => {
    const queue = new UnitQueue();
    for (const run of ['c', 'a', 'b']) queue.add(pending(run));
    expect(said(queue.take(NO_LIMITS))).toEqual(['c0', 'a0', 'b0']);
    expect(queue.length).toBe(0);
  });

  it('of one run leave one at a time, each after the one before has landed', () => {
    const queue = new UnitQueue();
    for (const n of [0, 1, 2]) queue.add(pending('a', n));
    queue.add(pending('b'));
    const [first] = queue.take(NO_LIMITS);
    expect(said(queue.take(NO_LIMITS))).toEqual([]);
    queue.landed(first!.unit);
    expect(said(queue.take(NO_LIMITS))).toEqual(['a1']);
  });

  it('go in batches of at most so many, and of at most so much unless one alone is more', () => {
    const queue = new UnitQueue();
    ['a', 'b', 'c', 'd'].forEach((run, i) => queue.add(pending(run, 0, i === 2 ? 100 : 10)));
    expect(said(queue.take({ units: 1, size: 50 }))).toEqual(['a0']);
    expect(said(queue.take({ units: 9, size: 50 }))).toEqual(['b0']);
    expect(said(queue.take({ units: 9, size: 50 }))).toEqual(['c0']);
    expect(said(queue.take({ units: 9, size: 50 }))).toEqual(['d0']);
  });

  it('of a run that is dropped are gone, and no others', () => {
    const queue = new UnitQueue();
    for (const run of ['a', 'b', 'a']) queue.add(pending(run));
    expect(said(queue.dropRun(pending('a').unit))).toEqual(['a0', 'a0']);
    expect(said(queue.take(NO_LIMITS))).toEqual(['b0']);
  });

  it('that are parked keep their run in flight until they land', () => {
    const queue = new UnitQueue();
    queue.add(pending('a', 0));
    queue.add(pending('a', 1));
    const [stuck] = queue.take(NO_LIMITS);
    queue.park(stuck!);
    expect(queue.take(NO_LIMITS)).toEqual([]);
    expect(queue.takeParked()).toBe(stuck);
    queue.landed(stuck!.unit);
    expect(said(queue.take(NO_LIMITS))).toEqual(['a1']);
  });

  it('[I3] are each taken once, and per run in order with never two in flight, whatever happens in between', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), run: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('take' as const), units: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('land' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = new UnitQueue();
        const flying: Pending[] = [];
        const taken: string[] = [];
        let added = 0;
        for (const each of actions) {
          if (each.kind === 'add') queue.add(pending(each.run, added++));
          if (each.kind === 'take') {
            const batch = queue.take({ units: each.units, size: 1_000 });
            flying.push(...batch);
            taken.push(...said(batch));
          }
          const [landed] =
            each.kind === 'land' && flying.length > 0 ? flying.splice(each.which % flying.length, 1) : [];
          if (landed) queue.landed(landed.unit);
          expect(new Set(flying.map(({ unit }) => unit.run)).size).toBe(flying.length);
        }
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length + queue.length).toBe(added);
        for (const run of ['a', 'b', 'c']) {
          const order = taken.filter((one) => one.startsWith(run)).map((one) => Number(one.slice(1)));
          expect(order).toEqual([...order].sort((x, y) => x - y));
        }
      }),
      { seed: 20_261_122, numRuns: 500 },
    );
  });
});
