import fc from 'fast-check';
import { ID_PREFIXES, type IdKind, idKind, isId, newId } from './ids';

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

  it('refuse anything that is not exactly one', () => {
    const id = newId('run');
    for (const wrong of [id.slice(1), `${id}0`, id.toUpperCase(), id.replace('_', '-'), 'run_', '', null, 7]) {
      expect(isId('run', wrong)).toBe(false);
    }
    fc.assert(fc.property(fc.string(), (text) => !isId('run', text)));
  });
});
