import { validateDocuments } from '@writ/registry';
import { constantsOf } from './own-words';

const said = (root: object): readonly (string | number)[] => {
  const made = validateDocuments([{ kind: 'workflow', name: 'w', owner: 'o', purpose: 'p', root }]);
  if (!made.ok) throw new Error(made.failure.message);
  const [one] = made.value;
  if (one?.kind !== 'workflow') throw new Error('no workflow');
  expect(constantsOf(one)).toBe(constantsOf(one));
  return constantsOf(one);
};
const call = (args: object): object => ({ type: 'tool', tool: 't', args });

describe('what a workflow’s definition says itself', () => {
  test('is every text and number that it writes for a step, and nothing that it refers to', () => {
    expect(said(call({ to: 'ann@corp.com', cc: [{ $from: '/input/cc' }, 'bob@corp.com'], n: 3, yes: true }))).toEqual([
      'to',
      'ann@corp.com',
      'cc',
      'bob@corp.com',
      'n',
      3,
      'yes',
    ]);
  });

  test('is found wherever a step stands, also one that undoes another', () => {
    const found = said({
      type: 'sequence',
      steps: [
        {
          id: 'a',
          node: { type: 'map', over: ['x', 'y'], node: call({ v: { $from: '/item' } }), merge: { policy: 'all' } },
        },
        { id: 'b', node: call({ v: 'b' }), compensate: { tool: 'undo', args: { why: 'undone' } } },
        {
          id: 'c',
          node: {
            type: 'choice',
            cases: [{ when: { op: 'exists', value: { $from: '/input/x' } }, node: call({ v: 'c' }) }],
          },
          on_error: { fallback: { type: 'run', workflow: 'other', input: { from: 'd' } } },
        },
      ],
    });
    for (const value of ['x', 'y', 'b', 'undone', 'c', 'd']) expect(found).toContain(value);
    expect(found).not.toContain('/item');
    expect(found).not.toContain('other');
  });
});
