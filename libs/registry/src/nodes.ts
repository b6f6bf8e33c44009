import type { Json } from '@writ/kernel';
import { z } from 'zod';
import { BudgetDefinition } from './budget';
import { Condition } from './condition';
import { type Merge, PLAIN_MERGES, reduceOf } from './merge';
import { duration, name, pointer, type Reference, reference, stepId, template } from './name';
import { PLAIN_NODES, type PlainNode } from './plain-nodes';

/**
 * A workflow as a tree of nodes, each usable inside the others. Templates and conditions name values by pointer:
 * - `/input/…` the run's input; `/steps/<id>/output/…` a step before, in the sequences around the node
 * - `/item`, `/key` inside a map; `/loop/index` (from 0), `/loop/last` (the output before, null at first) inside a loop
 * - `/branches/<key>` inside the node of a `reduce`
 */
export type Node = PlainNode | SequenceNode | FanoutNode | MapNode | ChoiceNode | LoopNode | HedgeNode | RouterNode;

/** What follows when a step ends without a result. `skip` goes on without it; a fallback takes its place. */
export type OnError = 'fail' | 'skip' | 'compensate' | { fallback: Node };

/** How a step is undone, from what it really put out; decided like any other call. */
export type Compensation = z.infer<typeof compensation>;

export interface Step {
  id: string;
  node: Node;
  on_error?: OnError | undefined;
  compensate?: Compensation | undefined;
}
export interface SequenceNode {
  type: 'sequence';
  steps: Step[];
}
export interface Branch {
  key: string;
  node: Node;
  deadline_ms?: number | undefined;
  budget?: BudgetDefinition | undefined;
}
/** Branches side by side. Its output holds theirs by key, except where the merge policy picks or makes one. */
export interface FanoutNode {
  type: 'fanout';
  branches: Branch[];
  merge: Merge<Node>;
  concurrency?: number | undefined;
  deadline_ms?: number | undefined;
}
/** One branch per item of a list; a key by pointer into the item keeps branches apart, the place in the list otherwise. */
export interface MapNode {
  type: 'map';
  over: Reference | Json[];
  key?: string | undefined;
  node: Node;
  merge: Merge<Node>;
  concurrency?: number | undefined;
  deadline_ms?: number | undefined;
  branch_deadline_ms?: number | undefined;
  max_items?: number | undefined;
}
/** The first case whose condition holds. */
export interface ChoiceNode {
  type: 'choice';
  cases: { when: Condition; node: Node }[];
  otherwise?: Node | undefined;
}
/** Repeats its node until the condition holds, at most `max` times. */
export interface LoopNode {
  type: 'loop';
  node: Node;
  until?: Condition | undefined;
  max: number;
  exhausted: 'fail' | 'last' | { node: Node };
}
/** Starts the same node again when it is slow, and takes the first that succeeds. */
export interface HedgeNode {
  type: 'hedge';
  node: Node;
  after_ms: number;
  max: number;
}
export type Fallback =
  | { type: 'agent'; agent: string }
  | { type: 'node'; node: Node }
  | { type: 'person' }
  | { type: 'fail' }
  /** Another classifier, such as a model that reads the closed list of routes; and what follows when it abstains too. */
  | { type: 'router'; router: string; fallback: Fallback };
export type RouteTarget = { name: string; agent: string } | { name: string; node: Node };
/** Sends the input one of several ways: by a router definition, or by an agent that names the route. */
export interface RouterNode {
  type: 'router';
  router: string;
  input?: { [key: string]: Json } | undefined;
  routes: RouteTarget[];
  fallback: Fallback;
}

const compensation = z.strictObject({ tool: name, args: template.default({}), agent: name.optional() });

const MOST_BRANCHES = 1000;
const MOST_ITEMS = 10_000;
const node: z.ZodType<Node> = z.lazy(() => NodeSchema);
const few = (most: number) => z.number().int().min(1).max(most);
const merge: z.ZodType<Merge<Node>> = z.discriminatedUnion('policy', [...PLAIN_MERGES, reduceOf(node)]);

const onError = z.union([z.enum(['fail', 'skip', 'compensate']), z.strictObject({ fallback: node })]);
const step = z.strictObject({
  id: stepId,
  node,
  on_error: onError.optional(),
  compensate: compensation.optional(),
});
const branch = z.strictObject({
  key: stepId,
  node,
  deadline_ms: duration.optional(),
  budget: BudgetDefinition.optional(),
});
const fallback: z.ZodType<Fallback> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('agent'), agent: name }),
    z.strictObject({ type: z.literal('node'), node }),
    z.strictObject({ type: z.literal('person') }),
    z.strictObject({ type: z.literal('fail') }),
    z.strictObject({ type: z.literal('router'), router: name, fallback }),
  ]),
);

export const NodeSchema: z.ZodType<Node> = z.discriminatedUnion('type', [
  ...PLAIN_NODES,
  z.strictObject({ type: z.literal('sequence'), steps: z.array(step).min(1).max(1000) }),
  z.strictObject({
    type: z.literal('fanout'),
    branches: z.array(branch).min(1).max(MOST_BRANCHES),
    merge,
    concurrency: few(MOST_BRANCHES).optional(),
    deadline_ms: duration.optional(),
  }),
  z.strictObject({
    type: z.literal('map'),
    over: z.union([reference, z.array(z.json()).max(MOST_ITEMS)]),
    key: pointer.optional(),
    node,
    merge,
    concurrency: few(MOST_BRANCHES).optional(),
    deadline_ms: duration.optional(),
    branch_deadline_ms: duration.optional(),
    max_items: few(MOST_ITEMS).optional(),
  }),
  z.strictObject({
    type: z.literal('choice'),
    cases: z
      .array(z.strictObject({ when: Condition, node }))
      .min(1)
      .max(100),
    otherwise: node.optional(),
  }),
  z.strictObject({
    type: z.literal('loop'),
    node,
    until: Condition.optional(),
    max: few(1000),
    exhausted: z.union([z.enum(['fail', 'last']), z.strictObject({ node })]),
  }),
  z.strictObject({ type: z.literal('hedge'), node, after_ms: duration, max: z.number().int().min(2).max(4) }),
  z.strictObject({
    type: z.literal('router'),
    router: name,
    input: template.optional(),
    routes: z
      .array(z.union([z.strictObject({ name, agent: name }), z.strictObject({ name, node })]))
      .min(1)
      .max(256),
    fallback,
  }),
]);
