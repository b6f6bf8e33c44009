import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { isNamed, isWide, packedWords, packInto } from './packed-names';

const random = seeded('packed names');
const runs = { numRuns: 2_000, seed: Math.floor(random() * 2 ** 31) };

/** Characters whose bits would run into one another, were they packed too closely. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '\u0000', 'ÿ', '\u0161', '\uff61', '\ud800'), maxLength: 9 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

describe('a packed name', () => {
  it('is itself and no other of its length', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const words = new Int32Array(16);
        const wide = isWide(one);
        expect(packInto(words, 2, { name: one, wide })).toBe(2 + packedWords(one.length, wide));
        expect(isNamed(words, 2, { name: one, wide })).toBe(true);
        if (other.length === one.length) expect(isNamed(words, 2, { name: other, wide })).toBe(other === one);
      }),
      runs,
    );
  });

  it('is not mistaken for one whose characters have the same bits elsewhere', () => {
    const words = new Int32Array(4);
    // U+0161 and what four to a word would make of it: its upper bit in the place of the next character.
    packInto(words, 0, { name: 'a\u0001bc', wide: false });
    expect(isNamed(words, 0, { name: '\u0161\u0000bc', wide: false })).toBe(false);
  });
});
