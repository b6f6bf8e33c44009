import fc from 'fast-check';
import { LateMap, LateSet } from './late';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const deed = fc.oneof(
  fc.record({ do: fc.constant('put' as const), key, value: fc.nat() }),
  fc.record({ do: fc.constant('drop' as const), key }),
  fc.record({ do: fc.constant('clear' as const) }),
);

/** Everything that can be read of a map or a set. */
function seen<K, V>(table: ReadonlyMap<K, V> | ReadonlySet<K>): unknown {
  const told: unknown[] = [];
  table.forEach((value: unknown, name: unknown, itself: unknown) => told.push([name, value, itself === table]));
  return [table.size, [...table], [...table.keys()], [...table.values()], [...table.entries()], told];
}

describe('a table that is made with its first entry', () => {
  it('is read and written as any map', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 20 }), (deeds) => {
        const [late, map] = [new LateMap<string, number>(), new Map<string, number>()];
        for (const one of deeds) {
          if (one.do === 'put') expect(late.set(one.key, one.value)).toBe((map.set(one.key, one.value), late));
          if (one.do === 'drop') expect(late.delete(one.key)).toBe(map.delete(one.key));
          if (one.do === 'clear') [late, map].forEach((table) => table.clear());
          expect(seen(late)).toEqual(seen(map));
          for (const name of ['a', 'z'])
            expect([late.get(name), late.has(name)]).toEqual([map.get(name), map.has(name)]);
        }
      }),
      { seed: 20_261_124, numRuns: 200 },
    );
  });

  it('is read and written as any set', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 20 }), (deeds) => {
        const [late, set] = [new LateSet<string>(), new Set<string>()];
        for (const one of deeds) {
          if (one.do === 'put') expect(late.add(one.key)).toBe((set.add(one.key), late));
          if (one.do === 'drop') expect(late.delete(one.key)).toBe(set.delete(one.key));
          if (one.do === 'clear') [late, set].forEach((table) => table.clear());
          expect(seen(late)).toEqual(seen(set));
          expect(late.has('a')).toBe(set.has('a'));
        }
      }),
      { seed: 20_261_124, numRuns: 200 },
    );
  });
});
