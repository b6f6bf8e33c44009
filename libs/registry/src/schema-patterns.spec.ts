import * as fc from 'fast-check';
import { fullFormats } from 'ajv-formats/dist/formats';
import { parseDocuments } from './documents';
import { isUrl } from './schema-formats';
import { PatternRefused } from './pattern-refused';
import { linearPattern } from './schema-patterns';
import { checkInput } from './schemas';

const tested = (pattern: string, text: string): boolean => linearPattern(pattern).test(text);

const ALPHABET = ['a', 'b', 'z', 'A', '_', '0', '7', '-', '^', ' ', '\n', '\r', '\u2028', '\ufeff', '\u00a0', '\u0000'];
const WIDE = ['é', 'ß', 'K', 'ſ', 'Ω', '中', '\u0301', '٣', '😀', '𝒜', '𐐀', '\u{10ffff}', '\ud83d', '\ude00'];
const text = fc.array(fc.constantFrom(...ALPHABET, ...WIDE), { maxLength: 8 }).map((parts) => parts.join(''));

const PROPERTIES = ['L', 'Lu', 'Letter', 'gc=Nd', 'General_Category=Punctuation', 'Script=Greek', 'sc=Han', 'M', 'Any'];
const escape = fc.oneof(
  fc.constantFrom('\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\n', '\\r', '\\t', '\\0', '\\cJ', '\\x41', '\\u00e9'),
  fc.constantFrom('\\u{1f600}', '\\ud83d\\ude00', '\\ud83d', '\\^', '\\$', '\\.', '\\]', '\\/', '\\\\'),
  fc.constantFrom(...PROPERTIES.flatMap((one) => [`\\p{${one}}`, `\\P{${one}}`])),
);
const literal = fc.constantFrom('a', 'b', 'A', '0', '7', '-', '_', ' ', 'é', 'K', 'ſ', 'Ω', '中', '😀', '𝒜');
const member = fc.oneof(
  literal.filter((one) => one !== '-'),
  escape,
  fc.constantFrom('\\-', '\\b', '.', '$', '(', '*'),
  fc.constantFrom('a-z', 'A-Z', '0-9', '\\x00-\\x20', 'a-\\u{1f600}', '\\u00a0-\\uffff', '😀-\\u{10ffff}', '+--'),
);
const brackets = fc
  .tuple(
    fc.constantFrom('', '^'),
    fc.constantFrom('', '-'),
    fc.array(member, { maxLength: 4 }),
    fc.constantFrom('', '-'),
  )
  .map(([not, first, members, last]) => `[${not}${first}${members.join('')}${last}]`);
const repeat = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{1,3}?', '{0}');

const { pattern } = fc.letrec<{ pattern: string; part: string; group: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3 },
    fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `${one}|${other}`),
  ),
  part: fc.oneof(
    fc.tuple(fc.oneof(literal, escape, brackets, fc.constant('.')), repeat).map(([one, times]) => one + times),
    fc.constantFrom('^', '$', '\\b', '\\B'),
    tie('group'),
  ),
  group: fc
    .tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern'), repeat)
    .map(([open, inner, times]) => `${open}${inner})${times}`),
}));

const valid = (one: string): boolean => {
  try {
    return new RegExp(one, 'u') instanceof RegExp;
  } catch {
    return false;
  }
};

