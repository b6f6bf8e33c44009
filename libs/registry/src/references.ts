import type { Json } from '@writ/kernel';
import type { AgentDefinition, Definition, ResolverDefinition, ToolDefinition } from './definitions';
import { httpToolProblems, serviceProblems } from './http-references';
import { type Lookup, missing } from './lookup';
import { FUNCTION_NAME, HANDOFF_PREFIX } from './offered';
import type { Problem } from './problems';
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
  const others = [...lookup.all('workflow'), ...lookup.all('resolver'), ...lookup.all('tool')].filter(
    (one) => !inBatch.has(one),
  );
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
  return problems;
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

function agentProblems(agent: AgentDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const add = (pointer: string, reason: string): void => void problems.push({ pointer, reason });
  if (!lookup.get('model', agent.model)) add('/model', missing('model', agent.model));
  agent.tools.forEach((name, i) => {
    const pointer = `/tools/${i}`;
    if (!lookup.get('tool', name)) add(pointer, missing('tool', name));
    else if (!FUNCTION_NAME.test(name))
      add(pointer, `a model's function may be named with letters, digits, _ and - only`);
    if (agent.tools.indexOf(name) !== i) add(pointer, `${name} is listed twice`);
  });
  agent.handoffs.forEach((name, i) => {
    const pointer = `/handoffs/${i}`;
    if (name === agent.name) add(pointer, 'an agent cannot hand over to itself');
    else if (!lookup.get('agent', name)) add(pointer, missing('agent', name));
    else if (!FUNCTION_NAME.test(HANDOFF_PREFIX + name)) {
      add(pointer, `${HANDOFF_PREFIX}${name} is no function name: letters, digits, _ and -, at most 64`);
    }
    if (agent.handoffs.indexOf(name) !== i) add(pointer, `${name} is listed twice`);
  });
  return problems;
}
