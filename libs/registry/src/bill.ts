import { assertNever, canonicalJson, digestOf } from '@writ/kernel';
import type {
  AgentDefinition,
  BillOfMaterials,
  Definition,
  DefinitionKind,
  ModelDefinition,
  Node,
  ResolverDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  Versioned,
  WorkflowDefinition,
} from './definitions';

/** A bill as a run's journal keeps it: `[kind, name, digest]`, sorted by kind, then name. */
export type Manifest = readonly (readonly [kind: string, name: string, digest: string])[];

export const billDigest = (manifest: Manifest): string => digestOf(canonicalJson(manifest));

export function manifestOf(bill: BillOfMaterials): Manifest {
  const parts = [bill.agents, bill.tools, bill.models, bill.servers, bill.services, bill.resolvers] as const;
  const all: Versioned[] = [bill.workflow, ...parts.flatMap((part): Versioned[] => [...part.values()])];
  return sorted(all.map((one) => [one.definition.kind, one.definition.name, one.digest]));
}

function sorted(manifest: readonly (readonly [string, string, string])[]): Manifest {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...manifest].sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
}

/** The agents a workflow's nodes name, and the tools its steps call directly. */
function namedIn(node: Node): { readonly agents: string[]; readonly tools: string[] } {
  switch (node.type) {
    case 'agent':
      return { agents: [node.agent], tools: [] };
    case 'tool':
      return { agents: node.agent === undefined ? [] : [node.agent], tools: [node.tool] };
    case 'wait':
      return { agents: [], tools: [] };
    case 'swarm':
      return { agents: [...node.agents], tools: [] };
    case 'supervisor':
      return { agents: [node.supervisor, ...node.workers], tools: [] };
    case 'router': {
      const fallback = node.fallback.type === 'agent' ? [node.fallback.agent] : [];
      return { agents: [node.router, ...node.routes.map((route) => route.agent), ...fallback], tools: [] };
    }
    case 'sequence':
      return joined(node.steps.map((step) => namedIn(step.node)));
    case 'fanout':
      return joined(node.branches.map((branch) => namedIn(branch.node)));
    default:
      return assertNever(node, 'workflow node');
  }
}

const joined = (parts: readonly { agents: string[]; tools: string[] }[]): { agents: string[]; tools: string[] } => ({
  agents: parts.flatMap((part) => part.agents),
  tools: parts.flatMap((part) => part.tools),
});

export interface VersionedLookup {
  get(kind: DefinitionKind, name: string): Versioned | undefined;
  all(kind: DefinitionKind): readonly Versioned[];
}

/**
 * Everything a run of the workflow may touch, and nothing else: the agents its nodes name, their models and tools, the
 * tools its steps call, the resolvers of every object type those tools touch, the resolvers' tools, and the servers and services.
 * Pure; throws when something is missing, since publishing has checked that it is there.
 */
export function assembleBill(workflow: Versioned<WorkflowDefinition>, lookup: VersionedLookup): BillOfMaterials {
  const agents = new Map<string, Versioned<AgentDefinition>>();
  const tools = new Map<string, Versioned<ToolDefinition>>();
  const models = new Map<string, Versioned<ModelDefinition>>();
  const servers = new Map<string, Versioned<ServerDefinition>>();
  const services = new Map<string, Versioned<ServiceDefinition>>();
  const resolvers = new Map<string, Versioned<ResolverDefinition>>();
  const take = <D extends Definition>(into: Map<string, Versioned<D>>, kind: D['kind'], name: string): D => {
    const found = lookup.get(kind, name) as Versioned<D> | undefined;
    if (!found) throw new Error(`the bill of ${workflow.definition.name} lacks ${kind} ${name}`);
    into.set(name, found);
    return found.definition;
  };
  const takeTool = (name: string): void => {
    if (tools.has(name)) return;
    const tool = take(tools, 'tool', name);
    if (tool.endpoint.type === 'mcp') take(servers, 'mcp_server', tool.endpoint.server);
    if (tool.endpoint.type === 'http') take(services, 'http_service', tool.endpoint.service);
    if (!tool.resource) return;
    for (const { definition } of lookup.all('resolver') as readonly Versioned<ResolverDefinition>[]) {
      if (definition.resource !== tool.resource.type || resolvers.has(definition.name)) continue;
      take(resolvers, 'resolver', definition.name);
      takeTool(definition.tool);
    }
  };
  const named = namedIn(workflow.definition.root);
  for (const name of named.agents) {
    const agent = take(agents, 'agent', name);
    take(models, 'model', agent.model);
    agent.tools.forEach(takeTool);
  }
  named.tools.forEach(takeTool);
  const parts = { workflow, agents, tools, models, servers, services, resolvers };
  return Object.freeze({ ...parts, digest: billDigest(manifestOf({ ...parts, digest: '' })) });
}
