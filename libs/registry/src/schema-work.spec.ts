import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '@writ/kernel';
import { Ajv2020 } from 'ajv/dist/2020';
import * as fc from 'fast-check';
import { checkInput } from './schemas';
import { marked } from './schema-work';

const refused = { code: 'schema_refused' };
const chain = (length: number, wide: number, applied: 'allOf' | 'anyOf' | 'oneOf'): JsonObject => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: length + 1 }, (_, i) => [
      `d${i}`,
      i === length
        ? { type: 'string' }
        : { [applied]: Array.from({ length: wide }, () => ({ $ref: `#/$defs/d${i + 1}` })) },
    ]),
  ),
});

describe('the work of a check', () => {
  /** Schemas that refer to one another a few times, with what the counting changes: lists of different items. */
  const leaf = fc.constantFrom<JsonObject>(
    { type: 'string', maxLength: 2 },
    { type: 'integer', minimum: 1 },
    { enum: ['a', 1, null, { a: 1 }] },
    { const: { b: [1] } },
    { uniqueItems: true },
    { type: 'array', items: { type: ['string', 'integer'] }, uniqueItems: true },
    {},
  );
  const node = fc.oneof(
    leaf,
    fc.constantFrom<JsonObject>({ $ref: '#/$defs/one' }, { $ref: '#/$defs/two' }),
    fc.array(leaf, { minLength: 1, maxLength: 3 }).map((anyOf): JsonObject => ({ anyOf })),
    leaf.map((items): JsonObject => ({ items, uniqueItems: true })),
    leaf.map((a): JsonObject => ({ properties: { a, const: a }, additionalProperties: { $ref: '#/$defs/two' } })),
    fc.tuple(leaf, leaf).map(([a, not]): JsonObject => ({ if: a, then: { not }, else: { oneOf: [a, not] } })),
  );
  const schema = fc
    .record({ root: node, one: node, two: leaf, extra: leaf })
    .map(({ root, one, two, extra }): JsonObject => {
      // `one` may lead to `two`, never back to itself.
      const first = one['$ref'] === '#/$defs/one' ? {} : one;
      return { allOf: [root, extra], properties: { next: { $ref: '#' } }, $defs: { one: first, two } };
    });
  const value: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>('a', 'abc', 1, 0, null, true, { a: 1 }, { b: [1] }),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'const', 'next'), tie('json'), { maxKeys: 3 }),
    ),
  })).json;

  it('is counted without changing what a schema takes', () => {
    fc.assert(
      fc.property(schema, value, (given, any) => {
        const plain = new Ajv2020({ strict: false, validateSchema: false, meta: false }).compile(given);
        expect({ given, any, holds: checkInput(given, any) === null }).toEqual({ given, any, holds: plain(any) });
      }),
      { numRuns: 300 },
    );
  });

  it('ends at its bound, however often a chain of references applies the same schema to one value', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 26, max: 60 }),
        fc.integer({ min: 2, max: 10 }),
        fc.constantFrom('allOf' as const, 'anyOf' as const, 'oneOf' as const),
        fc.constantFrom<Json>('text', 1, {}),
        (length, wide, applied, any) => {
          const started = performance.now();
          const found = checkInput(chain(length, wide, applied), any);
          // Some end early by themselves: one of several that fails, or that holds, may be enough.
          if (found !== null) expect(['schema_refused', 'input_invalid']).toContain(found.code);
          expect(performance.now() - started).toBeLessThan(10_000);
        },
      ),
      { numRuns: 20 },
    );
    expect(checkInput(chain(40, 2, 'allOf'), 'text')).toMatchObject({
      ...refused,
      message: expect.stringContaining('more than 20000000 steps') as string,
      next: expect.stringContaining('2^n') as string,
    });
    let list: Json = {};
    for (let i = 0; i < 60; i++) list = { next: list };
    const next = { properties: { next: { $ref: '#' } } };
    expect(checkInput({ allOf: [next, next] }, list)).toMatchObject(refused);
    expect(checkInput(next, list)).toBeNull();
  });

  it.each([
    ['many alternatives for each of many items', { anyOf: [...new Array<Json>(1_999).fill({ minimum: 2 }), {}] }, 1],
    [
      'a long list of values for each of many items',
      { enum: Array.from({ length: 5_000 }, (_, i) => `v${i}`) },
      'v4999',
    ],
  ])('ends at its bound for %s', (_what, items, item) => {
    const list: Json = new Array<Json>(100_000).fill(item);
    const many = { items: { not: { not: items } } } as JsonObject;
    expect(checkInput(many, list)).toMatchObject(refused);
    expect(checkInput(many, list.slice(0, 10))?.code ?? 'ok').not.toBe('schema_refused');
  });

  it('is no more for a leaf that is referred to from many places', () => {
    const leaf200 = {
      properties: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, { minLength: 1 }])),
    };
    const many = { allOf: new Array<Json>(1_000).fill({ $ref: '#/$defs/leaf' }), $defs: { leaf: leaf200 } };
    const started = performance.now();
    expect(checkInput(many, { p7: 'x' })).toBeNull();
    // Written out at each place it took minutes, or all of the stack.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(checkInput(many, { p7: '' })).toMatchObject({ code: 'input_invalid' });
  });

  it('cannot be hidden where a schema has data: a reference into it is refused', () => {
    const hidden = { not: { $ref: '#/const/a' } };
    for (const [given, pointer] of [
      [{ const: { a: hidden }, properties: { q: { $ref: '#/const/a' } } }, '#/const/a'],
      [{ properties: { not: {} }, items: { $ref: '#/properties' } }, '#/properties'],
      [
        { $id: 'urn:x', $defs: { y: { $id: 'urn:y', default: { a: {} } } }, items: { $ref: 'urn:y#/default/a' } },
        '#/default/a',
      ],
    ] as const) {
      expect(checkInput(given, {})).toMatchObject({
        ...refused,
        message: expect.stringContaining(`leads to ${pointer}, which is no schema by its place`) as string,
      });
    }
    expect(
      checkInput({ properties: { const: { type: 'string' }, q: { $ref: '#/properties/const' } } }, { q: 'x' }),
    ).toBeNull();
  });

  it('is refused as endless where a schema is applied to its own value for ever', () => {
    for (const given of [
      { allOf: [{ $ref: '#' }] },
      { $ref: '#/$defs/a', $defs: { a: { not: { $ref: '#/$defs/a' } } } },
    ]) {
      expect(checkInput(given, 1)).toMatchObject({
        ...refused,
        message: expect.stringContaining('refers to itself without end') as string,
      });
    }
  });

  it('is not counted where a small schema refers to nothing: it is used as it is', () => {
    const small = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
    expect(marked(small)).toBe(small);
    const refers = { properties: { next: { $ref: '#' } } };
    expect(marked(refers)).not.toBe(refers);
  });
});

describe('lists of different items', () => {
  const json = fc.jsonValue({ maxDepth: 2 }).map((any) => any as Json);
  it('are told as by comparing each with each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(json, fc.constantFrom<Json>({ a: 1, b: [] }, { b: [], a: 1 }, 0, -0, '0', []))),
        (list) => {
          const all = JSON.parse(JSON.stringify(list)) as Json[];
          const twice = all.some((one, i) => all.slice(0, i).some((other) => isDeepStrictEqual(one, other)));
          expect(checkInput({ uniqueItems: true }, all) === null).toBe(!twice);
        },
      ),
    );
  });

  it('are told in time by their size, and by which items are the same', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => ({ i }));
    expect(checkInput({ uniqueItems: true }, many)).toBeNull();
    expect(
      checkInput({ properties: { a: { uniqueItems: true } } }, { a: [1, { x: 1, y: 2 }, { y: 2, x: 1 }] }),
    ).toMatchObject({
      code: 'input_invalid',
      message: '/a must NOT have duplicate items (items ## 1 and 2 are identical)',
    });
  });
});