describe('patterns of schemas', () => {
  test('a pattern means what it means to RegExp with the flag u', () => {
    let compared = 0;
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 4, maxLength: 4 }), (one, texts) => {
        fc.pre(one.length < 120 && valid(one));
        for (const sent of texts) {
          // V8 looks for \B also between the two halves of a character, where the standard has no place.
          if (one.includes('\\B') && /[\u{10000}-\u{10ffff}]/u.test(sent)) continue;
          compared++;
          expect([one, sent, tested(one, sent)]).toEqual([one, sent, new RegExp(one, 'u').test(sent)]);
        }
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(4000);
  });

  test.each(['\\d', '\\w', '\\s', '.', '[^\\W_]', ...PROPERTIES.map((one) => `\\p{${one}}`)])(
    '%s takes the characters that RegExp takes, of every plane',
    (one) => {
      const ours = linearPattern(`^${one}$`);
      const theirs = new RegExp(`^${one}$`, 'u');
      const differ: string[] = [];
      for (let code = 0; code <= 0x10ffff; code += code < 0x3100 ? 1 : 61) {
        const char = String.fromCodePoint(code);
        if (ours.test(char) !== theirs.test(char)) differ.push(code.toString(16));
      }
      expect(differ).toEqual([]);
    },
  );

  test.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(a*)*b', '^([a-z]+)*$', '^(.*a){20}$', 'a*a*a*a*a*b'])(
    '%s is answered in time linear in the input',
    (hostile) => {
      const schema = { properties: { a: { type: 'string', pattern: hostile } } };
      const keyed = { patternProperties: { [hostile]: false } };
      for (const length of [1000, 100_000]) {
        const sent = `${'a'.repeat(length)}!`;
        const started = performance.now();
        expect(checkInput(schema, { a: sent })?.code).toBe('input_invalid');
        expect(checkInput(keyed, { [sent]: 1 })).toBeNull();
        expect(performance.now() - started).toBeLessThan(2000);
      }
    },
  );

  const LACKING = ['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b', '(a)\\1', '(?<n>a)\\k<n>', '(?i:a)', '\\p{scx=Greek}'];
  const LARGE = ['a{1001}', 'a{2,1001}', '(?:a{100}){100}', '(?:abcdefgh){900}', 'a'.repeat(4097)];

  test.each([...LACKING, ...LARGE].map((one) => [one.slice(0, 30), one]))('%s is refused, not tried', (_, one = '') => {
    expect(() => linearPattern(one)).toThrow(PatternRefused);
  });

  test.each(['(', 'a{2,1}', '\\q', '[b-a]'])('%s is no pattern', (one) => {
    expect(() => linearPattern(one)).toThrow(SyntaxError);
  });

  test('publishing a look-behind is refused with the why and the next step', () => {
    const tool = (given: object): string =>
      JSON.stringify({
        kind: 'tool',
        name: 'find',
        input: { type: 'object', ...given },
        endpoint: { type: 'function', function: 'find' },
      });
    for (const given of [{ properties: { a: { pattern: '(?<=a)b' } } }, { patternProperties: { '(?<=a)b': {} } }]) {
      const answer = parseDocuments(tool(given));
      expect(answer.ok ? null : answer.failure).toMatchObject({
        code: 'definition_invalid',
        details: {
          '/0/input': expect.stringMatching(
            /the pattern "\(\?<=a\)b" has a look-behind: .*time that grows without bound\. Write the pattern without/,
          ) as string,
        },
      });
    }
    expect(parseDocuments(tool({ properties: { a: { pattern: '^[a-z]{1,63}$' } } })).ok).toBe(true);
  });

  test('a stored schema with such a pattern lets nothing pass, and says so', () => {
    const stored = { properties: { a: { type: 'string', pattern: '^(?!x)' } } };
    for (const value of [{ a: 'b' }, { a: 'x' }, {}]) {
      expect(checkInput(stored, value)).toMatchObject({
        code: 'schema_pattern_refused',
        class: 'permanent',
        next: expect.stringContaining('without look-around') as string,
      });
    }
  });

  test('more large patterns than can be compiled at once are refused', () => {
    const bounded = (count: number) => ({
      allOf: Array.from({ length: count }, (_, i) => ({ pattern: `^.{${900 - i}}$` })),
    });
    expect(checkInput(bounded(100), '')?.code).toBe('input_invalid');
    expect(checkInput(bounded(200), '')?.code).toBe('schema_pattern_refused');
  });

  test('many large patterns on one large value are refused before they take long, and the next check begins anew', () => {
    const large = { pattern: '^[ab]*a[ab]{900}$' };
    const schema = { $defs: { large }, anyOf: Array.from({ length: 100 }, () => ({ $ref: '#/$defs/large' })) };
    expect(checkInput(schema, `${'ab'.repeat(25_000)}!`)?.code).toBe('schema_pattern_refused');
    expect(checkInput(schema, 'ab'.repeat(450))).toMatchObject({ code: 'input_invalid' });
    expect(checkInput(schema, 'ba'.repeat(451))).toBeNull();
  });
});

describe('the format url', () => {
  const parts = [
    'http://',
    'ftp://',
    'a',
    'b-c',
    '.',
    '.com',
    ':',
    '@',
    '/',
    '80',
    '10.0.0.1',
    '8.8.8.8',
    ' ',
    'é',
    '😀',
    '?',
  ];

  test('takes what ajv-formats takes', () => {
    const url = fc.array(fc.constantFrom(...parts), { maxLength: 9 }).map((some) => some.join(''));
    fc.assert(
      fc.property(url, fc.constantFrom('', 'http://', 'HTTPS://a@', 'ftp://a.com', 'http://8.8.8.8'), (rest, first) => {
        const sent = first + rest;
        expect([sent, isUrl(sent)]).toEqual([sent, (fullFormats.url as RegExp).test(sent)]);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([':', '@', ':@', '@/', 'a.'])('a long row of %s is answered in time linear in it', (row) => {
    const started = performance.now();
    expect(isUrl(`http://${row.repeat(100_000)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
