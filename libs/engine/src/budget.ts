import type { Failure } from '@writ/kernel';
import type { Proposal } from './proposal';
import type { RunBudget } from './run-budget';
import type { Tail } from './unit-request';
import { branchOf } from './path';
import type { RunState } from './state';

/**
 * Whether one more step fits the run's limits, counting its reservation before it is made (I13), and those of `beside`:
 * what other branches take in the same unit. Null when it does. Lost attempts stay charged at their reservation, so a
 * crash can never free what may have been spent.
 */
export function overBudget(state: RunState, proposed: Proposal, beside: readonly Tail[]): Failure | null {
  const { budget } = state.started;
  const usage = { ...state.usage };
  for (const { events } of beside) {
    for (const event of events) {
      if (event.type !== 'step_intended') continue;
      if (event.kind === 'model') usage.model_calls += 1;
      if (event.kind === 'tool' && event.attempt === 1) usage.tool_calls += 1;
    }
  }
  for (const name of COUNTED) usage[name] += setAside(state, { name, beside, except: proposed.path });
  // What is under way has not been settled: it counts at what was reserved for it.
  usage.tokens += reserved(state) + beside.reduce((sum, tail) => sum + reservedIn(tail), 0);
  const over = (name: string, limit: number | undefined, after: number): Failure | null =>
    limit !== undefined && after > limit
      ? {
          code: 'budget_exhausted',
          class: 'budget',
          message: `the run may use ${limit} ${name} and ${proposed.target} would make it ${after}`,
          next: 'Start the run with a larger budget, or let it do less.',
          details: { limit, name },
        }
      : null;
  if (proposed.kind === 'model') {
    return (
      over('model calls', budget.model_calls, usage.model_calls + 1) ??
      over('tokens', budget.tokens, usage.tokens + (proposed.details.reserve ?? 0))
    );
  }
  if (proposed.kind === 'check') return over('tokens', budget.tokens, usage.tokens + (proposed.details.reserve ?? 0));
  const { child } = proposed.details;
  if (child) {
    if (triedBefore(state, proposed)) return tooDeep(deepest(state, proposed.path), child.depth);
    const failure =
      over('model calls', budget.model_calls, usage.model_calls + (child.budget.model_calls ?? 0)) ??
      over('tool calls', budget.tool_calls, usage.tool_calls + (child.budget.tool_calls ?? 0)) ??
      over('tokens', budget.tokens, usage.tokens + (child.budget.tokens ?? 0));
    return failure ?? tooDeep(deepest(state, proposed.path), child.depth);
  }
  if (proposed.kind === 'tool' && !triedBefore(state, proposed))
    return over('tool calls', budget.tool_calls, usage.tool_calls + 1);
  return null;
}

/** Another attempt of a tool call or of a child's start is the same call: it is counted already. */
export function triedBefore(
  state: RunState,
  { kind, path, target }: Pick<Proposal, 'kind' | 'path' | 'target'>,
): boolean {
  const intent = state.branches.get(branchOf(path))?.open?.intent;
  return intent !== undefined && intent.kind === kind && intent.path === path && intent.target === target;
}

/** How many levels of runs may stand below a place: as the run says, and each part of it around the place. */
function deepest({ started, ledger }: RunState, path: string): number | undefined {
  const limits = [started.budget.depth, ledger.room(path, started.at).depth].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Reservations of calls under way. A lost one is charged when its next attempt is intended. */
function reserved(state: RunState): number {
  let sum = 0;
  for (const { open, reading } of state.branches.values()) {
    if (open?.phase === 'in_flight') sum += open.intent.reserve ?? 0;
    if (reading?.phase === 'in_flight') sum += reading.intent.reserve ?? 0;
  }
  return sum;
}

const reservedIn = ({ events }: Tail): number =>
  events.reduce((sum, event) => sum + (event.type === 'step_intended' ? (event.reserve ?? 0) : 0), 0);

/** Runs that start runs that start runs: a tree this high is a mistake. */
const MAX_DEPTH = 16;

function tooDeep(left: number | undefined, depth: number): Failure | null {
  if (depth <= MAX_DEPTH && (left === undefined || left > 0)) return null;
  return {
    code: 'depth_exceeded',
    class: 'budget',
    message: `one more run would stand ${depth} deep in its tree, deeper than it may`,
    next: 'Give the workflow a larger budget of depth, or let a run do the work itself.',
    details: { limit: Math.min(MAX_DEPTH, depth - 1 + (left ?? MAX_DEPTH)), name: 'depth' },
  };
}

type Counted = (typeof COUNTED)[number];

/** What child runs that have not reported may still use, and those whose start is under way. */
function setAside(
  state: RunState,
  of: { readonly name: Counted; readonly beside: readonly Tail[]; readonly except: string },
): number {
  const { name, beside, except } = of;
  let sum = 0;
  for (const { ended, intent } of state.children.values()) if (!ended) sum += intent.budget[name] ?? 0;
  for (const { open } of state.branches.values()) {
    // Another attempt of the same start sets nothing aside twice.
    if (open?.phase === 'in_flight' && open.intent.path !== except) sum += open.intent.child?.budget[name] ?? 0;
  }
  for (const { events } of beside) {
    for (const event of events) if (event.type === 'step_intended') sum += event.child?.budget[name] ?? 0;
  }
  return sum;
}

/** What steps under way and child runs hold of the run's calls and tokens, for people. */
export function heldBack(state: RunState): { readonly [name in Counted]: number } {
  const aside = (name: Counted): number => setAside(state, { name, beside: [], except: NOWHERE });
  return {
    model_calls: aside('model_calls'),
    tool_calls: aside('tool_calls'),
    tokens: aside('tokens') + reserved(state),
  };
}

/** No node stands here. */
const NOWHERE = '//';

/**
 * A child's limits: what it asks for; of what it does not limit itself, all that is left here, of the run and of every
 * part of it around the node. Time runs: a child never gets more of it than is left.
 */
export function childBudget(
  state: RunState,
  { path, asked, now }: { readonly path: string; readonly asked: RunBudget; readonly now: number },
): RunBudget {
  const before = state.branches.get(branchOf(path))?.open?.intent;
  // Another attempt of the same start: what was set aside for it is its own.
  if (before?.path === path && before.child) return before.child.budget;
  const { budget } = state.started;
  const counted = COUNTED.flatMap((name) => {
    const limit = budget[name];
    const taken = state.usage[name] + setAside(state, { name, beside: [], except: path });
    return limit === undefined ? [] : [[name, Math.max(0, limit - taken)] as const];
  });
  const { depth: _depth, wall_ms: time, ...room } = state.ledger.room(path, now);
  const left = smaller(room, Object.fromEntries(counted));
  const below = deepest(state, path);
  return {
    ...left,
    ...asked,
    ...(time !== undefined && { wall_ms: Math.min(asked.wall_ms ?? Infinity, time) }),
    ...(below !== undefined && { depth: Math.min(asked.depth ?? Infinity, below - 1) }),
  };
}

const COUNTED = ['model_calls', 'tool_calls', 'tokens'] as const;

/** The smaller of two sets of limits, name by name: limits are narrowed, never widened (I6). */
export function smaller(
  of: { readonly [name: string]: number | undefined },
  asked: { readonly [name: string]: number | undefined },
): { [name: string]: number } {
  const names = new Set([...Object.keys(of), ...Object.keys(asked)]);
  const limits = [...names].map((name) => [name, Math.min(of[name] ?? Infinity, asked[name] ?? Infinity)] as const);
  return Object.fromEntries(limits.filter(([, limit]) => limit !== Infinity));
}
