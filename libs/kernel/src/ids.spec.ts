import fc from 'fast-check';
import { sha256Hex } from './hash';
import { derivedId, ID_PREFIXES, type IdKind, idKind, isId, newId, timeOfId } from './ids';

const kinds = Object.keys(ID_PREFIXES) as IdKind[];

describe('typed ids', () => {
  it('name their kind and no other', () => {
    for (const kind of kinds) {
      const id = newId(kind);
      expect(kinds.filter((other) => isId(other, id))).toEqual([kind]);
      expect(idKind(id)).toBe(kind);
    }
  });

  it('sort by the time they were made, also within a millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('run', 1_700_000_000_000));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tell the time they were made, to the millisecond, whenever that is', () => {
    for (const ahead of [0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 32 + 1]) {
      // Later than any made before in this process: an earlier time would be taken for a clock set back.
      const ms = 4_000_000_000_000 + ahead;
      expect(timeOfId(newId('run', ms))).toBe(ms);
    }
  });

  it('follow from their seed where they are derived, and sort by the time they are given', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 2 ** 45 }), (seed, ms) => {
        const id = derivedId('approval', ms, sha256Hex(seed));
        expect(isId('approval', id)).toBe(true);
        expect(timeOfId(id)).toBe(ms);
        expect(derivedId('approval', ms, sha256Hex(seed))).toBe(id);
        expect(derivedId('approval', ms, sha256Hex(`${seed} `))).not.toBe(id);
      }),
    );
  });

  it('refuse anything that is not exactly one', () => {
    const id = newId('run');
    for (const wrong of [id.slice(1), `${id}0`, id.toUpperCase(), id.replace('_', '-'), 'run_', '', null, 7]) {
      expect(isId('run', wrong)).toBe(false);
    }
    fc.assert(fc.property(fc.string(), (text) => !isId('run', text)));
  });
});
