import fc from 'fast-check';
import type { TenantId } from '@writ/kernel';
import { FairQueue } from './fair-queue';

const tenant = (n: number): TenantId => `t${n}` as TenantId;

describe('the queue of a worker', () => {
  it('gives back everything that came, once, and each tenant’s own in the order it came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 200 }), (arrivals) => {
        const queue = new FairQueue<readonly [number, number]>();
        arrivals.forEach((of, i) => queue.add(tenant(of), String(i), [of, i]));
        expect(queue.size).toBe(arrivals.length);
        for (const [of, size] of queue.sizes()) expect(size).toBe(arrivals.filter((n) => tenant(n) === of).length);
        expect(queue.sizes().size).toBe(new Set(arrivals).size);
        const served: (readonly [number, number])[] = [];
        for (let next = queue.take(() => 0); next !== null; next = queue.take(() => 0)) served.push(next);
        expect(queue.size).toBe(0);
        expect(served.map(([, i]) => i).sort((a, b) => a - b)).toEqual(arrivals.map((_, i) => i));
        for (const of of new Set(arrivals)) {
          const own = served.filter(([by]) => by === of).map(([, i]) => i);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('lets nobody wait longer than one turn of every other tenant, however many the others have', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 6 }), (counts) => {
        const queue = new FairQueue<number>();
        counts.forEach((count, of) => {
          for (let i = 0; i < count; i++) queue.add(tenant(of), `${of}/${i}`, of);
        });
        const newcomer = counts.length;
        queue.add(tenant(newcomer), 'one', newcomer);
        const before: number[] = [];
        for (let next = queue.take(() => 0); next !== newcomer; next = queue.take(() => 0)) before.push(next!);
        expect(before.length).toBeLessThanOrEqual(counts.length);
        expect(new Set(before).size).toBe(before.length);
      }),
    );
  });

  it('divides places by weight while everybody wants more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 64 }),
        (weights, places) => {
          const queue = new FairQueue<number>();
          weights.forEach((_, of) => {
            for (let i = 0; i < places; i++) queue.add(tenant(of), `${of}/${i}`, of);
          });
          const led = weights.map(() => 0);
          const index = (of: TenantId): number => Number(of.slice(1));
          for (let i = 0; i < places; i++) {
            const next = queue.take((of) => led[index(of)]! / weights[index(of)]!)!;
            led[next]! += 1;
          }
          const all = weights.reduce((sum, weight) => sum + weight, 0);
          weights.forEach((weight, of) => {
            expect(Math.abs(led[of]! - (places * weight) / all)).toBeLessThanOrEqual(weight + 1);
          });
        },
      ),
    );
  });

  it('passes over a tenant that may have no more, and keeps its runs for later', () => {
    const queue = new FairQueue<string>();
    queue.add(tenant(1), 'a', 'a');
    queue.add(tenant(2), 'b', 'b');
    const onlySecond = (of: TenantId): number | null => (of === tenant(2) ? 1 : null);
    expect([queue.take(onlySecond), queue.take(onlySecond)]).toEqual(['b', null]);
    expect([queue.holds(tenant(1)), queue.holds(tenant(2)), queue.size]).toEqual([true, false, 1]);
    expect(queue.drain()).toEqual(['a']);
  });

  it('keeps one of each run, where it stood', () => {
    const queue = new FairQueue<number>();
    queue.add(tenant(1), 'a', 1);
    queue.add(tenant(1), 'b', 2);
    queue.add(tenant(1), 'a', 3);
    expect([queue.size, queue.get(tenant(1), 'a')]).toEqual([2, 3]);
    expect(queue.take(() => 0)).toBe(3);
  });
});
