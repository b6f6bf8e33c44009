import { canonicalJson, digestOf } from '@writ/kernel';
import { parseDocuments, validateDocuments } from './documents';

const agent = {
  kind: 'agent',
  name: 'orders',
  owner: 'shop team',
  purpose: 'changes pending orders',
  model: 'small',
  instructions: 'Help.',
};

function problems(documents: readonly unknown[]): { readonly [pointer: string]: unknown } {
  const result = validateDocuments(documents);
  if (result.ok) throw new Error('expected a refusal');
  expect(result.failure.code).toBe('definition_invalid');
  return result.failure.details ?? {};
}

describe('documents', () => {
  test('YAML, JSON, a list and several documents are read alike', () => {
    const yaml = `kind: model\nname: small\nmodel: gpt\n---\nkind: mcp_server\nname: shop\ntransport: { type: http, url: "http://127.0.0.1:1/mcp" }\n`;
    const json = JSON.stringify([
      { kind: 'model', name: 'small', model: 'gpt' },
      { kind: 'mcp_server', name: 'shop', transport: { type: 'http', url: 'http://127.0.0.1:1/mcp' } },
    ]);
    const a = parseDocuments(yaml);
    const b = parseDocuments(json);
    expect(a.ok).toBe(true);
    expect(b).toEqual(a);
  });

  test('spelling a default out does not change the digest', () => {
    const short = validateDocuments([agent]);
    const long = validateDocuments([{ ...agent, tools: [], handoffs: [], max_turns: 40 }]);
    if (!short.ok || !long.ok) throw new Error('expected both to be valid');
    expect(digestOf(canonicalJson(short.value[0]))).toBe(digestOf(canonicalJson(long.value[0])));
  });

  test('an unknown field is refused at its JSON pointer', () => {
    expect(problems([agent, { ...agent, name: 'other', colour: 'red' }])).toEqual({
      '/1/colour': 'is not a field of this definition',
    });
  });

  test('an agent without an owner or a purpose is refused', () => {
    const { owner: _owner, purpose: _purpose, ...anonymous } = agent;
    expect(Object.keys(problems([anonymous])).sort()).toEqual(['/0/owner', '/0/purpose']);
  });

  test('a fault deep in a workflow is named in the branch that was meant', () => {
    const root = {
      type: 'sequence',
      steps: [{ id: 'a', node: { type: 'swarm', entry: 'Not A Name', agents: ['x'] } }],
    };
    const found = problems([{ kind: 'workflow', name: 'w', owner: 'o', purpose: 'p', root }]);
    expect(Object.keys(found)).toEqual(['/0/root/steps/0/node/entry']);
  });

  test('a kind nobody knows is refused', () => {
    expect(Object.keys(problems([{ kind: 'spell', name: 'x' }]))).toEqual(['/0/kind']);
  });

  test('one name twice in one set is refused', () => {
    expect(problems([agent, agent])).toEqual({ '/1/name': 'agent orders is already document 0' });
  });

  test('an input schema that does not compile is refused', () => {
    const tool = { kind: 'tool', name: 't', endpoint: { type: 'function', function: 'f' } };
    expect(
      Object.keys(problems([{ ...tool, input: { type: 'object', properties: { a: { type: 'strnig' } } } }])),
    ).toEqual(['/0/input']);
    expect(Object.keys(problems([{ ...tool, input: { $ref: 'https://example.com/schema.json' } }]))).toEqual([
      '/0/input',
    ]);
    expect(Object.keys(problems([{ ...tool, input: { type: 'array' } }]))).toEqual(['/0/input/type']);
  });

  test('a draft-07 schema is accepted by its $schema', () => {
    const input = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', definitions: { a: {} } };
    const result = validateDocuments([
      { kind: 'tool', name: 't', endpoint: { type: 'function', function: 'f' }, input },
    ]);
    expect(result.ok).toBe(true);
  });

  test.each([
    ['a duplicate key', 'kind: model\nkind: agent\n'],
    ['a custom tag', 'kind: !!js/function "x"\n'],
    ['broken syntax', 'kind: [model\n'],
    [
      'an alias bomb',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    ],
  ])('text with %s is refused whole', (_what, text) => {
    const result = parseDocuments(text);
    expect(result.ok ? null : result.failure.code).toBe('documents_unreadable');
  });

  test('NUL, a lone surrogate and __proto__ never reach a digest', () => {
    expect(Object.keys(problems([{ ...agent, instructions: 'a\u0000b' }]))).toEqual(['/0/instructions']);
    expect(Object.keys(problems([{ ...agent, instructions: 'a\ud800b' }]))).toEqual(['/0/instructions']);
    const tool = JSON.parse(
      '{"kind":"tool","name":"t","endpoint":{"type":"function","function":"f"},"input":{"type":"object","__proto__":{"x":1}}}',
    ) as unknown;
    expect(Object.keys(problems([tool]))).toContain('/0/input/__proto__');
  });
});
