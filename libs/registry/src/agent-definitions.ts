import { z } from 'zod';
import { BudgetDefinition } from './budget';
import { accountable, duration, governed, jsonSchema, label, name, pointer } from './name';

/**
 * What an agent gives along when it hands over, asks or assigns: whoever receives may do no more with it, and whoever
 * receives from them no more than that. What is absent is not bounded here; what the receiver may not do it never may.
 */
const Given = z.strictObject({
  /** The only tools, by name or with limits on their arguments; an empty list is none. */
  tools: z
    .array(
      z.union([
        name,
        z.strictObject({
          tool: name,
          only: z.record(pointer, z.array(z.json()).min(1).max(256)).optional(),
          at_most: z.record(pointer, z.number()).optional(),
        }),
      ]),
    )
    .max(128)
    .optional(),
  /** Tool calls, of all below together. */
  uses: z.number().int().min(0).optional(),
  /** How often it may be passed on again, one below the other. */
  depth: z.number().int().min(0).max(64).optional(),
  /** Milliseconds after which it has ended. */
  lasts_ms: duration.optional(),
  budget: BudgetDefinition.optional(),
  /**
   * The only labels that what is handed on with it, or brought in under it, may carry, where the policy keeps account of
   * labels; an empty list is none.
   */
  labels: z.array(label).max(16).optional(),
});
export type Given = z.infer<typeof Given>;

export const AgentDefinition = z.strictObject({
  kind: z.literal('agent'),
  name,
  ...accountable,
  ...governed,
  model: name,
  instructions: z.string().max(32_768),
  tools: z.array(name).max(128).default([]),
  /** Agents it may ask to hand over to; whether it may is the policy's to say, each time. */
  handoffs: z.array(name).max(32).default([]),
  /** Agents it may ask as it would use a tool: they get a brief, their answer comes back, control stays here. */
  consults: z.array(name).max(32).optional(),
  /** What goes along to whom; under `*` to everybody who is not named. */
  gives: z.record(z.union([name, z.literal('*')]), Given).optional(),
  /**
   * What it takes when somebody hands over to it, asks it or gives it work: an object of this shape in place of a message.
   * Whoever hands over is told the shape, and what does not fit does not arrive.
   */
  takes: jsonSchema.optional(),
  /** What its final answer must be. Without it the answer is text. */
  output: jsonSchema.optional(),
  /** What it hears of the conversation before, when control is handed to it: all, the message alone, or the last turns. */
  context: z
    .union([z.enum(['all', 'message']), z.strictObject({ turns: z.number().int().min(1).max(100) })])
    .optional(),
  /**
   * An external framework that leads it, in place of turns of its own: one POST to a service with `{agent, instructions,
   * input, tools}`; the answer is the node's output. The framework makes its own calls back through the run.
   */
  framework: z
    .strictObject({
      service: name,
      path: z.string().regex(/^(\/[A-Za-z0-9._~-]+)+$/, 'a path such as /agents/planner'),
      timeout_ms: z.number().int().min(1).max(3_600_000).default(300_000),
      max_bytes: z.number().int().min(1).max(8_388_608).default(1_048_576),
      max_attempts: z.number().int().min(1).max(50).default(5),
    })
    .optional(),
  max_turns: z.number().int().min(1).max(1000).default(40),
});

const share = z.number().min(0).max(1);
const utterance = z.string().trim().min(1).max(1000);

/**
 * Tells inputs apart by examples. Below the threshold, or with the next route closer than the margin, it abstains and
 * the workflow's fallback follows.
 */
export const RouterDefinition = z.strictObject({
  kind: z.literal('router'),
  name,
  ...accountable,
  classifier: z.literal('lexical').default('lexical'),
  routes: z
    .array(z.strictObject({ name, utterances: z.array(utterance).min(1).max(2000) }))
    .min(2)
    .max(256),
  threshold: share,
  margin: share,
  /** What the two numbers achieved on labelled cases when they were chosen. */
  measured: z.strictObject({ cases: z.number().int().min(1), coverage: share, precision: share }).optional(),
});

export type AgentDefinition = z.infer<typeof AgentDefinition>;
export type RouterDefinition = z.infer<typeof RouterDefinition>;
