import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { LineScanner } from './line-scanner';

const random = seeded('scanned lines');
const runs = { numRuns: 2_000, seed: Math.floor(random() * 2 ** 31) };

const word = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', ' ', ',', '"', 'ü', '\t', '{'), maxLength: 4 });

describe('a line that is scanned', () => {
  it('is taken apart at each comma with a blank, or not at all', () => {
    const scanner = new LineScanner(['a', 'bb']);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), word, word, (words, before, after) => {
        const line = words.join(', ');
        const count = scanner.scan(`${before}${line}${after}`, before.length, before.length + line.length);
        const isPlain = words.length <= 10 && words.every((one) => /^[a-z:*{]*$/.test(one));
        if (isPlain) expect(scanner.columns.slice(0, count)).toEqual(words);
        else if (count > 0) expect(scanner.columns.slice(0, count).join(', ')).toBe(line);
      }),
      runs,
    );
  });

  it('holds each word once, however many there are', () => {
    const scanner = new LineScanner([]);
    const words = Array.from({ length: 3_000 }, (_, i) => `user:${i}`);
    for (const pass of [1, 2]) {
      for (const one of words) {
        expect(scanner.scan(`${one}, ${pass}`, 0, one.length + 3)).toBe(2);
        expect(scanner.columns[0]).toBe(one);
      }
    }
  });
});
