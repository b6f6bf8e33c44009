import { canonicalJson, digestOf } from '@writ/kernel';
import { allNodes, namedBy } from './child-nodes';
import type {
  AgentDefinition,
  BillOfMaterials,
  Definition,
  DefinitionKind,
  Manifest,
  ModelDefinition,
  ResolverDefinition,
  RouterDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  Versioned,
  WorkflowDefinition,
} from './definitions';

export const billDigest = (manifest: Manifest): string => digestOf(canonicalJson(manifest));

function manifestOf(bill: Omit<BillOfMaterials, 'manifest' | 'digest'>): Manifest {
  const { agents, routers, tools, models, servers, services, resolvers } = bill;
  const parts = [agents, routers, tools, models, servers, services, resolvers] as const;
  const all: Versioned[] = [bill.workflow, ...parts.flatMap((part): Versioned[] => [...part.values()])];
  const children = [...bill.children.values()].map((one) => [CHILD, one.definition.name, one.digest] as const);
  return sorted([...all.map((one) => [one.definition.kind, one.definition.name, one.digest] as const), ...children]);
}

/** How a manifest names a workflow that the run may start, told apart from the one it is a run of. */
export const CHILD = 'child_workflow';

function sorted(manifest: readonly (readonly [string, string, string])[]): Manifest {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...manifest].sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
}

export interface VersionedLookup {
  get(kind: DefinitionKind, name: string): Versioned | undefined;
  all(kind: DefinitionKind): readonly Versioned[];
}

/**
 * Everything a run of the workflow may touch, and nothing else: the agents and routers its nodes name and those agents
 * consult, their models and tools, the tools its steps call and those that undo them, the workflows it may start and all
 * that these touch, the resolvers of every object type those tools touch, the resolvers' tools, and servers and services.
 * Pure; throws when something is missing, since publishing has checked that it is there.
 */
export function assembleBill(workflow: Versioned<WorkflowDefinition>, lookup: VersionedLookup): BillOfMaterials {
  const parts = new Parts(workflow, lookup);
  parts.takeWorkflow(workflow.definition);
  const { children, agents, routers, tools, models, servers, services, resolvers } = parts;
  const bill = { workflow, children, agents, routers, tools, models, servers, services, resolvers };
  const manifest = manifestOf(bill);
  return Object.freeze({ ...bill, manifest, digest: billDigest(manifest) });
}

/** The bill of a child run, from exactly the versions its parent is pinned to. */
export function childBill(parent: BillOfMaterials, workflow: string): BillOfMaterials {
  const { children, agents, routers, tools, models, servers, services, resolvers } = parent;
  const all = [children, agents, routers, tools, models, servers, services, resolvers].flatMap((part): Versioned[] => [
    ...part.values(),
  ]);
  const byKey = new Map([parent.workflow, ...all].map((one) => [`${one.definition.kind} ${one.definition.name}`, one]));
  const root = byKey.get(`workflow ${workflow}`) as Versioned<WorkflowDefinition> | undefined;
  if (!root) throw new Error(`the bill of ${parent.workflow.definition.name} lacks workflow ${workflow}`);
  return assembleBill(root, {
    get: (kind, name) => byKey.get(`${kind} ${name}`),
    all: (kind) => [...byKey.values()].filter((one) => one.definition.kind === kind),
  });
}

class Parts {
  readonly children = new Map<string, Versioned<WorkflowDefinition>>();
  readonly agents = new Map<string, Versioned<AgentDefinition>>();
  readonly routers = new Map<string, Versioned<RouterDefinition>>();
  readonly tools = new Map<string, Versioned<ToolDefinition>>();
  readonly models = new Map<string, Versioned<ModelDefinition>>();
  readonly servers = new Map<string, Versioned<ServerDefinition>>();
  readonly services = new Map<string, Versioned<ServiceDefinition>>();
  readonly resolvers = new Map<string, Versioned<ResolverDefinition>>();

  constructor(
    private readonly root: Versioned<WorkflowDefinition>,
    private readonly lookup: VersionedLookup,
  ) {}

  takeWorkflow(workflow: WorkflowDefinition): void {
    for (const { node } of allNodes(workflow.root)) {
      const named = namedBy(node);
      named.agents.forEach((name) => this.#takeAgent(name));
      named.tools.forEach((name) => this.#takeTool(name));
      named.routers.forEach((name) => this.#takeRouter(name));
      named.workflows.forEach((name) => this.#takeChild(name));
    }
  }

  #take<D extends Definition>(into: Map<string, Versioned<D>>, kind: D['kind'], name: string): D {
    const found = this.lookup.get(kind, name) as Versioned<D> | undefined;
    if (!found) throw new Error(`the bill of ${this.root.definition.name} lacks ${kind} ${name}`);
    into.set(name, found);
    return found.definition;
  }

  /** The workflow that the run starts with is in its own bill once, as that. */
  #takeChild(name: string): void {
    if (this.children.has(name) || name === this.root.definition.name) return;
    this.takeWorkflow(this.#take(this.children, 'workflow', name));
  }

  #takeRouter(name: string): void {
    if (!this.lookup.get('router', name)) return this.#takeAgent(name);
    this.#take(this.routers, 'router', name);
  }

  #takeAgent(name: string): void {
    if (this.agents.has(name)) return;
    const agent = this.#take(this.agents, 'agent', name);
    this.#take(this.models, 'model', agent.model);
    agent.tools.forEach((tool) => this.#takeTool(tool));
    if (agent.framework) this.#take(this.services, 'http_service', agent.framework.service);
    agent.consults?.forEach((other) => this.#takeAgent(other));
  }

  #takeTool(name: string): void {
    if (this.tools.has(name)) return;
    const tool = this.#take(this.tools, 'tool', name);
    if (tool.endpoint.type === 'mcp') this.#take(this.servers, 'mcp_server', tool.endpoint.server);
    if (tool.endpoint.type === 'http') this.#take(this.services, 'http_service', tool.endpoint.service);
    if (tool.compensate) this.#takeTool(tool.compensate.tool);
    if (!tool.resource) return;
    for (const { definition } of this.lookup.all('resolver') as readonly Versioned<ResolverDefinition>[]) {
      if (definition.resource !== tool.resource.type || this.resolvers.has(definition.name)) continue;
      this.#take(this.resolvers, 'resolver', definition.name);
      this.#takeTool(definition.tool);
    }
  }
}
