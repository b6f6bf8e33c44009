import { z } from 'zod';

/** `untrusted`, `private` and `secret` have a meaning of their own; any other word is a class of the tenant. */
const label = z.string().regex(/^[a-z][a-z0-9_.-]{0,31}$/, 'a label: lower-case letters, digits, _ . -, at most 32');
export const labels = z.array(label).max(16);
const pointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer (RFC 6901), such as /recipient');
const id = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'an id: lower-case letters, digits, _ . -');

/** What reaching a tool amounts to: nothing outside changes, something does, something leaves. */
export const SINKS = ['read', 'write', 'egress'] as const;
export type Sink = (typeof SINKS)[number];

/**
 * What a tool brings into a run, and what may leave through it. Said by its definition, by the policy, or by both: labels
 * and destinations then add up, and where they name two sinks or independencies the policy's word counts.
 */
export const ToolFlow = z.strictObject({
  /** Labels of what it answers. */
  labels: labels.optional(),
  /** Without a word here: `read` for a tool whose effect is, `egress` for every other. */
  sink: z.enum(SINKS).optional(),
  /** Arguments that say where it goes: a recipient, an address, the id of what is changed. */
  to: z.array(pointer).max(16).optional(),
  /**
   * Parts of its answer that it vouches for whatever the labels say: names and ids that it gives out itself. A step `*` is
   * every item. Only a whole value counts, never a piece of one.
   */
  vouches: z.array(pointer).max(16).optional(),
  /** Its answer is its own records and nothing of its arguments, so it does not take on their labels. */
  independent: z.boolean().optional(),
});
export type ToolFlow = z.infer<typeof ToolFlow>;

/** A tool by name, by prefix (`mail_*`, `*`), or by class (`class:mail`). */
const toolPattern = z
  .string()
  .regex(/^(class:[^\s,|*]{1,190}|[a-z][a-z0-9_.-]{0,63}\*?|\*)$/, 'a tool, a prefix such as mail_*, or class:<name>');

const FlowRuleDocument = z.strictObject({
  sinks: z
    .array(z.enum(['write', 'egress']))
    .min(1)
    .default(['write', 'egress']),
  tools: z.array(toolPattern).min(1).max(256).default(['*']),
  /** It speaks once something with one of these labels has entered the run; without any, always. */
  after: labels.default([]),
  /** Every destination came from the initiator, or from a tool whose answer is not `untrusted`. */
  destination: z.literal('known').optional(),
  /** No argument carries one of these labels. */
  clean: labels.default([]),
  /** Id of the obligation under which what is not met may still happen; without one it may not. */
  ask: id.optional(),
});

/** The member `flow` of a bundle. */
export const FlowDocument = z.strictObject({
  /** Labels of what enters a run other than through its tools. */
  entries: z
    .strictObject({
      /** What it was started with. */
      input: labels.default([]),
      /** Answers to its questions, notes of operators, arguments that an approver changed. */
      person: labels.default([]),
      signal: labels.default(['untrusted']),
      /** Results of runs that it started, and of frameworks that lead an agent. */
      outside: labels.default(['untrusted']),
    })
    .default({ input: [], person: [], signal: ['untrusted'], outside: ['untrusted'] }),
  tools: z.record(toolPattern, ToolFlow).default({}),
  rules: z.record(id, FlowRuleDocument).default({}),
  /** Private data, untrusted content and a way out together: the act that would bring the third asks, or is denied. */
  trifecta: z
    .strictObject({
      private: labels.min(1).default(['private', 'secret']),
      untrusted: labels.min(1).default(['untrusted']),
      ask: id.optional(),
    })
    .optional(),
  /**
   * What a handoff whose receiver acts by its own grants may carry. Without it the approval of people is asked for whatever
   * is `untrusted`, in any shape.
   */
  service: z
    .strictObject({
      /** `schema`: only what fits the schema that the receiver publishes (`takes`). */
      payload: z.enum(['schema', 'any']).default('schema'),
      /** Labels for which people are asked. */
      tainted: labels.min(1).default(['untrusted']),
      ask: id.optional(),
    })
    .exactOptional(),
});
export type FlowDocument = z.infer<typeof FlowDocument>;
