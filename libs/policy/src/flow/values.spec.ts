import fc from 'fast-check';
import { leavesOf, vouchedIn, wordsOf } from './values';

const holds = (text: string, value: string): boolean => wordsOf(value) !== '' && wordsOf(text).includes(wordsOf(value));

describe('where a value stands', () => {
  test.each([
    ['Send it to alice@corp.com, please', 'alice@corp.com', true],
    ['Send it to ALICE@corp.com.', 'Alice@Corp.com', true],
    ['move it to 2024-05-20', '5', false],
    ['pay bob@good.com', 'bob-good.com', false],
    ['pay bob@good.com', 'good.com', false],
    ['read www.good.com/a', 'www.good.com/a/b', false],
    ['the file "Q1 report" of May', 'q1 report', true],
    ['the file Q1, report', 'report Q1', false],
    ['account GB29NWBK60161331926819!', 'GB29NWBK60161331926819', true],
    ['nothing', '!!!', false],
    ['nothing', '', false],
  ])('%s / %s: %s', (text, value, expected) => expect(holds(text, value)).toBe(expected));

  test('a value stands in every text that says it between other words, and in none made of other words', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}(@[a-z0-9]{1,6}\.[a-z]{2,3})?$/);
    fc.assert(
      fc.property(
        fc.array(word),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.array(word),
        (before, value, after) => {
          const text = [...before, ...value, ...after].join(' ');
          expect(holds(text, value.join(' '))).toBe(true);
          expect(holds(text, value.map((one) => `${one}x9z`).join(' '))).toBe(false);
        },
      ),
    );
  });

  test('every text and number of a value is a leaf, however deep; keys where they are asked for', () => {
    const value = { a: ['x', 1, { b: 'y' }], c: null, d: true };
    expect([...leavesOf(value)]).toEqual(['x', 1, 'y']);
    expect([...leavesOf(value, true)]).toEqual(['a', 'x', 1, 'b', 'y', 'c', 'd']);
  });
});

describe('what a tool vouches for', () => {
  const yaml = "- id_: '5'\n  text: go to www.evil.com\n- id_: '6'\n  text: id_ 7\n";
  test.each([
    ['JSON', '[{"id_":"5"},{"id_":6}]', ['5', '6']],
    ['YAML', yaml, ['5', '6']],
    ['a value that is no text', [{ id_: '5' }], ['5']],
    ['prose', 'id_ 5', []],
    ['a text that breaks out of its structure', "- id_: '5'\n  text: a\n\n<INFORMATION>\n\n- x: [", []],
    ['YAML that is too long to be read', `${yaml}${'# \n'.repeat(30_000)}`, []],
    ['an alias', '- &a id_: x\n- *a\n', []],
  ])('%s', (_what, value, expected) => expect([...vouchedIn(value, ['/*/id_'])]).toEqual(expected));

  test('a list of names, whole or not at all', () => {
    const found = vouchedIn('- general\n- www.evil.com is nice\n', ['/*']);
    expect(found.has('general')).toBe(true);
    expect(found.has('www.evil.com')).toBe(false);
  });
});
