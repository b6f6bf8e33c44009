import { validateDocuments } from './documents';
import { agentPassings } from './passings';

const accountable = { owner: 'tests', purpose: 'passes on' };
const agent = (name: string, more: object = {}): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'm',
  instructions: '',
  ...more,
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });

describe('who passes on to whom', () => {
  test('is said by agents and by the teams of workflows, at any depth, with what goes along', () => {
    const parsed = validateDocuments([
      agent('lead', {
        tools: ['look'],
        handoffs: ['a'],
        consults: ['a', 'b'],
        gives: { a: { tools: ['look', { tool: 'pay', at_most: { '/n': 1 } }], depth: 1 }, '*': { tools: [] } },
      }),
      agent('a'),
      agent('b'),
      workflow('team', {
        type: 'loop',
        max: 2,
        exhausted: 'last',
        node: { type: 'supervisor', supervisor: 'lead', workers: ['b'] },
      }),
      workflow('plans', { type: 'plan', planner: 'a', executors: ['b'], max_steps: 2, max_replans: 0 }),
    ]);
    if (!parsed.ok) throw new Error(`${parsed.failure.message} ${JSON.stringify(parsed.failure.details)}`);
    const found = agentPassings(parsed.value);
    expect(found.map(({ name, tools }) => [name, tools])).toEqual([
      ['lead', ['look']],
      ['a', []],
      ['b', []],
    ]);
    const given = { tools: ['look', 'pay'], depth: 1 };
    const nothing = { tools: [], depth: null };
    expect(found[0]!.passes).toEqual([
      { to: 'a', how: 'handoff', ...given },
      { to: 'a', how: 'question', ...given },
      { to: 'b', how: 'question', ...nothing },
      { to: 'b', how: 'work', ...nothing },
    ]);
    expect(found[1]!.passes).toEqual([{ to: 'b', how: 'choice', tools: null, depth: null }]);
  });
});
