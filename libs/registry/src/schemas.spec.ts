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
});
