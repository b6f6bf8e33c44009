import type { Json, JsonObject } from '@writ/kernel';
import { agentProblems, routerProblems } from './agent-references';
import type { Definition, ResolverDefinition, ToolDefinition } from './definitions';
import { httpToolProblems, serviceProblems } from './http-references';
import { type Lookup, missing } from './lookup';
import { HANDOFF_PREFIX } from './offered';
import type { Problem } from './problems';
import { accepted, promised, type Shape } from './shape';
import { templateProblems } from './template-references';
import { workflowProblems } from './workflow-references';

/**
 * What a set of definitions names must exist, in the batch or already published, and must fit. What is published and
 * depends on the batch must still fit too (an agent that now hands over to someone outside a published swarm): the next
 * run would take the newest of both.
 */
export function referenceProblems(batch: readonly Definition[], lookup: Lookup): Problem[] {
  const own = batch.flatMap((definition, index) =>
    problemsFor(definition, lookup).map(({ pointer, reason }) => ({ pointer: `/${index}${pointer}`, reason })),
  );
  const inBatch = new Set<Definition>(batch);
  const others = (['workflow', 'resolver', 'tool', 'agent', 'router'] as const)
    .flatMap((kind): readonly Definition[] => lookup.all(kind))
    .filter((one) => !inBatch.has(one));
  const broken = others.flatMap((one) =>
    problemsFor(one, lookup).map(({ pointer, reason }) => ({
      pointer: '',
      reason: `${one.kind} ${one.name} would no longer hold: ${pointer} ${reason}`,
    })),
  );
  return [...own, ...broken];
}

function problemsFor(definition: Definition, lookup: Lookup): Problem[] {
  switch (definition.kind) {
    case 'model':
    case 'mcp_server':
      return [];
    case 'http_service':
      return serviceProblems(definition);
    case 'tool':
      return toolProblems(definition, lookup);
    case 'resolver':
      return resolverProblems(definition, lookup);
    case 'agent':
      return agentProblems(definition, lookup);
    case 'router':
      return routerProblems(definition, lookup);
    case 'workflow':
      return workflowProblems(definition, lookup);
  }
}

function toolProblems(tool: ToolDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  if (tool.name.startsWith(HANDOFF_PREFIX)) {
    problems.push({ pointer: '/name', reason: `names beginning with ${HANDOFF_PREFIX} are kept for handoffs` });
  }
  if (tool.endpoint.type === 'mcp' && !lookup.get('mcp_server', tool.endpoint.server)) {
    problems.push({ pointer: '/endpoint/server', reason: missing('mcp_server', tool.endpoint.server) });
  }
  if (tool.endpoint.type === 'http') problems.push(...httpToolProblems(tool, tool.endpoint, lookup));
  if (tool.compensate) problems.push(...undoProblems(tool, tool.compensate, lookup));
  return problems;
}

/** What undoes a call is another tool, and takes its arguments from the call that it undoes. */
function undoProblems(
  tool: ToolDefinition,
  undo: NonNullable<ToolDefinition['compensate']>,
  lookup: Lookup,
): Problem[] {
  const undoing = lookup.get('tool', undo.tool);
  if (!undoing) return [{ pointer: '/compensate/tool', reason: missing('tool', undo.tool) }];
  const problems: Problem[] = [];
  if (undo.tool === tool.name) problems.push({ pointer: '/compensate/tool', reason: 'a call does not undo itself' });
  const output: Shape = tool.output ? promised(tool.output as JsonObject) : null;
  const roots = new Map([
    ['args', accepted(tool.input as JsonObject)],
    ['output', output],
  ]);
  const scope = { roots, earlier: new Map<string, Shape>() };
  const args = templateProblems(undo.args as Json, scope, accepted(undoing.input as JsonObject));
  return [...problems, ...args.map((one) => ({ ...one, pointer: `/compensate/args${one.pointer}` }))];
}

function resolverProblems(resolver: ResolverDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const tool = lookup.get('tool', resolver.tool);
  if (!tool) {
    problems.push({ pointer: '/tool', reason: missing('tool', resolver.tool) });
  } else {
    const properties = (tool.input as { readonly [key: string]: Json })['properties'];
    if (properties && typeof properties === 'object' && !Object.hasOwn(properties, resolver.argument)) {
      problems.push({ pointer: '/argument', reason: `tool ${tool.name} takes no argument named ${resolver.argument}` });
    }
  }
  const twin = lookup
    .all('resolver')
    .find(
      (other) =>
        other.name !== resolver.name && other.resource === resolver.resource && other.attribute === resolver.attribute,
    );
  // Two sources for one fact would let a decision depend on which was asked.
  if (twin) {
    problems.push({
      pointer: '/attribute',
      reason: `${resolver.resource}.${resolver.attribute} is already resolved by ${twin.name}`,
    });
  }
  return problems;
}
