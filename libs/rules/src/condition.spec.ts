import type { Json } from '@writ/kernel';
import { compileCondition } from './compile-condition';
import type { Truth } from './condition';
import type { AttributeSpec, Facts } from './facts';

const NOW = Date.parse('2026-03-04T10:30:00Z'); // a Wednesday

const declared = new Map<string, AttributeSpec>([
  ['order.owner', { type: 'string', maxAgeMs: 0 }],
  ['order.total', { type: 'number', maxAgeMs: 60_000 }],
  ['order.exists', { type: 'boolean', maxAgeMs: 0 }],
  ['order.items', { type: 'list', maxAgeMs: 0 }],
]);

const attribute = (value: Json, age = 0) => ({ value, at: NOW - age });

const facts: Facts = {
  initiator: { id: 'user:ann', kind: 'user', roles: ['role:customer', 'role:vip'] },
  agent: { id: 'agent:orders', digest: 'sha256:1' },
  object: { type: 'tool', id: 'refund', version: 3 },
  resource: { type: 'order', id: '#W1' },
  attributes: {
    'order.owner': attribute('ann'),
    'order.total': attribute(120.5),
    'order.exists': attribute(true),
    'order.items': attribute(['a', 'b']),
  },
  args: { amount: '100.10', count: 2, who: 'user:ann', tags: ['x', 'y'], nothing: null, deep: { 'a/b': [10, 20] } },
  handoff: { to: 'billing', purpose: 'refunds', depth: 2 },
  now: NOW,
};

function truth(expression: Json, given: Partial<Facts> = {}): Truth {
  const compiled = compileCondition('c', expression, declared);
  if (!compiled.ok) throw new Error(compiled.failure.message);
  return compiled.value.evaluate({ ...facts, ...given }).truth;
}

describe('an operator', () => {
  it.each<[Json, Truth]>([
    [{ eq: ['initiator.id', 'user:ann'] }, true],
    [{ eq: ['initiator.id', 'user:bob'] }, false],
    [{ ne: ['initiator.id', 'user:bob'] }, true],
    [{ eq: ['args./count', 2] }, true],
    [{ eq: ['args./count', 2.5] }, false],
    [{ eq: ['args./nothing', null] }, true],
    [{ eq: ['args./count', null] }, false],
    [{ lt: ['args./count', 3] }, true],
    [{ lte: ['args./count', 2] }, true],
    [{ gt: ['args./count', 2] }, false],
    [{ gte: ['time.date', '2026-03-04'] }, true],
    [{ in: ['handoff.purpose', ['refunds', 'returns']] }, true],
    [{ in: ['handoff.purpose', ['returns']] }, false],
    [{ contains: ['initiator.roles', 'role:vip'] }, true],
    [{ contains: ['args./tags', { path: 'args./tags/1' }] }, true],
    [{ contains: ['resource.items', 'c'] }, false],
    [{ prefix: ['resource.id', '#W'] }, true],
    [{ prefix: ['resource.id', 'W'] }, false],
    [{ exists: 'args./who' }, true],
    [{ exists: 'args./missing' }, false],
    [{ absent: 'args./missing' }, true],
    [{ absent: 'args./nothing' }, true],
    [{ amount: { of: 'args./amount', at_most: '100.1' } }, true],
    [{ amount: { of: 'args./amount', at_most: 100 } }, false],
    [{ amount: { of: 'args./amount', at_least: '100.11' } }, false],
    [{ amount: { of: 'args./count', at_least: 2, at_most: 2 } }, true],
    [{ count: { of: 'args./tags', at_most: 2 } }, true],
    [{ count: { of: 'args./tags', at_least: 3 } }, false],
    [{ within: { from: '09:00', to: '17:00' } }, true],
    [{ within: { from: '09:00', to: '17:00', days: [6, 7] } }, false],
    [{ within: { from: '09:00', to: '17:00', offset: '+07:00' } }, false],
    [{ eq: ['time.weekday', 3] }, true],
    [{ eq: ['time.hour', 10] }, true],
    [{ eq: ['args./deep/a~1b/1', 20] }, true],
    [{ eq: ['handoff.depth', 2] }, true],
    [{ eq: ['object.version', 3] }, true],
  ])('%j is %s', (expression, expected) => {
    expect(truth(expression)).toBe(expected);
  });
});

describe('two paths', () => {
  it.each<[Json, Truth]>([
    [{ eq: ['args./who', { path: 'initiator.id' }] }, true],
    [{ eq: ['resource.owner', { path: 'initiator.id' }] }, false],
    [{ eq: ['resource.owner', { path: 'initiator.id', without: 'user:' }] }, true],
    [{ eq: [{ path: 'resource.owner', with: 'user:' }, { path: 'initiator.id' }] }, true],
    // Another kind of principal has no such prefix: no answer, rather than a comparison of the wrong halves.
    [{ eq: ['resource.owner', { path: 'initiator.id', without: 'service:' }] }, 'error'],
  ])('%j is %s', (expression, expected) => {
    expect(truth(expression)).toBe(expected);
  });
});

