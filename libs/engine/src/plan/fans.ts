import { canonicalJson, digestOf, type Json } from '@writ/kernel';
import { type Node, resolveTemplate, valueAt } from '@writ/registry';
import type { RunBudget } from '../run-budget';
import { type Fan, keyed, planFan } from './fan';
import { ended, failedAs, type PlanAt, type Planned, type Scope } from './plan-at';

type FanoutNode = Extract<Node, { type: 'fanout' }>;
type MapNode = Extract<Node, { type: 'map' }>;
type HedgeNode = Extract<Node, { type: 'hedge' }>;

const sameScope = (_key: string, scope: Scope): Scope => scope;
const DEFAULT_CONCURRENCY = 64;
const DEFAULT_MAX_ITEMS = 1_000;

/** Branches written out in the workflow. */
export function planFanout(node: FanoutNode, at: PlanAt): Planned {
  const branches = new Map(node.branches.map((branch) => [branch.key, branch]));
  return planFan(
    {
      keys: [...branches.keys()],
      nodeOf: (key) => branches.get(key)!.node,
      scopeOf: sameScope,
      merge: node.merge,
      together: keyed,
      concurrency: node.concurrency ?? DEFAULT_CONCURRENCY,
      deadlineMs: node.deadline_ms ?? null,
      branchDeadlineMs: (key) => branches.get(key)!.deadline_ms ?? null,
      budgetOf: (key) => budgetOf(branches.get(key)!.budget),
      delayMs: () => 0,
    },
    at,
  );
}

/** As the journal keeps it: without members that say nothing. */
export const budgetOf = (declared: FanoutNode['branches'][number]['budget']): RunBudget | undefined =>
  declared && (Object.fromEntries(Object.entries(declared).filter(([, limit]) => limit !== undefined)) as RunBudget);

/** One branch per item of a list the run has; none for an empty list. Its output is a list of `{key, output}` in the order of the items. */
export function planMap(node: MapNode, at: PlanAt): Planned {
  const items = itemsOf(node, at);
  if ('ended' in items) return items;
  if (items.byKey.size === 0) return ended([]);
  const fan: Fan = {
    keys: [...items.byKey.keys()],
    nodeOf: () => node.node,
    scopeOf: (key, scope) => ({ ...scope, item: items.byKey.get(key) ?? null, key }),
    merge: node.merge,
    // A list, as what it runs over is one: members of an object have no order of their own.
    together: (outputs) => outputs.map((one) => ({ ...one })),
    concurrency: node.concurrency ?? DEFAULT_CONCURRENCY,
    deadlineMs: node.deadline_ms ?? null,
    branchDeadlineMs: () => node.branch_deadline_ms ?? null,
    delayMs: () => 0,
  };
  return planFan(fan, at);
}

type Items = { readonly byKey: ReadonlyMap<string, Json> } | Extract<Planned, { ended: unknown }>;

function itemsOf(node: MapNode, at: PlanAt): Items {
  const { memory, path } = at;
  const known = memory.items.get(path);
  if (known) return { byKey: known };
  const resolved = resolveTemplate({ over: node.over as Json }, at.scope);
  if (!resolved.ok) return { ended: { done: false, status: 'failed', failure: resolved.failure } };
  const list = resolved.value['over'];
  const where = path === '' ? 'the map' : `the map ${path}`;
  if (!Array.isArray(list)) return failedAs('map_needs_list', `${where} runs over a list, and this is none`);
  const most = node.max_items ?? DEFAULT_MAX_ITEMS;
  if (list.length > most)
    return failedAs('too_many_items', `${where} takes ${most} items, and there are ${list.length}`);
  const byKey = new Map<string, Json>();
  for (const [i, item] of (list as readonly Json[]).entries()) {
    const key = node.key === undefined ? String(i) : keyOf(valueAt(item, node.key));
    if (key === null) return failedAs('item_without_key', `item ${i} of ${where} has no text or number at ${node.key}`);
    if (byKey.has(key)) return failedAs('item_key_twice', `two items of ${where} have the key ${key}`);
    byKey.set(key, item);
  }
  memory.items.set(path, byKey);
  return { byKey };
}

const PLAIN_KEY = /^[A-Za-z0-9_.:-]{1,64}$/;

/** A key that can stand in a path: the value itself where it is plain, otherwise the start of its digest. */
function keyOf(value: Json | undefined): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value);
  return PLAIN_KEY.test(text) ? text : digestOf(canonicalJson(text)).slice(-24);
}

/** The same node again when it is slow; the first that ends well is the answer, the others are cancelled and billed. */
export function planHedge(node: HedgeNode, at: PlanAt): Planned {
  return planFan(
    {
      keys: Array.from({ length: node.max }, (_, i) => `try${i + 1}`),
      nodeOf: () => node.node,
      scopeOf: sameScope,
      merge: { policy: 'first_success' },
      together: keyed,
      concurrency: node.max,
      deadlineMs: null,
      branchDeadlineMs: () => null,
      delayMs: (index) => index * node.after_ms,
    },
    at,
  );
}
