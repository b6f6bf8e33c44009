import { allAttributeNames, SEMCONV_VERSIONS, SPANS, type SpanKind, wireSpan } from './semantics';

const kinds = Object.keys(SPANS) as SpanKind[];

describe.each(SEMCONV_VERSIONS)('the names of version %s', (version) => {
  it('carry no content: no messages, instructions, arguments or results', () => {
    const content =
      /(messages|instructions|arguments|result|prompt|completion|description|documents|query|definitions)$/;
    expect(allAttributeNames(version).filter((name) => content.test(name))).toEqual([]);
  });

  it('are ours where the conventions have none: under writ. or audit.', () => {
    const known = /^(gen_ai|mcp|server|error|network)\./;
    const ours = allAttributeNames(version).filter((name) => !known.test(name));
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((name) => !/^(writ\.|audit\.event_id$)/.test(name))).toEqual([]);
  });

  it('are each used for one thing', () => {
    const names = allAttributeNames(version);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are given to every kind of span, with gen_ai only beside its operation', () => {
    for (const kind of kinds) {
      const { name, attributes } = wireSpan(kind, { tenant: 'ten_1' }, version);
      expect(name).not.toBe('');
      const genai = Object.keys(attributes).filter((key) => key.startsWith('gen_ai.'));
      if (genai.length > 0) expect(genai).toContain('gen_ai.operation.name');
    }
  });
});

it('a span is named by its operation and what it works on', () => {
  expect(wireSpan('tool', { tool: 'get_order' }, '1.41.1').name).toBe('execute_tool get_order');
  expect(wireSpan('model', { model: 'm-1' }, '1.41.1')).toEqual({
    name: 'chat m-1',
    kind: 'client',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm-1', 'gen_ai.provider.name': 'openai' },
  });
  expect(wireSpan('mcp', { mcpMethod: 'tools/call', tool: 't' }, '1.41.1').name).toBe('tools/call t');
  expect(wireSpan('decision', { verdict: 'deny' }, '1.41.1')).toMatchObject({ name: 'writ.decide' });
});

it('the older version keeps what it has no word for under our own prefix, or leaves it out', () => {
  const { attributes } = wireSpan('run', { workflow: 'w', agentVersion: 'a' }, '1.36.0');
  expect(attributes).toEqual({ 'writ.workflow': 'w' });
  expect(wireSpan('model', { model: 'm' }, '1.36.0').attributes).toMatchObject({ 'gen_ai.system': 'openai' });
});
