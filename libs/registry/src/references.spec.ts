import type { Definition } from './definitions';
import { validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { referenceProblems } from './references';

const model = { kind: 'model', name: 'small', model: 'gpt' };
const tool = (name: string, more: object = {}) => ({
  kind: 'tool',
  name,
  endpoint: { type: 'function', function: 'f' },
  ...more,
});
const agent = (name: string, more: object = {}) => ({
  kind: 'agent',
  name,
  owner: 'o',
  purpose: 'p',
  model: 'small',
  instructions: 'i',
  ...more,
});
const workflow = (root: object, name = 'w') => ({ kind: 'workflow', name, owner: 'o', purpose: 'p', root });

function definitions(documents: readonly unknown[]): readonly Definition[] {
  const result = validateDocuments(documents);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

function faults(batch: readonly unknown[], published: readonly unknown[] = []): string[] {
  const parsed = definitions(batch);
  return referenceProblems(parsed, lookupOf(definitions(published), parsed)).map((one) => one.pointer);
}

describe('references between definitions', () => {
  test('what is named must be in the batch or published', () => {
    const documents = [agent('a', { tools: ['t'], handoffs: ['b'] })];
    expect(faults(documents)).toEqual(['/0/model', '/0/tools/0', '/0/handoffs/0']);
    expect(faults(documents, [model, tool('t'), agent('b')])).toEqual([]);
  });

  test('an mcp tool needs its server, a resolver its tool and the tool its argument', () => {
    expect(faults([tool('t', { endpoint: { type: 'mcp', server: 's', tool: 't' } })])).toEqual(['/0/endpoint/server']);
    const resolver = {
      kind: 'resolver',
      name: 'r',
      resource: 'order',
      attribute: 'owner',
      tool: 'facts',
      argument: 'id',
    };
    expect(faults([resolver])).toEqual(['/0/tool']);
    const facts = tool('facts', { input: { type: 'object', properties: { order_id: {} } } });
    expect(faults([resolver, facts])).toEqual(['/0/argument']);
  });

  test('one attribute has one resolver', () => {
    const facts = tool('facts');
    const one = { kind: 'resolver', name: 'r1', resource: 'order', attribute: 'owner', tool: 'facts', argument: 'id' };
    expect(faults([{ ...one, name: 'r2' }], [facts, one])).toContain('/0/attribute');
    expect(faults([one], [facts, one])).toEqual([]);
  });

  test('function names offered to a model are ones every vendor takes, and handoff_to_ is kept', () => {
    const long = 'a'.repeat(60);
    expect(faults([tool('handoff_to_b')])).toEqual(['/0/name']);
    expect(faults([agent('a', { tools: ['dotted.name'] })], [model, tool('dotted.name')])).toEqual(['/0/tools/0']);
    expect(faults([agent('a', { handoffs: [long] })], [model, agent(long)])).toEqual(['/0/handoffs/0']);
    expect(faults([agent('a', { handoffs: ['a'] })], [model])).toEqual(['/0/handoffs/0']);
  });

  test('members of a swarm hand over only among themselves, and each can be reached', () => {
    const agents = [agent('a', { handoffs: ['b'] }), agent('b', { handoffs: ['a', 'c'] }), agent('c')];
    const swarm = (...names: string[]) => workflow({ type: 'swarm', entry: 'a', agents: names });
    expect(faults([swarm('a', 'b', 'c')], [model, ...agents])).toEqual([]);
    expect(faults([swarm('a', 'b')], [model, ...agents])).toEqual(['/0/root/agents/1']);
    expect(faults([swarm('b', 'c')], [model, ...agents])).toContain('/0/root/entry');
    expect(faults([swarm('a', 'b', 'c', 'd')], [model, ...agents, agent('d')])).toEqual(['/0/root/agents/3']);
  });

  test('a new version that breaks a published workflow is refused', () => {
    const published = [model, agent('a', { handoffs: ['b'] }), agent('b'), agent('c')];
    const swarm = workflow({ type: 'swarm', entry: 'a', agents: ['a', 'b'] });
    expect(faults([agent('a', { handoffs: ['b', 'c'] })], [...published, swarm])).toEqual(['']);
    const both = [
      agent('a', { handoffs: ['b', 'c'] }),
      workflow({ type: 'swarm', entry: 'a', agents: ['a', 'b', 'c'] }),
    ];
    expect(faults(both, [...published, swarm])).toEqual([]);
  });

  test('a template may name the input and earlier steps of the sequences around it, nothing else', () => {
    const step = (id: string, args: object) => ({ id, node: { type: 'tool', tool: 't', args } });
    const from = ($from: string) => ({ x: { $from } });
    const sequence = (...steps: object[]) => workflow({ type: 'sequence', steps });
    const check = (...steps: object[]) => faults([sequence(...steps)], [tool('t')]);
    expect(check(step('a', from('/input/q')), step('b', from('/steps/a/output/r')))).toEqual([]);
    expect(check(step('a', from('/steps/a/output')))).toEqual(['/0/root/steps/0/node/args/x']);
    expect(check(step('a', from('/steps/b/output')), step('b', {}))).toEqual(['/0/root/steps/0/node/args/x']);
    expect(check(step('a', {}), step('b', from('/steps/a/input')))).toEqual(['/0/root/steps/1/node/args/x']);
    expect(check(step('a', {}), step('b', from('/secrets')))).toEqual(['/0/root/steps/1/node/args/x']);
    expect(check(step('a', {}), step('b', { x: { $from: '/input', y: 1 } }))).toEqual(['/0/root/steps/1/node/args/x']);
    const inner = { id: 'outer', node: { type: 'sequence', steps: [step('in', from('/steps/a/output'))] } };
    expect(check(step('a', {}), inner, step('c', from('/steps/outer/output')))).toEqual([]);
    expect(check(step('a', {}), inner, step('c', from('/steps/in/output')))).toEqual(['/0/root/steps/2/node/args/x']);
    expect(check(step('a', {}), step('a', {}))).toEqual(['/0/root/steps/1/id']);
  });

  test('router, supervisor and fan-out are checked like the rest', () => {
    const known = [model, agent('a'), agent('b'), tool('t')];
    const supervisor = { type: 'supervisor', supervisor: 'a', workers: ['b'] };
    expect(faults([workflow(supervisor)], known)).toEqual([]);
    expect(faults([workflow({ ...supervisor, workers: ['a', 'z'] })], known)).toEqual([
      '/0/root/workers/0',
      '/0/root/workers/1',
    ]);
    const router = { type: 'router', router: 'a', routes: [{ name: 'x', agent: 'b' }], fallback: { type: 'person' } };
    expect(faults([workflow(router)], known)).toEqual([]);
    expect(faults([workflow({ ...router, fallback: { type: 'agent', agent: 'z' } })], known)).toEqual([
      '/0/root/fallback/agent',
    ]);
    const branch = { key: 'x', node: { type: 'tool', tool: 't' } };
    const fanout = { type: 'fanout', branches: [branch], merge: { policy: 'quorum', count: 2 } };
    expect(faults([workflow(fanout)], known)).toEqual(['/0/root/merge/count']);
    expect(faults([workflow({ type: 'wait' })])).toEqual(['/0/root']);
  });
});
