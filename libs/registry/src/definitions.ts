import { EFFECT_CLASSES } from '@writ/kernel';
import { z } from 'zod';
import { HttpEndpoint, ServiceDefinition } from './http-definitions';
import { name } from './name';

/**
 * What may run, as documents: strict (an unknown field is refused), versioned and content-addressed. A document's digest
 * is SHA-256 over its canonical JSON after defaults are filled in, so two spellings of one definition are one version.
 */
const pointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer (RFC 6901), such as /order_id');
const jsonSchema = z.record(z.string(), z.json());

/** An agent or workflow without an owner and a purpose is blocked: nobody would answer for it. */
const accountable = { owner: z.string().min(1).max(200), purpose: z.string().min(1).max(500) };

export const ModelDefinition = z.strictObject({
  kind: z.literal('model'),
  name,
  protocol: z.literal('openai').default('openai'),
  /** The vendor's id for the model. */
  model: z.string().min(1),
  /** Environment variables for the endpoint and its key; the defaults are the vendor's usual names. */
  base_url_env: z.string().default('OPENAI_BASE_URL'),
  api_key_env: z.string().nullable().default('OPENAI_API_KEY'),
  timeout_ms: z.number().int().min(1).max(600_000).default(60_000),
  max_attempts: z.number().int().min(1).max(10).default(4),
  parameters: z.record(z.string(), z.json()).default({}),
});

export const ServerDefinition = z.strictObject({
  kind: z.literal('mcp_server'),
  name,
  transport: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('stdio'),
      command: z.string().min(1),
      args: z.array(z.string()).default([]),
      env: z.array(z.string()).default([]),
    }),
    z.strictObject({
      type: z.literal('http'),
      url: z.url({ protocol: /^https?$/ }),
      headers_env: z.record(z.string(), z.string()).default({}),
    }),
  ]),
});

export const ToolDefinition = z.strictObject({
  kind: z.literal('tool'),
  name,
  description: z.string().max(4000).default(''),
  input: jsonSchema.default({ type: 'object' }),
  /**
   * What a lost outcome means. Absent means nobody said: the engine treats it as irreversible, so a lost outcome waits
   * for a person (I5).
   */
  effect: z.enum(EFFECT_CLASSES).optional(),
  endpoint: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('function'), function: z.string().min(1) }),
    z.strictObject({ type: z.literal('mcp'), server: name, tool: z.string().min(1) }),
    HttpEndpoint,
  ]),
  /** The business object a call touches, found in its arguments. */
  resource: z.strictObject({ type: name, id: pointer }).optional(),
  timeout_ms: z.number().int().min(1).max(600_000).default(30_000),
  max_bytes: z.number().int().min(1).max(8_388_608).default(1_048_576),
  max_attempts: z.number().int().min(1).max(10).default(3),
});

/** Brings one attribute of one type of object, by calling a tool that agents are not offered. */
export const ResolverDefinition = z.strictObject({
  kind: z.literal('resolver'),
  name,
  resource: name,
  attribute: name,
  tool: name,
  /** Name of the tool's argument that takes the object's id. */
  argument: z.string().min(1),
  /** Where in the tool's answer the value stands; the whole answer by default. */
  result: pointer.default(''),
  max_age_ms: z.number().int().min(0).max(86_400_000).default(0),
});

export const AgentDefinition = z.strictObject({
  kind: z.literal('agent'),
  name,
  ...accountable,
  model: name,
  instructions: z.string().max(32_768),
  tools: z.array(name).max(128).default([]),
  /** Agents it may ask to hand over to; whether it may is the policy's to say, each time. */
  handoffs: z.array(name).max(32).default([]),
  max_turns: z.number().int().min(1).max(1000).default(40),
});

const template = z.record(z.string(), z.json());

/** Where a step's input comes from: a constant, the run's input, or an earlier step's output, by pointer. */
export type Node = z.infer<typeof leaf> | SequenceNode | FanoutNode;
export interface SequenceNode {
  type: 'sequence';
  steps: { id: string; node: Node; on_error?: OnError | undefined }[];
}
export interface FanoutNode {
  type: 'fanout';
  branches: { key: string; node: Node }[];
  merge: { policy: 'all' | 'any' | 'first_success' | 'best_effort' } | { policy: 'quorum' | 'min'; count: number };
  concurrency?: number | undefined;
  deadline_ms?: number | undefined;
}
export type OnError = 'fail' | 'skip';

