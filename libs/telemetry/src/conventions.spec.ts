import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allAttributeNames, SEMCONV_VERSIONS, wireSpan } from './semantics';

const CONVENTIONS = join(process.env['WRIT_DATASETS'] ?? join(process.cwd(), '../shared/data'), 'otel/genai-flat.json');

/** The conventions' own model stands beside the repository; in CI it must be there. */
const conventions = existsSync(CONVENTIONS) || process.env['CI'] === 'true' ? describe : describe.skip;
if (conventions === describe.skip) process.stderr.write(`\nSKIPPED: the conventions are not at ${CONVENTIONS}\n`);

conventions('the table of names', () => {
  interface Known {
    readonly attributes: {
      readonly [name: string]: { readonly deprecated: boolean; readonly members: string[] | null };
    };
    readonly spans: {
      readonly [group: string]: { readonly span_kind: string; readonly attributes: Record<string, string> };
    };
  }
  const known = (): Known => JSON.parse(readFileSync(CONVENTIONS, 'utf8')) as Known;
  const theirs = /^(gen_ai|mcp|server|error)\./;

  it.each(SEMCONV_VERSIONS)('of %s holds only attributes that the conventions know', (version) => {
    const { attributes } = known();
    const names = allAttributeNames(version).filter((name) => theirs.test(name));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !(name in attributes))).toEqual([]);
  });

  it('of the newest version holds none that is deprecated, and gives each span its kind and what it requires', () => {
    const { attributes, spans } = known();
    const [newest] = SEMCONV_VERSIONS;
    const names = allAttributeNames(newest).filter((name) => theirs.test(name));
    expect(names.filter((name) => attributes[name]?.deprecated)).toEqual([]);
    const groups = {
      run: 'span.gen_ai.invoke_workflow.internal',
      turn: 'span.gen_ai.invoke_agent.internal',
      model: 'span.gen_ai.inference.client',
      tool: 'span.gen_ai.execute_tool.internal',
      mcp: 'span.mcp.client',
    } as const;
    for (const [kind, group] of Object.entries(groups)) {
      const given = { workflow: 'w', agent: 'a', model: 'm', tool: 't', mcpMethod: 'tools/call' };
      const span = wireSpan(kind as keyof typeof groups, given, newest);
      expect(span.kind).toBe(spans[group]?.span_kind);
      const required = Object.entries(spans[group]?.attributes ?? {}).filter(([, level]) => level === 'required');
      for (const [name] of required) expect(Object.keys(span.attributes)).toContain(name);
      const operation = span.attributes['gen_ai.operation.name'];
      if (operation !== undefined) expect(attributes['gen_ai.operation.name']?.members).toContain(operation);
    }
  });
});
