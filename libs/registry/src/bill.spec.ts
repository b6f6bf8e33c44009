import { canonicalJson, digestOf, type Json } from '@writ/kernel';
import { assembleBill, billDigest, childBill, type VersionedLookup } from './bill';
import type { Versioned, WorkflowDefinition } from './definitions';
import { validateDocuments } from './documents';
import { offeredTools, supervisorTools } from './offered';
import { checkInput } from './schemas';

const documents = [
  { kind: 'model', name: 'small', model: 'gpt' },
  { kind: 'model', name: 'unused', model: 'gpt' },
  { kind: 'mcp_server', name: 'shop', transport: { type: 'http', url: 'http://127.0.0.1:1/mcp' } },
  {
    kind: 'tool',
    name: 'get_order',
    description: 'An order.',
    input: { type: 'object', properties: { order_id: { type: 'string' } } },
    endpoint: { type: 'mcp', server: 'shop', tool: 'get_order' },
    resource: { type: 'order', id: '/order_id' },
  },
  { kind: 'http_service', name: 'facts', origin: 'https://facts.example.com' },
  { kind: 'http_service', name: 'elsewhere', origin: 'https://elsewhere.example.com' },
  { kind: 'tool', name: 'order_facts', endpoint: { type: 'http', service: 'facts', method: 'GET', path: '/orders' } },
  { kind: 'tool', name: 'profile_facts', endpoint: { type: 'mcp', server: 'shop', tool: 'profile_facts' } },
  { kind: 'resolver', name: 'order_owner', resource: 'order', attribute: 'owner', tool: 'order_facts', argument: 'id' },
  {
    kind: 'resolver',
    name: 'profile_owner',
    resource: 'profile',
    attribute: 'owner',
    tool: 'profile_facts',
    argument: 'id',
  },
  {
    kind: 'agent',
    name: 'a',
    owner: 'o',
    purpose: 'first',
    model: 'small',
    instructions: '',
    tools: ['get_order'],
    handoffs: ['b', 'c'],
  },
  { kind: 'agent', name: 'b', owner: 'o', purpose: 'second', model: 'small', instructions: '' },
  { kind: 'agent', name: 'c', owner: 'o', purpose: 'elsewhere', model: 'unused', instructions: '' },
  { kind: 'workflow', name: 'w', owner: 'o', purpose: 'p', root: { type: 'swarm', entry: 'a', agents: ['a', 'b'] } },
];

function all(set: readonly object[] = documents): Versioned[] {
  const result = validateDocuments(set);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value.map((definition) => ({ definition, version: 1, digest: digestOf(canonicalJson(definition)) }));
}

function assemble(versions: readonly Versioned[], workflow = 'w') {
  const lookup: VersionedLookup = {
    get: (kind, name) => versions.find((one) => one.definition.kind === kind && one.definition.name === name),
    all: (kind) => versions.filter((one) => one.definition.kind === kind),
  };
  return assembleBill(lookup.get('workflow', workflow) as Versioned<WorkflowDefinition>, lookup);
}

describe('the bill of materials', () => {
  test('holds everything a run may touch and nothing else', () => {
    expect(assemble(all()).manifest.map(([kind, name]) => `${kind} ${name}`)).toEqual([
      'agent a',
      'agent b',
      'http_service facts',
      'mcp_server shop',
      'model small',
      'resolver order_owner',
      'tool get_order',
      'tool order_facts',
      'workflow w',
    ]);
  });

  test('its digest is that of its manifest, whatever order the definitions came in', () => {
    const bill = assemble(all());
    expect(bill.digest).toBe(billDigest(bill.manifest));
    expect(assemble(all().reverse()).digest).toBe(bill.digest);
  });

  test('another prompt is another bill', () => {
    const changed = all().map((one) =>
      one.definition.kind === 'agent' && one.definition.name === 'b'
        ? { ...one, digest: digestOf('another prompt') }
        : one,
    );
    expect(assemble(changed).digest).not.toBe(assemble(all()).digest);
  });

  test('a model is offered the agent’s tools and the handoffs that stay among its peers', () => {
    const bill = assemble(all());
    const agent = bill.agents.get('a')!.definition;
    const offered = offeredTools(agent, bill, new Set(['a', 'b']));
    expect(offered.map((one) => [one.name, one.means])).toEqual([
      ['get_order', { type: 'tool', tool: 'get_order' }],
      ['handoff_to_b', { type: 'handoff', to: 'b' }],
    ]);
    expect(offered[1]?.parameters['required']).toEqual(['reason', 'message']);
    expect(offeredTools(agent, bill, new Set(['a'])).map((one) => one.name)).toEqual(['get_order']);
    expect(offeredTools(agent, bill)).toEqual(offered);
  });

  test('what is offered has the same schemas each time, so that each is compiled once', () => {
    const bill = assemble(all());
    const agent = bill.agents.get('a')!.definition;
    const shared = { readers: ['a'], writers: ['a'], initial: 0 };
    const workflow = { ...bill.workflow.definition, blackboard: { sum: shared }, mailboxes: { b: { from: ['a'] } } };
    const sharing = { ...bill, workflow: { ...bill.workflow, definition: workflow } } as unknown as typeof bill;
    const schemas = () =>
      [...offeredTools(agent, sharing), ...supervisorTools(['b'], sharing)].map(({ parameters }) => parameters);
    const first = schemas();
    expect(first).toHaveLength(7);
    for (const [i, schema] of schemas().entries()) expect(schema).toBe(first[i]);
  });

  test('an agent that publishes what it takes is handed that, and nothing of another shape', () => {
    const takes = {
      properties: { order: { $ref: '#/$defs/id' } },
      required: ['order'],
      additionalProperties: false,
      $defs: { id: { type: 'string', pattern: '^#W' } },
    };
    const taking = documents.map((one) => ('kind' in one && one.name === 'b' ? { ...one, takes } : one));
    const bill = assemble(all(taking));
    const asking = { ...bill.agents.get('a')!.definition, consults: ['b'] };
    const [ask, handoff] = offeredTools(asking, bill).slice(1);
    expect([ask?.name, handoff?.name]).toEqual(['ask_b', 'handoff_to_b']);
    const fits = (offered: typeof ask, value: Json) => checkInput(offered!.parameters, value) === null;
    expect([fits(ask, { order: '#W1' }), fits(ask, { order: 'W1' }), fits(ask, { task: 'x' })]).toEqual([
      true,
      false,
      false,
    ]);
    const reason = 'refunds';
    expect(fits(handoff, { reason, payload: { order: '#W1' } })).toBe(true);
    expect(fits(handoff, { reason, payload: { order: 'W1' } })).toBe(false);
    expect(fits(handoff, { reason, message: 'order #W1' })).toBe(false);
    expect(supervisorTools(['b'], bill)[0]?.description).toContain('its brief is JSON of the shape {"$defs"');
    const refused = validateDocuments([
      { ...documents.find((one) => 'kind' in one && one.name === 'b'), takes: { type: 'string' } },
    ]);
    expect(refused.ok ? {} : refused.failure.details).toEqual({ '/0/takes/type': 'must be "object"' });
  });

  test('a resolver’s tool is in the bill and is not offered', () => {
    const bill = assemble(all());
    const names = [...bill.agents.values()].flatMap((one) =>
      offeredTools(one.definition, bill).map((tool) => tool.name),
    );
    expect(bill.tools.has('order_facts')).toBe(true);
    expect(names).not.toContain('order_facts');
  });
});

