import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json';
import { checkInput } from './schemas';

const schema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    at: { type: 'string', format: 'date-time' },
    n: { type: 'integer', minimum: 1 },
  },
  required: ['id'],
  additionalProperties: false,
};

describe('input against its schema', () => {
  test.each([
    [{ id: 'x', n: 2 }, null],
    [{}, "the input must have required property 'id'"],
    [{ id: 7 }, '/id must be string'],
    [{ id: 'x', n: 0 }, '/n must be >= 1'],
    [{ id: 'x', at: 'soon' }, '/at must match format "date-time"'],
    [{ id: 'x', colour: 'red' }, 'the input must NOT have additional properties (colour)'],
    ['text', 'the input must be object'],
  ])('%j: %s', (value, message) => {
    expect(checkInput(schema, value)?.message ?? null).toBe(message);
  });

  test('nothing is converted on the way: what was sent is what is checked', () => {
    const value = { id: 'x', n: '3' };
    expect(checkInput(schema, value)?.code).toBe('input_invalid');
    expect(value).toEqual({ id: 'x', n: '3' });
  });

  test('two schemas under one $id do not meet', () => {
    const named = (type: string) => ({ $id: 'https://example.com/input', type: 'object', properties: { a: { type } } });
    expect(checkInput(named('string'), { a: 'x' })).toBeNull();
    expect(checkInput(named('number'), { a: 1 })).toBeNull();
  });

  const dialect = 'https://json-schema.org/draft/2020-12/schema';
  test.each<readonly [object, unknown]>([
    [{ type: 'strin' }, 1],
    [{ properties: { a: { minimum: 'x' } } }, {}],
    [{ $schema: 7 }, {}],
    [{ $schema: 'https://example.com/own' }, {}],
    [{ $schema: dialect, prefixItems: [{ type: 'string' }], items: false }, ['x', 1]],
    [{ $schema: 'http://json-schema.org/draft-07/schema#', definitions: { a: { type: 'null' } } }, {}],
    [{ $schema: 'http://json-schema.org/draft-07/schema#', required: 'a' }, {}],
    [{ $ref: dialect }, { type: 'nothing' }],
    [{ properties: { schema: { $ref: dialect } } }, { schema: { type: 'object' } }],
    [{ $ref: 'http://json-schema.org/draft-07/schema#' }, { required: 'a' }],
    [{ $ref: 'https://example.com/other' }, {}],
    [{ $ref: '#/$defs/none' }, {}],
    [{ $defs: { a: { $id: 'https://example.com/a', type: 'string' } }, $ref: 'https://example.com/a' }, 1],
    [{ $dynamicRef: '#node', $defs: { a: { $dynamicAnchor: 'node', type: 'number' } } }, 'x'],
    [{ format: 'email' }, 'nobody'],
    [{ format: 'unheard-of' }, 'x'],
    [{ unevaluatedProperties: false, properties: { a: true } }, { b: 1 }],
  ])('%j means what it means where the dialects are compiled beside it', (one, value) => {
    const said = (check: () => string | undefined): string | undefined => {
      try {
        return check();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const beside = (): string | undefined => {
      const ajv = new Ajv2020({ strict: false, logger: false });
      addFormats(ajv);
      ajv.addMetaSchema(draft07);
      const check = ajv.compile(structuredClone(one));
      return check(value)
        ? undefined
        : `${check.errors?.[0]?.instancePath || 'the input'} ${check.errors?.[0]?.message}`;
    };
    const own = (): string | undefined => checkInput(one as never, value as never)?.message;
    const expected = said(beside);
    // What ajv ends by an overflow of the stack is a refusal here.
    if (expected === 'Maximum call stack size exceeded') expect(said(own)).toContain('refers to itself without end');
    else expect(said(own)?.replace(/ \(.*\)$/, '')).toBe(expected);
  });
});
