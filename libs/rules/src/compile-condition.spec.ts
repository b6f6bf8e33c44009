import type { Json } from '@writ/kernel';
import fc from 'fast-check';
import { compileCondition } from './compile-condition';
import type { AttributeSpec, Facts } from './facts';

const declared = new Map<string, AttributeSpec>([
  ['order.owner', { type: 'string', maxAgeMs: 0 }],
  ['order.total', { type: 'number', maxAgeMs: 0 }],
]);

const nested = (depth: number): Json => (depth === 0 ? { eq: ['initiator.id', 'a'] } : { not: nested(depth - 1) });

describe('a condition that means nothing', () => {
  it.each<[string, string, Json]>([
    ['bad_condition', '', 'owner'],
    ['bad_condition', '', {}],
    ['bad_condition', '', { eq: ['initiator.id', 'a'], ne: ['initiator.id', 'b'] }],
    ['unknown_operator', '', { matches: ['initiator.id', '.*'] }],
    ['unknown_operator', '/all/1', { all: [{ eq: ['initiator.id', 'a'] }, { eval: 'true' }] }],
    ['bad_condition', '/all', { all: [] }],
    ['bad_condition', '/eq', { eq: ['initiator.id'] }],
    ['unknown_path', '/eq/0', { eq: ['initator.id', 'a'] }],
    ['unknown_path', '/eq/0', { eq: ['constructor', 'a'] }],
    ['unknown_path', '/eq/0', { eq: ['args./a~2b', 'a'] }],
    // The same misspelling on both sides would be undefined on both sides, and equal.
    ['unknown_attribute', '/eq/0', { eq: ['resource.ownr', { path: 'resource.ownr' }] }],
    ['type_mismatch', '/eq', { eq: ['resource.total', { path: 'initiator.id' }] }],
    ['type_mismatch', '/eq', { eq: ['resource.owner', 5] }],
    ['type_mismatch', '/lt', { lt: ['resource.owner', true] }],
    ['type_mismatch', '/eq', { eq: ['initiator.roles', 'role:x'] }],
    ['type_mismatch', '/contains', { contains: ['initiator.id', 'x'] }],
    ['bad_condition', '/eq/1', { eq: ['resource.owner', 'initiator.id'] }],
    ['bad_condition', '/eq/1', { eq: ['resource.owner', { value: { a: 1 } }] }],
    ['bad_condition', '/eq/1', { eq: ['resource.owner', { path: 'initiator.id', with: 'a', without: 'b' }] }],
    ['bad_condition', '/in/1', { in: ['initiator.id', []] }],
    ['bad_condition', '/in/1', { in: ['initiator.id', ['a', 1]] }],
    ['bad_condition', '/amount', { amount: { of: 'args./x' } }],
    ['bad_condition', '/amount', { amount: { of: 'args./x', at_most: '1e5' } }],
    ['bad_condition', '/count', { count: { of: 'args./x', at_most: 1.5 } }],
    ['bad_condition', '/within', { within: { from: '9:00', to: '17:00' } }],
    ['bad_condition', '/within', { within: { from: '09:00', to: '09:00' } }],
    ['bad_condition', '/within/offset', { within: { from: '09:00', to: '10:00', offset: 'Europe/Berlin' } }],
    ['bad_condition', '/within', { within: { from: '09:00', to: '10:00', zone: 'Z' } }],
  ])('is refused as %s at %j: %j', (code, pointer, expression) => {
    const compiled = compileCondition('c', expression, declared);
    expect(compiled).toMatchObject({ ok: false, failure: { code, details: { condition: 'c', pointer } } });
  });

  it('is refused when it is too deep or too long to end soon', () => {
    expect(compileCondition('c', nested(16), declared).ok).toBe(true);
    expect(compileCondition('c', nested(17), declared)).toMatchObject({
      ok: false,
      failure: { code: 'bad_condition' },
    });
    const many = (n: number): Json => ({ any: Array.from({ length: n }, () => ({ eq: ['initiator.id', 'a'] })) });
    expect(compileCondition('c', many(127), declared).ok).toBe(true);
    expect(compileCondition('c', many(128), declared).ok).toBe(false);
  });

  it('may hold a text that looks like a path when it says so', () => {
    const compiled = compileCondition('c', { eq: ['resource.owner', { value: 'initiator.id' }] }, declared);
    expect(compiled.ok).toBe(true);
  });
});

const path = fc.constantFrom(
  'initiator.id',
  'initiator.roles',
  'args./a',
  'args./b/0',
  'resource.owner',
  'resource.total',
  'resource.id',
  'handoff.depth',
  'time.hour',
  'object.version',
);
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double());
const right = fc.oneof(
  scalar,
  path.map((text) => ({ path: text })),
);
const expressions = fc.letrec<{ node: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc
      .tuple(fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'prefix', 'in'), path, right)
      .map(([op, left, value]) => ({ [op]: [left, op === 'in' ? [value] : value] })),
    fc.tuple(fc.constantFrom('exists', 'absent'), path).map(([op, left]) => ({ [op]: left })),
    fc.tuple(path, fc.integer()).map(([of, most]) => ({ amount: { of, at_most: most } })),
    fc.tuple(path, fc.nat()).map(([of, most]) => ({ count: { of, at_most: most } })),
  ),
  node: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('node').map((not) => ({ not })),
  ),
})).node as fc.Arbitrary<Json>;

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  initiator: fc.record({ id: fc.string(), kind: fc.constant('user'), roles: fc.array(fc.string()) }),
  agent: fc.constant(null),
  object: fc.record({ type: fc.constant('tool'), id: fc.string() }),
  resource: fc.option(fc.constant({ type: 'order', id: '1' })),
  attributes: fc.dictionary(
    fc.constantFrom('order.owner', 'order.total'),
    fc.record({ value: fc.jsonValue() as fc.Arbitrary<Json>, at: fc.constant(0) }),
  ),
  args: fc.option(fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue() as fc.Arbitrary<Json>)),
  handoff: fc.constant(null),
  now: fc.constant(0),
});

describe('a condition that compiles', () => {
  it('is total: any facts give true, false or error, never an exception', () => {
    let compiledOnes = 0;
    fc.assert(
      fc.property(expressions, anyFacts, (expression, facts) => {
        const compiled = compileCondition('c', expression, declared);
        if (!compiled.ok) return;
        compiledOnes += 1;
        const { truth, error } = compiled.value.evaluate(facts);
        expect([true, false, 'error']).toContain(truth);
        expect(error === null).toBe(truth !== 'error');
        expect(compiled.value.blame(facts) === null).toBe(truth === true);
      }),
      { numRuns: 2_000 },
    );
    expect(compiledOnes).toBeGreaterThan(500);
  });

  it('refuses whatever else it is given, with a code and without an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>, (expression) => {
        const compiled = compileCondition('c', expression, declared);
        if (!compiled.ok) expect(compiled.failure.code).toMatch(/^[a-z_]+$/);
      }),
    );
  });
});