const leaf = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('agent'), agent: name, input: template.optional() }),
  /** One tool call; with `agent` it is made as that agent, under its grants too. */
  z.strictObject({ type: z.literal('tool'), tool: name, args: template.default({}), agent: name.optional() }),
  /** Waits for a signal by name (its payload is the output), for a time, or for whichever comes first. */
  z.strictObject({
    type: z.literal('wait'),
    signal: name.optional(),
    timeout_ms: z.number().int().min(1).max(31_536_000_000).optional(),
  }),
  /** Peers that hand over to one another; `entry` speaks first. */
  z.strictObject({
    type: z.literal('swarm'),
    entry: name,
    agents: z.array(name).min(1).max(64),
    max_handoffs: z.number().int().min(0).max(100).default(10),
  }),
  z.strictObject({
    type: z.literal('supervisor'),
    supervisor: name,
    workers: z.array(name).min(1).max(64),
    max_rounds: z.number().int().min(1).max(200).default(20),
    max_stalls: z.number().int().min(1).max(50).default(3),
  }),
  z.strictObject({
    type: z.literal('router'),
    router: name,
    routes: z
      .array(z.strictObject({ name, agent: name }))
      .min(1)
      .max(256),
    fallback: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('agent'), agent: name }),
      z.strictObject({ type: z.literal('person') }),
      z.strictObject({ type: z.literal('fail') }),
    ]),
  }),
]);

const onError = z.enum(['fail', 'skip']);
const stepId = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'a step id: lower-case letters, digits, _');

const NodeSchema: z.ZodType<Node> = z.lazy(() =>
  z.union([
    leaf,
    z.strictObject({
      type: z.literal('sequence'),
      steps: z
        .array(z.strictObject({ id: stepId, node: NodeSchema, on_error: onError.optional() }))
        .min(1)
        .max(1000),
    }),
    z.strictObject({
      type: z.literal('fanout'),
      branches: z
        .array(z.strictObject({ key: stepId, node: NodeSchema }))
        .min(1)
        .max(1000),
      merge: z.union([
        z.strictObject({ policy: z.enum(['all', 'any', 'first_success', 'best_effort']) }),
        z.strictObject({ policy: z.enum(['quorum', 'min']), count: z.number().int().min(1) }),
      ]),
      concurrency: z.number().int().min(1).max(1000).optional(),
      deadline_ms: z.number().int().min(1).optional(),
    }),
  ]),
);

/** Limits of one run; crossing one is the refusal `budget_exhausted`, told apart from a denial. */
export const BudgetDefinition = z.strictObject({
  model_calls: z.number().int().min(0).optional(),
  tool_calls: z.number().int().min(0).optional(),
  tokens: z.number().int().min(0).optional(),
});

export const WorkflowDefinition = z.strictObject({
  kind: z.literal('workflow'),
  name,
  ...accountable,
  input: jsonSchema.default({}),
  root: NodeSchema,
  budget: BudgetDefinition.default({}),
  /** Milliseconds from start to timed out; null for none. */
  deadline_ms: z.number().int().min(1).max(31_536_000_000).nullable().default(null),
});

export const Definition = z.discriminatedUnion('kind', [
  ModelDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  ResolverDefinition,
  AgentDefinition,
  WorkflowDefinition,
]);

export type ModelDefinition = z.infer<typeof ModelDefinition>;
export type ServerDefinition = z.infer<typeof ServerDefinition>;
export type ToolDefinition = z.infer<typeof ToolDefinition>;
export type ResolverDefinition = z.infer<typeof ResolverDefinition>;
export type AgentDefinition = z.infer<typeof AgentDefinition>;
export type WorkflowDefinition = z.infer<typeof WorkflowDefinition>;
export type BudgetDefinition = z.infer<typeof BudgetDefinition>;
export type Definition = z.infer<typeof Definition>;
export type DefinitionKind = Definition['kind'];

export { ServiceDefinition };

/** A definition as stored: numbered per name, named by digest, never changed. */
export interface Versioned<D extends Definition = Definition> {
  readonly digest: string;
  readonly version: number;
  readonly definition: D;
}

/** Everything one run may touch, by name, as it stood when the run started: the run's bill of materials. */
export interface BillOfMaterials {
  readonly workflow: Versioned<WorkflowDefinition>;
  readonly agents: ReadonlyMap<string, Versioned<AgentDefinition>>;
  readonly tools: ReadonlyMap<string, Versioned<ToolDefinition>>;
  readonly models: ReadonlyMap<string, Versioned<ModelDefinition>>;
  readonly servers: ReadonlyMap<string, Versioned<ServerDefinition>>;
  readonly services: ReadonlyMap<string, Versioned<ServiceDefinition>>;
  readonly resolvers: ReadonlyMap<string, Versioned<ResolverDefinition>>;
  /** Digest over the sorted list of `[kind, name, digest]`. */
  readonly digest: string;
}
