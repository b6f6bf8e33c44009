import { ToolFlow } from '@writ/policy';
import { EFFECT_CLASSES } from '@writ/words';
import { z } from 'zod';
import { HttpEndpoint } from './http-definitions';
import { accountable, governed, jsonSchema, name, pointer, template } from './name';

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
  /** Of the endpoint, shared by all workers and by every definition with the same address, key and model. */
  limits: z
    .strictObject({
      /** Calls under way at once. */
      concurrency: z.number().int().min(1).max(10_000).optional(),
      requests_per_minute: z.number().min(0.1).max(1_000_000).optional(),
    })
    .optional(),
  /** Millionths of the currency per million tokens. Its version is the definition's; without one the cost is unknown. */
  price: z
    .strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, such as USD'),
      input_micros: z.number().int().min(0),
      output_micros: z.number().int().min(0),
      cached_input_micros: z.number().int().min(0).optional(),
    })
    .optional(),
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
  /** Who answers for it, and what for; what becomes of one without is the policy's to say. */
  owner: accountable.owner.optional(),
  purpose: accountable.purpose.optional(),
  ...governed,
  description: z.string().max(4000).default(''),
  input: jsonSchema.default({ type: 'object' }),
  /** What it answers; what later steps take from the answer is checked against it when a workflow is published. */
  output: jsonSchema.optional(),
  /**
   * What a lost outcome means. Absent means nobody said: the engine treats it as irreversible, so a lost outcome waits
   * for a person (I5).
   */
  effect: z.enum(EFFECT_CLASSES).optional(),
  /** The tool that undoes a call, its arguments from `/args` and `/output` of the call that is undone. */
  compensate: z.strictObject({ tool: name, args: template.default({}) }).optional(),
  endpoint: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('function'), function: z.string().min(1) }),
    z.strictObject({ type: z.literal('mcp'), server: name, tool: z.string().min(1) }),
    HttpEndpoint,
  ]),
  /** The business object a call touches, found in its arguments. */
  resource: z.strictObject({ type: name, id: pointer }).optional(),
  /** What it brings into a run and lets out of it, for policies that keep account of labels. */
  flow: ToolFlow.optional(),
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

export type ModelDefinition = z.infer<typeof ModelDefinition>;
export type ServerDefinition = z.infer<typeof ServerDefinition>;
export type ToolDefinition = z.infer<typeof ToolDefinition>;
export type ResolverDefinition = z.infer<typeof ResolverDefinition>;
