import type { Node } from '@writ/registry';
import type { Cancel, Fail, NextStep } from '../next-step';
import { branchOf } from '../path';
import type { RunState } from '../state';
import type { PlanAt } from './plan-at';
import { leftOpen } from './recover';
import { undoings } from './undo';

/** How long a run that ends waits for the runs it started to end too; then it leaves them behind. */
const CHILDREN_MS = 30_000;

/**
 * The end of a run before its time. Its child runs are told, and waited for. A cancelled run settles what it had open and
 * undoes what it did, last first, each act decided as any other; its last event lists what was undone, what could not
 * be, and what was left behind.
 */
export function ending(end: Cancel | Fail, root: Node, at: PlanAt): readonly NextStep[] {
  const { state, now } = at;
  const live = [...state.children].filter(([, child]) => !child.ended && !child.intent.leave);
  const reason = end.type === 'cancel' ? end.reason : end.failure.message;
  const next: NextStep[] = [];
  for (const [path, { run, toldAt }] of live) {
    if (toldAt === null) next.push({ type: 'tell_child', path, run, reason: reason.slice(0, 500) });
    else if (now < toldAt + CHILDREN_MS) next.push({ type: 'rest', path: '', until: toldAt + CHILDREN_MS });
  }
  if (end.type === 'cancel') next.push(...leftOpen(state));
  if (next.length > 0) return next;
  return end.type === 'cancel' ? undo(end, root, at) : [end];
}

function undo(end: Cancel, root: Node, at: PlanAt): readonly NextStep[] {
  const { state } = at;
  const undone: string[] = [];
  const notUndone: string[] = [];
  // Drawn once more, so that how far each sequence came is known also after a restart.
  at.plan(root, at);
  for (const { path, plan } of undoings(root, '', at)) {
    const result = state.results.get(path);
    if (result) {
      (result.done ? undone : notUndone).push(path);
      continue;
    }
    const planned = isLost(state, path) ? null : plan();
    if (planned && 'next' in planned) return planned.next;
    notUndone.push(path);
  }
  return [{ ...end, undone, notUndone, left: leftBehind(state) }];
}

/** A branch whose last effect nobody knows the outcome of: nothing more is done in it. */
const isLost = (state: RunState, path: string): boolean =>
  state.branches.get(branchOf(path))?.open?.phase === 'unknown';

/** Child runs and steps that have not come to an end. */
export function leftBehind(state: RunState): readonly string[] {
  const runs = [...state.children.values()].filter((child) => !child.ended).map((child) => child.run);
  const steps = [...state.branches.values()].flatMap(({ open }) => (open ? [`step ${open.intent.step}`] : []));
  return [...runs, ...steps];
}

/** Children whose branch is over and who do not know it: nobody waits for their result. */
export function untold(state: RunState): readonly NextStep[] {
  const steps: NextStep[] = [];
  for (const [path, { run, ended, toldAt, intent }] of state.children) {
    if (ended || toldAt !== null || intent.leave || isLive(state, path)) continue;
    steps.push({ type: 'tell_child', path, run, reason: 'nobody waits for its result any more' });
  }
  return steps;
}

/** A branch that is over may be forgotten already. */
const isLive = (state: RunState, path: string): boolean => state.branches.get(branchOf(path))?.live === true;
