import fc from 'fast-check';
import { allOf, type CompareOp, group, NOWHERE, partsOf, type QueryNode, type QueryTest } from './ast';
import { QUERY_FIELDS, type QueryField } from './fields';
import { parseQuery } from './parse';
import { printQuery } from './print';

/** A tree without its places: what two spellings of one query have in common. */
function bare(node: QueryNode | null): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'span' ? undefined : value)));
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('OR', 'AND', '-', 'a"b', '\\', 'x\\"', 'status:failed', '(', 'now', '..', 'a*', '>3'),
);
const time = fc.constantFrom(
  'now',
  'today',
  '-15m',
  '-7d',
  '2026-11-22',
  '2026-11-22T09:30Z',
  '2026-11-22T09:30:01.5+02:00',
);
const duration = fc.constantFrom('250ms', '30s', '1h30m', '1.5d');
const number = fc.nat({ max: 99_999 }).map(String);
const op = fc.constantFrom<CompareOp>('>', '>=', '<', '<=');

function testsOf(field: QueryField): fc.Arbitrary<QueryTest> {
  const is = (value: fc.Arbitrary<string>) => value.map((one): QueryTest => ({ kind: 'is', value: one }));
  if (field.type === 'word') return is(fc.constantFrom(...field.words!));
  if (field.type === 'name') {
    const starts = fc.oneof(text, fc.constant('')).map((value): QueryTest => ({ kind: 'starts', value }));
    return fc.oneof(is(text), starts);
  }
  const value = field.type === 'time' ? time : field.type === 'duration' ? duration : number;
  return fc.oneof(
    is(value),
    fc.record({ op, value }).map((test): QueryTest => ({ kind: 'compare', ...test })),
    fc
      .constantFrom('from', 'to')
      .chain((end) => value.map((one): QueryTest => ({ kind: 'range', from: null, to: null, [end]: one }))),
  );
}

const leaf: fc.Arbitrary<QueryNode> = fc.oneof(
  text.map((one): QueryNode => ({ kind: 'text', text: one, span: NOWHERE })),
  fc
    .constantFrom(...QUERY_FIELDS.runs)
    .chain((field) =>
      fc
        .array(testsOf(field), { minLength: 1, maxLength: 3 })
        .map((tests): QueryNode => ({ kind: 'field', field: field.name, tests, span: NOWHERE })),
    ),
);

const { tree } = fc.letrec<{ tree: QueryNode }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    tie('tree').map((item): QueryNode => ({ kind: 'not', item, span: NOWHERE })),
    fc
      .tuple(fc.constantFrom<'and' | 'or'>('and', 'or'), fc.array(tie('tree'), { minLength: 1, maxLength: 4 }))
      .map(([kind, items]) => group(kind, items)!),
  ),
}));

