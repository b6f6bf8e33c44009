import fc from 'fast-check';
import { CanonicalError, canonicalJson } from '@writ/kernel';
import { isCanonical } from './canonical';

const slowly = (text: string, value: unknown): boolean | 'refused' => {
  try {
    return canonicalJson(value) === text;
  } catch (error) {
    expect(error).toBeInstanceOf(CanonicalError);
    return 'refused';
  }
};

const asked = (text: string): boolean | 'refused' => {
  try {
    return isCanonical(text, JSON.parse(text));
  } catch (error) {
    expect(error).toBeInstanceOf(CanonicalError);
    return 'refused';
  }
};

describe('whether a text is canonical JSON', () => {
  it('is answered as by writing the canonical text, for canonical texts and for others', () => {
    const member = fc.oneof(fc.string(), fc.constantFrom('10', '9', '__proto__', 'a', 'b', '\u20ac', '\u0001', '"'));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constantFrom(null, '\u0000', '\ud800', -0, 1e21, '\u2028', '/', '\n'),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(member, tie('any'), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.boolean(), (one, canonical) => {
        let text = JSON.stringify(one);
        try {
          if (canonical) text = canonicalJson(one);
        } catch {
          // It has no canonical form: then the answer must be that for its plain text.
        }
        expect(asked(text)).toBe(slowly(text, JSON.parse(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['{"a":1,"b":2}', true],
    ['{"b":2,"a":1}', false],
    ['{"a":{"z":1,"y":2}}', false],
    ['[{"z":1,"y":2}]', false],
    ['{"a":1, "b":2}', false],
    ['{"a":1,"a":1}', false],
    ['{"a":1.0}', false],
    ['{"a":"\\/"}', false],
    ['{"a":"\\u0061"}', false],
    ['{"10":1,"9":2}', true],
    ['{"9":2,"10":1}', false],
    ['{"a":"\\u0000"}', 'refused'],
    [`${'['.repeat(300)}${']'.repeat(300)}`, 'refused'],
  ])('%s: %s', (text, answer) => expect(asked(text)).toBe(answer));
});
