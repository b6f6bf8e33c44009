import type { JsonObject } from '@writ/kernel';
import fc from 'fast-check';
import { references, resolveTemplate, valueAt } from './template';

const scope = {
  input: { order_id: '#W1', 'a/b': { '~c': [10, 20] } },
  steps: { find: { output: { id: 7, list: ['x'] } }, nothing: { output: null } },
};

const resolved = (template: JsonObject): unknown => {
  const result = resolveTemplate(template, scope);
  return result.ok ? result.value : result.failure.code;
};

describe('templates', () => {
  test('a reference is replaced by what it names, at any depth, and constants stay', () => {
    const template = { order: { $from: '/input/order_id' }, deep: [{ id: { $from: '/steps/find/output/id' } }], n: 1 };
    expect(resolved(template)).toEqual({ order: '#W1', deep: [{ id: 7 }], n: 1 });
  });

  test('null is a value; a missing member is a refusal, never a hole', () => {
    expect(resolved({ a: { $from: '/steps/nothing/output' } })).toEqual({ a: null });
    expect(resolved({ a: { $from: '/input/absent' } })).toBe('template_unresolved');
    expect(resolved({ a: { $from: '/steps/skipped/output' } })).toBe('template_unresolved');
    expect(resolved({ a: { $from: '/steps/find/output/list/-' } })).toBe('template_unresolved');
    expect(resolved({ a: { $from: '/steps/find/output/list/00' } })).toBe('template_unresolved');
  });

  test('a pointer reaches own members only', () => {
    for (const pointer of ['/input/constructor', '/input/__proto__', '/steps/find/output/list/length', '/toString']) {
      expect(resolved({ a: { $from: pointer } })).toBe('template_unresolved');
    }
  });

  test('escapes follow RFC 6901', () => {
    expect(valueAt(scope.input, '/a~1b/~0c/1')).toBe(20);
    expect(valueAt(scope.input, '')).toBe(scope.input);
  });

  test('what is brought in is data: a reference inside it is not followed', () => {
    const result = resolveTemplate({ a: { $from: '/input' } }, { input: { $from: '/steps/find/output' }, steps: {} });
    expect(result).toEqual({ ok: true, value: { a: { $from: '/steps/find/output' } } });
  });

  test('resolving a template without references gives the template back', () => {
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
    fc.assert(
      fc.property(json, (value) => {
        const template = { value };
        fc.pre(references(template).found.length === 0 && references(template).malformed.length === 0);
        expect(resolved(template)).toEqual(template);
      }),
    );
  });

  test('a reference in company, or to no pointer, is malformed', () => {
    expect(references({ a: { $from: '/input', b: 1 }, c: { $from: 3 }, d: { $from: '/input' } })).toEqual({
      found: [{ at: '/d', pointer: '/input' }],
      malformed: ['/a', '/c'],
    });
  });
});
