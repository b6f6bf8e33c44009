import type { Json } from '@writ/kernel';
import type { Merge, Node } from '@writ/registry';
import type { RunBudget } from '../run-budget';
import type { NextStep } from '../next-step';
import { branchPath, childOf } from '../path';
import type { FanState } from '../state';
import { planAgent } from './agent';
import { joinVerdict, tally } from './join';
import { ended, failedWith, type PlanAt, type Planned, type Scope } from './plan-at';

export interface Merged {
  readonly key: string;
  readonly output: Json;
}

/** Branches that run side by side, whatever made them: a fan-out, a map, a hedge. */
export interface Fan {
  readonly keys: readonly string[];
  readonly nodeOf: (key: string) => Node;
  readonly scopeOf: (key: string, scope: Scope) => Scope;
  readonly merge: Merge<Node>;
  /** What the outputs of merged branches are together, in the order of the keys. */
  readonly together: (outputs: readonly Merged[]) => Json;
  /** Branches under way at once. */
  readonly concurrency: number;
  /** Milliseconds from the opening after which the join is decided with what there is; null for none. */
  readonly deadlineMs: number | null;
  /** Milliseconds from a branch's start after which it has failed. */
  readonly branchDeadlineMs: (key: string) => number | null;
  /** What a branch may use, within what the run may; absent for no limit of its own. */
  readonly budgetOf?: (key: string) => RunBudget | undefined;
  /** Milliseconds from the opening before which a branch does not start. */
  readonly delayMs: (index: number) => number;
}

/** Opens the branches, starts as many as may run, ends those that came to an end, and joins. */
export function planFan(fan: Fan, at: PlanAt): Planned {
  const { path, state, now } = at;
  const opened = state.fans.get(path);
  if (!opened) {
    const deadlineAt = fan.deadlineMs === null ? null : now + fan.deadlineMs;
    return { next: [{ type: 'open_branches', path, keys: fan.keys, deadlineAt }] };
  }
  if (opened.joined) return joined(fan, opened.joined, at);
  const timeUp = opened.deadlineAt !== null && now >= opened.deadlineAt;
  const known = knownOf(at);
  if (timeUp || known.asked !== opened.ended.size) {
    const verdict = joinVerdict(fan.merge, { keys: opened.keys, ended: opened.ended, timeUp });
    if (verdict.kind !== 'open') return { next: [{ type: 'join_branches', path, verdict }] };
    known.asked = opened.ended.size;
  }
  const next: NextStep[] = [];
  if (opened.deadlineAt !== null) next.push({ type: 'rest', path, until: opened.deadlineAt });
  let running = 0;
  while (known.from < opened.keys.length && opened.ended.has(opened.keys[known.from]!)) known.from += 1;
  for (let index = known.from; index < opened.keys.length; index++) {
    const key = opened.keys[index]!;
    if (running >= fan.concurrency) break;
    if (opened.ended.has(key)) continue;
    running += 1;
    next.push(...branchSteps(fan, { key, index, opened, at }));
  }
  return { next };
}

/** Ten thousand branches must not cost the square of their number: what cannot change is not asked again. */
function knownOf({ memory, path }: PlanAt): { asked: number; from: number } {
  let known = memory.fans.get(path);
  if (!known) memory.fans.set(path, (known = { asked: -1, from: 0 }));
  return known;
}

interface BranchPlace {
  readonly key: string;
  readonly index: number;
  readonly opened: FanState;
  readonly at: PlanAt;
}

function branchSteps(fan: Fan, { key, index, opened, at }: BranchPlace): readonly NextStep[] {
  const { now } = at;
  const path = branchPath(at.path, key);
  const started = opened.started.get(key);
  if (!started) {
    const from = opened.openedAt + fan.delayMs(index);
    if (now < from) return [{ type: 'rest', path: at.path, until: from }];
    const limit = fan.branchDeadlineMs(key);
    const budget = fan.budgetOf?.(key);
    const deadlineAt = limit === null ? null : now + limit;
    return [{ type: 'start_branch', path, deadlineAt, ...(budget && { budget }) }];
  }
  const { deadlineAt } = started;
  if (deadlineAt !== null && now >= deadlineAt) {
    const message = `the branch did not end by ${new Date(deadlineAt).toISOString()}`;
    const failure = { code: 'branch_timeout', class: 'permanent', message } as const;
    return [{ type: 'end_branch', path, outcome: 'timed_out', failure }];
  }
  const planned = planBranch(fan, key, at);
  if ('next' in planned) {
    return deadlineAt === null ? planned.next : [...planned.next, { type: 'rest', path: at.path, until: deadlineAt }];
  }
  const end = planned.ended;
  if (end.done) return [{ type: 'end_branch', path, outcome: 'ok' }];
  return [{ type: 'end_branch', path, outcome: 'failed', failure: end.failure }];
}

const planBranch = (fan: Fan, key: string, at: PlanAt): Planned =>
  at.plan(fan.nodeOf(key), { ...at, path: branchPath(at.path, key), scope: fan.scopeOf(key, at.scope) });

/** What a decided join gives. A node that merges runs now, over what the branches gave, in the order of the keys. */
function joined(fan: Fan, verdict: NonNullable<FanState['joined']>, at: PlanAt): Planned {
  if (verdict.outcome === 'failed') return failedWith(verdict.failure!);
  const outputs = verdict.merged.map((key) => ({ key, output: outputOf(fan, key, at) }));
  const byKey = keyed(outputs);
  const { merge } = fan;
  switch (merge.policy) {
    case 'first_success':
      return ended(outputs[0]!.output);
    case 'vote': {
      const winner = tally(outputs, merge);
      return winner.ok ? ended(winner.value) : failedWith(winner.failure);
    }
    case 'reduce':
      return at.plan(merge.node, { ...at, path: childOf(at.path, '+'), scope: { ...at.scope, branches: byKey } });
    case 'judge':
      return judged(merge.agent, byKey, at);
    default:
      return ended(fan.together(outputs));
  }
}

export const keyed = (outputs: readonly Merged[]): { readonly [key: string]: Json } =>
  Object.fromEntries(outputs.map(({ key, output }) => [key, output]));

function outputOf(fan: Fan, key: string, at: PlanAt): Json {
  const planned = planBranch(fan, key, at);
  if ('next' in planned || !planned.ended.done)
    throw new Error(`branch ${key} of ${at.path} was merged and has no output`);
  return planned.ended.output;
}

/** An agent names the branch to take. An answer that names none is a failure: nothing is taken by guessing. */
function judged(agent: string, byKey: { readonly [key: string]: Json }, at: PlanAt): Planned {
  const reply_with = 'the key of the best answer, and nothing else';
  // Given as it is, not as a template: what branches put out is data, also where it looks like a reference.
  const input = { task: at.scope.input, answers: byKey, reply_with };
  const planned = planAgent({ entry: agent, input }, { ...at, path: childOf(at.path, '+') });
  if ('next' in planned || !planned.ended.done) return planned;
  const key = keyIn(planned.ended.output);
  if (key !== null && Object.hasOwn(byKey, key)) return ended(byKey[key] ?? null);
  const named = JSON.stringify(planned.ended.output).slice(0, 80);
  const message = `the judge ${agent} named ${named}, which is none of ${Object.keys(byKey).join(', ')}`;
  return failedWith({ code: 'judge_named_none', class: 'permanent', message });
}

/** The key an answer names: the answer itself, or its member `key`. */
function keyIn(output: Json): string | null {
  if (typeof output === 'string') return output.trim();
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return null;
  const key = (output as { readonly key?: Json }).key;
  return typeof key === 'string' ? key : null;
}