describe('a value that is not what a clause expects', () => {
  const bare: Partial<Facts> = { attributes: {} };
  it.each<[string, Json, Partial<Facts>]>([
    ['an absent argument', { eq: ['args./missing', 1] }, {}],
    ['an absent argument, negated', { ne: ['args./missing', 1] }, {}],
    ['arguments that are not there at all', { eq: ['args./who', 'x'] }, { args: null }],
    ['a number where a text is compared', { eq: ['args./who', 2] }, {}],
    ['a list where a scalar is compared', { eq: ['args./tags', 'x'] }, {}],
    ['a text that is no amount', { amount: { of: 'args./who', at_most: 5 } }, {}],
    ['a number with an exponent', { amount: { of: 'args./count', at_most: 5 } }, { args: { count: 1e30 } }],
    ['an object where items are counted', { count: { of: 'args./deep', at_most: 5 } }, {}],
    ['another type in a set', { in: ['args./count', ['a', 'b']] }, {}],
    ['an attribute nobody brought', { eq: ['resource.owner', 'ann'] }, bare],
    ['an attribute nobody brought, asked for absence', { absent: 'resource.owner' }, bare],
    ['an attribute nobody brought, asked for presence', { exists: 'resource.owner' }, bare],
    ['an attribute of another type', { eq: ['resource.owner', 'x'] }, { attributes: { 'order.owner': attribute(7) } }],
    [
      'an attribute that is too old',
      { gt: ['resource.total', 1] },
      { attributes: { 'order.total': attribute(5, 60_001) } },
    ],
    [
      'an attribute from the future',
      { gt: ['resource.total', 1] },
      { attributes: { 'order.total': attribute(5, -9_999) } },
    ],
    ['a call that names no resource', { eq: ['resource.owner', 'ann'] }, { resource: null }],
    [
      'an attribute of another type of resource',
      { eq: ['resource.owner', 'a'] },
      { resource: { type: 'file', id: '1' } },
    ],
    ['no handoff', { eq: ['handoff.depth', 1] }, { handoff: null }],
    ['a member of the prototype', { eq: ['args./constructor', 'x'] }, {}],
    ['a member named like the prototype', { eq: ['args./__proto__', 'x'] }, {}],
  ])('%s is an error', (_name, expression, given) => {
    expect(truth(expression, given)).toBe('error');
  });

  it('of an attribute may be null, which a resolver brings to say there is none', () => {
    const gone: Partial<Facts> = { attributes: { 'order.owner': attribute(null), 'order.exists': attribute(false) } };
    expect(truth({ absent: 'resource.owner' }, gone)).toBe(true);
    expect(truth({ exists: 'resource.owner' }, gone)).toBe(false);
    expect(truth({ eq: ['resource.owner', 'ann'] }, gone)).toBe('error');
    expect(truth({ eq: ['resource.exists', false] }, gone)).toBe(true);
  });
});

describe('all, any and not', () => {
  const clause: { readonly [name: string]: Json } = {
    true: { eq: ['args./count', 2] },
    false: { eq: ['args./count', 3] },
    error: { eq: ['args./missing', 1] },
  };
  const truths: readonly Truth[] = [true, false, 'error'];
  const expected = {
    all: (a: Truth, b: Truth): Truth =>
      a === false || b === false ? false : a === 'error' || b === 'error' ? 'error' : true,
    any: (a: Truth, b: Truth): Truth =>
      a === true || b === true ? true : a === 'error' || b === 'error' ? 'error' : false,
  };

  it.each(truths.flatMap((a) => truths.map((b) => [a, b] as const)))(
    '[I7] combine %s with %s as they should',
    (a, b) => {
      const parts = [clause[String(a)]!, clause[String(b)]!];
      expect(truth({ all: parts })).toBe(expected.all(a, b));
      expect(truth({ any: parts })).toBe(expected.any(a, b));
    },
  );

  it('[I7] leave an error an error under not', () => {
    expect(truth({ not: clause.true! })).toBe(false);
    expect(truth({ not: clause.false! })).toBe(true);
    expect(truth({ not: clause.error! })).toBe('error');
    expect(truth({ not: { not: clause.error! } })).toBe('error');
  });
});

describe('what was found', () => {
  const ownership = { any: [{ eq: ['resource.owner', 'bob'] }, { gt: ['resource.total', 500] }] };

  it('names every value read and every clause, in whatever order they stand', () => {
    const compiled = compileCondition('c', ownership, declared);
    expect(compiled.ok && compiled.value.evaluate(facts)).toEqual({
      truth: false,
      read: {
        'resource.owner': 'ann',
        'resource.owner equals bob': false,
        'resource.total': 120.5,
        'resource.total is above 500': false,
      },
      error: null,
    });
  });

  it('says which clause is missing and what stood in its place', () => {
    const compiled = compileCondition('c', ownership, declared);
    expect(compiled.ok && compiled.value.blame(facts)).toBe(
      'resource.owner equals bob: got ann for order #W1 or resource.total is above 500: got 120.5 for order #W1',
    );
    expect(compiled.ok && compiled.value.blame({ ...facts, attributes: {} })).toContain('order.owner was not brought');
  });

  it('holds long values by their size only', () => {
    const compiled = compileCondition('c', { exists: 'args./text' }, declared);
    const read = compiled.ok ? compiled.value.evaluate({ ...facts, args: { text: 'x'.repeat(9_999) } }).read : {};
    expect(String(read['args./text']).length).toBeLessThan(210);
  });
});
