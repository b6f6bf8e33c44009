import { canonicalJson, digestOf } from '@writ/kernel';
import { assembleBill, billDigest, manifestOf, type VersionedLookup } from './bill';
import type { Versioned, WorkflowDefinition } from './definitions';
import { validateDocuments } from './documents';
import { offeredTools } from './offered';

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

function all(): Versioned[] {
  const result = validateDocuments(documents);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value.map((definition) => ({ definition, version: 1, digest: digestOf(canonicalJson(definition)) }));
}

function assemble(versions: readonly Versioned[]) {
  const lookup: VersionedLookup = {
    get: (kind, name) => versions.find((one) => one.definition.kind === kind && one.definition.name === name),
    all: (kind) => versions.filter((one) => one.definition.kind === kind),
  };
  return assembleBill(lookup.get('workflow', 'w') as Versioned<WorkflowDefinition>, lookup);
}

describe('the bill of materials', () => {
  test('holds everything a run may touch and nothing else', () => {
    expect(manifestOf(assemble(all())).map(([kind, name]) => `${kind} ${name}`)).toEqual([
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
    expect(bill.digest).toBe(billDigest(manifestOf(bill)));
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

  test('a resolver’s tool is in the bill and is not offered', () => {
    const bill = assemble(all());
    const names = [...bill.agents.values()].flatMap((one) =>
      offeredTools(one.definition, bill).map((tool) => tool.name),
    );
    expect(bill.tools.has('order_facts')).toBe(true);
    expect(names).not.toContain('order_facts');
  });
});