describe('what nested nodes name', () => {
  const agent = (name: string, more: object = {}) => ({
    kind: 'agent',
    name,
    owner: 'o',
    purpose: 'p',
    model: 'small',
    instructions: '',
    ...more,
  });
  const tool = (name: string, more: object = {}) => ({
    kind: 'tool',
    name,
    endpoint: { type: 'function', function: name },
    ...more,
  });
  const workflow = (name: string, root: object) => ({ kind: 'workflow', name, owner: 'o', purpose: 'p', root });
  const step = (id: string, node: object, more: object = {}) => ({ id, node, ...more });
  const call = (name: string) => ({ type: 'tool', tool: name });
  const set = [
    { kind: 'model', name: 'small', model: 'gpt' },
    ...['judge', 'asker', 'asked', 'worker', 'target', 'second', 'unused'].map((name) =>
      agent(name, name === 'asker' ? { consults: ['asked'] } : name === 'asked' ? { tools: ['fact'] } : {}),
    ),
    ...['fact', 'undo', 'undo_step', 'other', 'reduced'].map((name) => tool(name)),
    tool('book', { compensate: { tool: 'undo' } }),
    {
      kind: 'router',
      name: 'desk',
      owner: 'o',
      purpose: 'p',
      threshold: 0.1,
      margin: 0,
      routes: ['x', 'y'].map((name) => ({ name, utterances: [name] })),
    },
    workflow('w', {
      type: 'sequence',
      steps: [
        step('a', call('book'), { compensate: { tool: 'undo_step' }, on_error: { fallback: call('other') } }),
        step('b', {
          type: 'fanout',
          branches: [{ key: 'k', node: { type: 'supervisor', supervisor: 'asker', workers: ['worker'] } }],
          merge: { policy: 'judge', agent: 'judge' },
        }),
        step('c', {
          type: 'router',
          router: 'desk',
          routes: ['x', 'y'].map((name) => ({ name, agent: 'target' })),
          fallback: { type: 'router', router: 'second', fallback: { type: 'fail' } },
        }),
        step('d', { type: 'run', workflow: 'child' }),
      ],
    }),
    workflow('child', {
      type: 'map',
      over: [1],
      node: { type: 'run', workflow: 'grandchild', budget: { depth: 1 } },
      merge: { policy: 'reduce', node: call('reduced') },
    }),
    workflow('grandchild', { type: 'loop', node: { type: 'run', workflow: 'child' }, max: 2, exhausted: 'last' }),
  ];

  test('is in the bill: who is consulted, what undoes, who judges, where a router leads, and child workflows', () => {
    const bill = assemble(all(set));
    expect(bill.manifest.map(([kind, name]) => `${kind} ${name}`)).toEqual([
      'agent asked',
      'agent asker',
      'agent judge',
      'agent second',
      'agent target',
      'agent worker',
      'child_workflow child',
      'child_workflow grandchild',
      'model small',
      'router desk',
      'tool book',
      'tool fact',
      'tool other',
      'tool reduced',
      'tool undo',
      'tool undo_step',
      'workflow w',
    ]);
  });

  test('a child’s bill holds its own part of the same versions, also where a circle leads back', () => {
    const bill = assemble(all(set));
    const child = childBill(bill, 'child');
    expect(child.manifest.map(([kind, name]) => `${kind} ${name}`)).toEqual([
      'child_workflow grandchild',
      'tool reduced',
      'workflow child',
    ]);
    expect(child.digest).toBe(assemble(all(set), 'child').digest);
    expect(childBill(childBill(child, 'grandchild'), 'child').manifest).toEqual(child.manifest);
    expect(() => childBill(child, 'w')).toThrow('lacks workflow w');
  });
});
