import type { Json } from '@writ/kernel';
import fc from 'fast-check';
import { COMPARISONS, type Condition } from './condition';
import { evaluateCondition } from './evaluate-condition';

const scope = {
  input: { n: 3, text: 'abc', list: [1, { a: 1, b: 2 }], nothing: null, yes: true },
  steps: { find: { output: { score: 0.9 } } },
  loop: { index: 2, last: 'done' },
};
const is = ($from: string, op: string, to: Json): Condition => ({ value: { $from }, op, to }) as Condition;
const there = ($from: string): Condition => ({ value: { $from }, op: 'exists' });
const holds = (condition: Condition): boolean => evaluateCondition(condition, scope).holds;

describe('a condition', () => {
  test.each<[string, string, Json, boolean]>([
    ['/input/n', 'equals', 3, true],
    ['/input/n', 'equals', '3', false],
    ['/input/list/1', 'equals', { b: 2, a: 1 }, true],
    ['/input/n', 'not_equals', '3', true],
    ['/input/nothing', 'equals', null, true],
    ['/input/n', 'less', 3, false],
    ['/input/n', 'at_most', 3, true],
    ['/input/n', 'greater', 2, true],
    ['/steps/find/output/score', 'at_least', 0.9, true],
    ['/input/text', 'less', 'abd', true],
    ['/input/n', 'in', [1, 2, 3], true],
    ['/input/text', 'in', ['x'], false],
    ['/input/text', 'contains', 'bc', true],
    ['/input/list', 'contains', { a: 1, b: 2 }, true],
    ['/loop/index', 'equals', { $from: '/loop/index' }, true],
    ['/loop/last', 'equals', { $from: '/input/text' }, false],
  ])('%s %s %j: %s', (pointer, op, to, expected) => {
    expect(evaluateCondition(is(pointer, op, to), scope)).toEqual({ holds: expected, faults: [] });
  });

  test('exists asks without a fault', () => {
    expect(evaluateCondition(there('/input/absent'), scope)).toEqual({ holds: false, faults: [] });
    expect(holds(there('/input/nothing'))).toBe(true);
    expect(holds({ not: there('/input/absent') })).toBe(true);
  });

  test.each<[string, string, Json, string]>([
    ['/input/absent', 'equals', 1, 'missing'],
    ['/input/n', 'equals', { $from: '/input/absent' }, 'missing'],
    ['/input/n', 'less', '4', 'type_mismatch'],
    ['/input/yes', 'less', 4, 'type_mismatch'],
    ['/input/nothing', 'at_least', 0, 'type_mismatch'],
    ['/input/n', 'in', 'abc', 'type_mismatch'],
    ['/input/n', 'contains', 3, 'type_mismatch'],
    ['/input/constructor', 'not_equals', 1, 'missing'],
  ])('%s %s %j is a fault, neither true nor false: %s', (pointer, op, to, reason) => {
    const fault = is(pointer, op, to);
    expect(evaluateCondition(fault, scope)).toMatchObject({ holds: false, faults: [{ reason }] });
    expect(holds({ not: fault })).toBe(false);
    expect(holds({ all: [fault, there('/input')] })).toBe(false);
    expect(holds({ any: [fault, there('/input')] })).toBe(true);
    expect(holds({ not: { all: [fault, is('/input/n', 'equals', 4)] } })).toBe(true);
  });

  test('faults are named by their place, whatever the order of the parts', () => {
    const parts = [is('/input/absent', 'equals', 1), there('/input'), is('/input/n', 'less', 'x')];
    expect(evaluateCondition({ any: parts }, scope)).toEqual({
      holds: true,
      faults: [
        { at: '/any/0', pointer: '/input/absent', reason: 'missing' },
        { at: '/any/2', pointer: '/input/n', reason: 'type_mismatch' },
      ],
    });
  });

  test('is total: any condition over any values gives an answer, twice the same', () => {
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
    const pointer = fc.constantFrom('', '/input', '/input/a', '/steps/s/output', '/item', '/toString', '/input/0');
    const leaf = fc.oneof(
      pointer.map(there),
      fc.tuple(pointer, fc.constantFrom(...COMPARISONS), json).map(([at, op, to]) => is(at, op, to)),
    );
    const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
        fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
        tie('condition').map((not) => ({ not })),
      ),
    }));
    fc.assert(
      fc.property(condition, json, json, (one, input, item) => {
        const over = { input, item, steps: { s: { output: input } } };
        const first = evaluateCondition(one, over);
        expect(evaluateCondition(one, over)).toEqual(first);
        // What holds does not hold when it is turned round, and a fault never makes it.
        expect(first.holds && evaluateCondition({ not: one }, over).holds).toBe(false);
      }),
    );
  });
});