describe('a query', () => {
  it('printed and read again is the same query, whatever it asks', () => {
    fc.assert(
      fc.property(tree, (root) => {
        const said = printQuery(root);
        const read = parseQuery(said, 'runs');
        expect([said, read.faults]).toEqual([said, []]);
        expect(bare(read.root)).toEqual(bare(root));
      }),
      { seed: 20261122, numRuns: 1500 },
    );
  });

  it('is taken apart into chips and put together again', () => {
    fc.assert(
      fc.property(tree, (root) => {
        const chips = partsOf(root).map((part) => (part.kind === 'or' ? `(${printQuery(part)})` : printQuery(part)));
        expect(bare(parseQuery(chips.join(' '), 'runs').root)).toEqual(bare(root));
        expect(bare(allOf(partsOf(root)))).toEqual(bare(root));
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it('of any characters whatever is read without failing, and without faults it says the same when printed', () => {
    const scraps = fc.constantFrom(
      'status:',
      'failed',
      '"',
      '(',
      ')',
      '-',
      'OR',
      ',',
      '..',
      '>',
      '*',
      ' ',
      'x',
      ':',
      '\\',
      'started:',
    );
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(scraps, { maxLength: 14 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(noise, (said) => {
        const { root, faults } = parseQuery(said, 'runs');
        for (const { start, end } of faults) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(said.length);
        }
        if (faults.length > 0) return;
        const again = parseQuery(printQuery(root), 'runs');
        expect([again.faults, bare(again.root)]).toEqual([[], bare(root)]);
      }),
      { seed: 20261122, numRuns: 3000 },
    );
  });

  it('covers every character of its text: what is neither in a part nor in a fault is space, sign or parenthesis', () => {
    const said = ' status:failed,denied (agent:"a b" OR -tool:pay*)  "free text" word';
    const { root } = parseQuery(said, 'runs');
    const read = partsOf(root).map(({ span }) => said.slice(span.start, span.end));
    expect(read).toEqual(['status:failed,denied', 'agent:"a b" OR -tool:pay*', '"free text"', 'word']);
  });
});

describe('the grammar', () => {
  const shape = (said: string): string => {
    const { root, faults } = parseQuery(said, 'runs');
    expect([said, faults]).toEqual([said, []]);
    return printQuery(root);
  };

  it('binds NOT before AND before OR', () => {
    expect(bare(parseQuery('a b OR -c d', 'runs').root)).toEqual(bare(parseQuery('(a b) OR ((-c) d)', 'runs').root));
    expect(shape('a (b OR c)')).toBe('a (b OR c)');
    expect(shape('((a)) (b (c d))')).toBe('a b c d');
    expect(shape('-(a b)')).toBe('-(a b)');
    expect(shape('--a')).toBe('--a');
  });

  it('reads the query of the specification as far as runs have its fields', () => {
    const said =
      'status:failed agent:refund-bot tool:payments.* decision:deny duration:>30s started:-24h..now -workflow:dev "chargeback dispute"';
    expect(shape(said)).toBe(said);
  });

  it('of nothing finds everything', () => {
    for (const said of ['', '   ', '\n\t']) expect(parseQuery(said, 'runs')).toEqual({ root: null, faults: [] });
  });
});

describe('what is wrong with a query is named with its place', () => {
  const told = (said: string, list: 'runs' | 'audit' = 'runs') =>
    parseQuery(said, list).faults.map(({ start, end, code }) => [said.slice(start, end), code]);

  it.each([
    ['stauts:failed', 'stauts:', 'unknown_field'],
    ['cost:>0.5', 'cost:', 'unknown_field'],
    ['status:done', 'done', 'unknown_value'],
    ['status:failed,done', 'done', 'unknown_value'],
    ['status:fail*', 'fail*', 'no_wildcard'],
    ['status:>failed', '>failed', 'no_order'],
    ['status:', 'status:', 'empty_value'],
    ['agent:""', '""', 'empty_value'],
    ['agent:a..b', 'a..b', 'no_order'],
    ['agent:a*b', 'a*b', 'no_wildcard'],
    ['tokens:many', 'many', 'wrong_value'],
    ['tokens:>', '>', 'wrong_value'],
    ['tokens:9..3', '9..3', 'empty_range'],
    ['tokens:3*', '3*', 'no_wildcard'],
    ['duration:30', '30', 'wrong_value'],
    ['started:-24', '-24', 'wrong_value'],
    ['started:2026-02-30', '2026-02-30', 'wrong_value'],
    ['started:2026-13-01..now', '2026-13-01..now', 'wrong_value'],
    ['started:now..-1h', 'now..-1h', 'empty_range'],
    ['"never closed', '"never closed', 'unterminated'],
    ['agent:"never closed', '"never closed', 'unterminated'],
    ['(status:failed', '(', 'unbalanced'],
    ['status:failed)', ')', 'unbalanced'],
    ['()', '()', 'dangling'],
    ['OR status:failed', 'OR', 'dangling'],
    ['status:failed OR', 'OR', 'dangling'],
    ['a AND b', 'AND', 'unexpected'],
    ['a , b', ',', 'unexpected'],
    ['"a"b', 'b', 'unexpected'],
    ['"a"*', '*', 'unexpected'],
    ['""', '""', 'empty_value'],
    ['a\u0000b', '\u0000', 'unexpected'],
    ['agent:\ud800', '\ud800', 'unexpected'],
  ])('%s', (said, place, code) => expect(told(said)).toEqual([[place, code]]));

  it('all at once, in order, while the rest is still read', () => {
    expect(told('stauts:failed agent:x duration:long (is:live')).toEqual([
      ['stauts:', 'unknown_field'],
      ['long', 'wrong_value'],
      ['(', 'unbalanced'],
    ]);
    expect(partsOf(parseQuery('stauts:failed agent:x', 'runs').root)).toHaveLength(2);
  });

  it('by list: a field of one is unknown to the other', () => {
    expect(told('tokens:>3', 'audit')).toEqual([['tokens:', 'unknown_field']]);
    expect(told('actor:user:ann', 'runs')).toEqual([['actor:', 'unknown_field']]);
    expect(parseQuery('actor:user:ann', 'audit').faults).toEqual([]);
  });

  it('and the fields and words that would do are listed', () => {
    expect(parseQuery('stauts:failed', 'runs').faults[0]?.allowed).toContain('status');
    expect(parseQuery('status:done', 'runs').faults[0]?.allowed).toContain('succeeded');
  });

  it('a query too long, too deep or with too many conditions is refused, not tried', () => {
    expect(told('x'.repeat(2001)).map(([, code]) => code)).toEqual(['too_long']);
    expect(told(`${'('.repeat(900)}a${')'.repeat(900)}`).map(([, code]) => code)).toEqual(['too_deep']);
    expect(told('-'.repeat(1900) + 'a').map(([, code]) => code)).toEqual(['too_deep']);
    expect(told(Array.from({ length: 101 }, () => 'a').join(' ')).map(([, code]) => code)).toEqual(['too_many']);
    expect(told(`agent:${Array.from({ length: 101 }, () => 'a').join(',')}`).map(([, code]) => code)).toEqual([
      'too_many',
    ]);
    expect(told(Array.from({ length: 100 }, () => 'a').join(' '))).toEqual([]);
  });
});
