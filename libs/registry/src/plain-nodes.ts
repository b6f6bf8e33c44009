import { z } from 'zod';
import { BudgetDefinition } from './budget';
import { Condition } from './condition';
import { duration, jsonSchema, name, reference, template } from './name';

/** Nodes that hold no other node. Agents are named, never written out: an agent has an owner and versions of its own. */
const few = (most: number) => z.number().int().min(1).max(most);
const peers = z.array(name).min(1).max(64);
const input = template.optional();

export const PLAIN_NODES = [
  z.strictObject({ type: z.literal('agent'), agent: name, input }),
  /** One tool call; with `agent` it is made as that agent, under its grants too. */
  z.strictObject({ type: z.literal('tool'), tool: name, args: template.default({}), agent: name.optional() }),
  /**
   * Waits for a signal by name (its payload is the output), for a time, or for whichever comes first. With `correlate`
   * only a signal that brings the same correlation counts.
   */
  z.strictObject({
    type: z.literal('wait'),
    signal: name.optional(),
    correlate: z.union([z.string().min(1).max(200), reference]).optional(),
    timeout_ms: duration.optional(),
  }),
  /** Peers that hand over to one another; `entry` speaks first, one owns the conversation at any time. */
  z.strictObject({
    type: z.literal('swarm'),
    entry: name,
    agents: peers,
    input,
    max_handoffs: z.number().int().min(0).max(100).default(10),
    /** How often one agent may pass to another with nearly the same words. */
    max_repeats: z.number().int().min(0).max(100).optional(),
    /** Whether control comes back to the agent before when the one that was handed to has answered. */
    returns: z.boolean().optional(),
  }),
  /** One agent that plans and assigns; the workers get a brief and give back a result. */
  z.strictObject({
    type: z.literal('supervisor'),
    supervisor: name,
    workers: peers,
    input,
    max_rounds: few(200).default(20),
    max_stalls: few(50).default(3),
    max_parallel: few(64).optional(),
    max_result_chars: z.number().int().min(100).max(100_000).optional(),
    worker_budget: BudgetDefinition.optional(),
  }),
  /** Several agents in one conversation, until a condition over it holds or the rounds are over. */
  z.strictObject({
    type: z.literal('group_chat'),
    speakers: peers,
    order: z.union([z.literal('round_robin'), z.strictObject({ manager: name })]),
    input,
    max_rounds: few(200),
    until: Condition.optional(),
  }),
  /** A planner writes a list of steps; executors do them one after the other; the planner may write it anew. */
  z.strictObject({
    type: z.literal('plan'),
    planner: name,
    executors: peers,
    input,
    max_steps: few(100),
    max_replans: z.number().int().min(0).max(20),
    approve: z.boolean().optional(),
  }),
  /** An agent answers, a critic scores the answer, until the score is high enough or the tries are over. */
  z.strictObject({
    type: z.literal('reflect'),
    agent: name,
    critic: name,
    input,
    threshold: z.number().min(0).max(1),
    max: few(20),
  }),
  /** Another workflow as a run of its own: own id, no more authority or budget than is left here. */
  z.strictObject({
    type: z.literal('run'),
    workflow: name,
    input,
    budget: BudgetDefinition.optional(),
    deadline_ms: duration.optional(),
    on_parent_cancel: z.enum(['cancel', 'leave']).optional(),
  }),
  /**
   * Reads a key of the workflow's blackboard, or writes it, where its version is still `expect`; its output is
   * `{key, version, value, labels}`. Without `expect` it writes over whatever is there.
   */
  z.strictObject({
    type: z.literal('board'),
    key: name,
    write: z.json().optional(),
    expect: z.union([z.number().int().min(0), reference]).optional(),
  }),
  /** Asks people; the answer, which must fit the schema, is the output. */
  z.strictObject({
    type: z.literal('input'),
    question: z.union([z.string().min(1).max(4000), reference]),
    schema: jsonSchema,
    role: name.optional(),
    timeout_ms: duration.optional(),
  }),
] as const;

export type PlainNode = z.infer<(typeof PLAIN_NODES)[number]>;
