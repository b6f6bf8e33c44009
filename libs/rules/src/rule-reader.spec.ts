import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { type ReadLine, RefusedLine, RuleReader } from './rule-reader';

const random = seeded('rule lines');
const runs = () => ({
  numRuns: process.env['WRIT_SOAK'] === '1' ? 50_000 : 3_000,
  seed: Math.floor(random() * 2 ** 31),
});

const WORDS = { actions: ['tool.invoke', 'run.start'], objectTypes: ['tool'], subjectTypes: ['user', 'agent'] };

/** What a line is read as, or why it is none. */
function read(line: string): unknown {
  try {
    return new RuleReader(WORDS).read(line);
  } catch (error) {
    if (error instanceof RefusedLine) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const column = fc.oneof(
  fc.constantFrom(
    'user:ann',
    'role:r',
    'tool:x',
    'tool:x*',
    'class:c',
    '*',
    'tool.invoke',
    'tool.*',
    'allow',
    'deny',
    '',
  ),
  fc.constantFrom('{tenant}', 'ask|tell', 'cond_1', 'rid', '?rid', 'a b', 'a"b', 'user:ü', '\u00a0', 'user:\u200b'),
  fc.string({ maxLength: 6 }),
);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('p', 'p2', 'g', 'g2', 'q'), fc.array(column, { maxLength: 10 }))
    .map((parts) => parts.flat()),
  // Mostly right, so that what is read is looked at too.
  fc
    .record({
      who: fc.constantFrom('user:ann', 'role:r', 'agent:a', '*', 'user:a*', 'bot:x', ''),
      what: fc.constantFrom('tool:x', 'tool:*', 'class:c', '*', 'box:y'),
      act: fc.constantFrom('tool.invoke', 'tool.*', '*', 'tool.burn'),
      cond: fc.constantFrom('', 'cond_1', 'a*'),
      eft: fc.constantFrom('allow', 'deny', 'Allow', ''),
      rest: fc.array(fc.constantFrom('', 'ask', 'ask|tell', 'rid', '?rid'), { maxLength: 3 }),
    })
    .map(({ who, what, act, cond, eft, rest }) => ['p', who, '{tenant}', what, act, cond, eft, ...rest]),
  fc
    .tuple(
      fc.constantFrom('g', 'g2'),
      fc.constantFrom('user:ann', 'tool:x', 'role:r'),
      fc.constantFrom('role:r', 'class:c'),
    )
    .map(([section, member, group]) => [section, member, group, '{tenant}']),
);

describe('a rule line', () => {
  it('means the same however it is spaced', () => {
    fc.assert(
      fc.property(line, fc.constantFrom(',', ',  ', ' , ', ',\t'), (columns, comma) => {
        // A line is trimmed by whoever takes a text apart.
        expect(read(columns.join(', ').trim())).toEqual(read(columns.join(comma).trim()));
      }),
      runs(),
    );
  }, 600_000);

  it('comes back from the one way to write it', () => {
    for (const written of ['p,user:ann,{tenant},tool:x,tool.invoke,,allow', 'g ,user:ann, role:r,{tenant}']) {
      const first = read(written) as ReadLine;
      expect(read('line' in first ? first.line : `${first.text}, ${first.rule.rid}`)).toEqual(first);
    }
  });
});
