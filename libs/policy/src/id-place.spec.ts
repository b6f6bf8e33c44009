import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { idIn, idPlace } from './id-place';

const random = seeded('places of ids');
const runs = { numRuns: 1_000, seed: Math.floor(random() * 2 ** 31) };

/** The longest text there may be: `MAX_BUNDLE_BYTES` and `MAX_PLATFORM_BYTES`, in characters. */
const LONGEST = 1_048_576 + 65_536;

describe('the place of an id', () => {
  it('leads to the id, wherever in a text it stands and however long it is', () => {
    const id = fc.string({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), id, fc.string({ maxLength: 40 }), (before, one, behind) => {
        expect(idIn(before + one + behind, idPlace(before.length, one))).toBe(one);
      }),
      runs,
    );
  });

  it('is a number that a list holds in itself, at the end of the longest text too', () => {
    const id = 'r'.repeat(200);
    const place = idPlace(LONGEST - id.length, id);
    expect(place).toBeGreaterThan(0);
    expect(place).toBeLessThan(2 ** 30);
    expect(idIn('-'.repeat(LONGEST - id.length) + id, place)).toBe(id);
  });
});
