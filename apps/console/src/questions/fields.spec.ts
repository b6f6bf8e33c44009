import type { JsonObject } from '@writ/kernel';
import { answerOf, fieldsOf } from './fields';

const refund: JsonObject = {
  type: 'object',
  properties: {
    amount: { type: 'number', minimum: 0, description: 'in euros' },
    way: { enum: ['card', 'voucher'] },
    gift: { type: 'boolean' },
    count: { type: 'integer' },
  },
  required: ['amount', 'way'],
};

describe('the form of a question', () => {
  it('asks for what the schema names, and says it as the schema wants it', () => {
    const fields = fieldsOf(refund)!;
    expect(fields.map(({ label, kind, required }) => [label, kind, required])).toEqual([
      ['amount', 'number', true],
      ['way', 'choice', true],
      ['gift', 'boolean', false],
      ['count', 'integer', false],
    ]);
    expect(answerOf(fields, { amount: '12.5', way: 'card', gift: 'false' })).toEqual({
      answer: { amount: 12.5, way: 'card', gift: false },
    });
  });

  it('is not ready while something is missing or is no value of its kind', () => {
    const fields = fieldsOf(refund)!;
    expect(answerOf(fields, { amount: '12' })).toBeNull();
    expect(answerOf(fields, { amount: 'lots', way: 'card' })).toBeNull();
    expect(answerOf(fields, { amount: '1', way: 'card', count: '1.5' })).toBeNull();
    expect(answerOf(fields, { amount: '1', way: 'cash' })).toBeNull();
  });

  it('asks for a single value by itself', () => {
    const fields = fieldsOf({ type: 'boolean' })!;
    expect(fields).toHaveLength(1);
    expect(answerOf(fields, { Answer: 'true' })).toEqual({ answer: true });
  });

  it.each<[string, JsonObject]>([
    ['a list', { type: 'array', items: { type: 'string' } }],
    ['alternatives', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
    ['objects in objects', { type: 'object', properties: { a: { type: 'object', properties: {} } } }],
    ['anything at all', {}],
    [
      'two fields of one name',
      { type: 'object', properties: { a: { type: 'string', title: 'b' }, b: { type: 'string' } } },
    ],
  ])('leaves %s to be written as JSON', (_, schema) => {
    expect(fieldsOf(schema)).toBeNull();
  });
});
