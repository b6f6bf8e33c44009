import { z } from 'zod';
import { AgentDefinition, RouterDefinition } from './agent-definitions';
import { Blackboard, Mailboxes } from './board-definitions';
import { BudgetDefinition } from './budget';
import { ServiceDefinition } from './http-definitions';
import { accountable, duration, governed, jsonSchema, name } from './name';
import { NodeSchema } from './nodes';
import { ModelDefinition, ResolverDefinition, ServerDefinition, ToolDefinition } from './tool-definitions';

/**
 * What may run, as documents: strict (an unknown field is refused), versioned and content-addressed. A document's digest
 * is SHA-256 over its canonical JSON after defaults are filled in, so two spellings of one definition are one version.
 */
export const WorkflowDefinition = z.strictObject({
  kind: z.literal('workflow'),
  name,
  ...accountable,
  ...governed,
  input: jsonSchema.default({}),
  /** What its agents share by name, and how they write to one another. */
  blackboard: Blackboard.optional(),
  mailboxes: Mailboxes.optional(),
  root: NodeSchema,
  budget: BudgetDefinition.default({}),
  /** Milliseconds from start to timed out; null for none. */
  deadline_ms: duration.nullable().default(null),
});

export const Definition = z.discriminatedUnion('kind', [
  ModelDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  ResolverDefinition,
  AgentDefinition,
  RouterDefinition,
  WorkflowDefinition,
]);

export type WorkflowDefinition = z.infer<typeof WorkflowDefinition>;
export type Definition = z.infer<typeof Definition>;
export type DefinitionKind = Definition['kind'];

/** A definition as stored: numbered per name, named by digest, never changed. */
export interface Versioned<D extends Definition = Definition> {
  readonly digest: string;
  readonly version: number;
  readonly definition: D;
}

/** Everything one run may touch, by name, as it stood when the run started: the run's bill of materials. */
export interface BillOfMaterials {
  readonly workflow: Versioned<WorkflowDefinition>;
  /** Workflows it may start as child runs, at any depth; their materials are in this bill too. */
  readonly children: ReadonlyMap<string, Versioned<WorkflowDefinition>>;
  readonly agents: ReadonlyMap<string, Versioned<AgentDefinition>>;
  readonly routers: ReadonlyMap<string, Versioned<RouterDefinition>>;
  readonly tools: ReadonlyMap<string, Versioned<ToolDefinition>>;
  readonly models: ReadonlyMap<string, Versioned<ModelDefinition>>;
  readonly servers: ReadonlyMap<string, Versioned<ServerDefinition>>;
  readonly services: ReadonlyMap<string, Versioned<ServiceDefinition>>;
  readonly resolvers: ReadonlyMap<string, Versioned<ResolverDefinition>>;
  readonly manifest: Manifest;
  /** Digest of the manifest. */
  readonly digest: string;
}

/** A bill as a run's journal keeps it: `[kind, name, digest]`, sorted by kind, then name; child workflows as `child_workflow`. */
export type Manifest = readonly (readonly [kind: string, name: string, digest: string])[];

export { AgentDefinition, RouterDefinition, ServiceDefinition };
export { ModelDefinition, ResolverDefinition, ServerDefinition, ToolDefinition };
