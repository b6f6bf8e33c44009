import { assertNever } from '@writ/kernel';
import type { BranchEnded, BranchesJoined, BranchesOpened, BranchStarted } from '../events';
import { branchKey, branchOf, branchPath, within } from '../path';
import { branchState, type BranchState, type FanState, type RunState } from '../state';

/** Branches that run side by side: begun, ended one by one, joined. */
export function applyBranches(
  state: RunState,
  event: BranchesOpened | BranchStarted | BranchEnded | BranchesJoined,
): void {
  switch (event.type) {
    case 'branches_opened':
      state.fans.set(event.path, {
        openedAt: event.at,
        keys: event.keys,
        deadlineAt: event.deadline_at,
        started: new Map(),
        ended: new Map(),
        joined: null,
      });
      return;
    case 'branch_started': {
      const { node, key } = branchKey(event.path);
      fanOf(state, node).started.set(key, { at: event.at, deadlineAt: event.deadline_at });
      branchState(state, event.path);
      if (event.budget) {
        state.ledger.limit({ path: event.path, level: 'branch', limits: event.budget, since: event.at });
      }
      return;
    }
    case 'branch_ended': {
      const { node, key } = branchKey(event.path);
      const { outcome, failure } = event;
      fanOf(state, node).ended.set(key, { outcome, ...(failure && { failure }) });
      leave(state, event.path);
      return;
    }
    case 'branches_joined':
      fanOf(state, event.path).joined = event;
      for (const key of event.cancelled) leave(state, branchPath(event.path, key));
      return;
    default:
      assertNever(event, 'branch event');
  }
}

function fanOf(state: RunState, path: string): FanState {
  const fan = state.fans.get(path);
  if (!fan) throw new Error(`no branches were opened at ${path}`);
  return fan;
}

/** A branch is over, and every branch below it; one whose step has no outcome yet is kept until it has. */
export function leave(state: RunState, path: string): void {
  for (const branch of state.branches.values()) {
    if (!within(branch.path, path)) continue;
    branch.live = false;
    // No other attempt follows: only a call under way, or one whose outcome is lost, is still owed an outcome.
    if (branch.open?.phase === 'failed' || branch.open?.phase === 'redo') branch.open = null;
    if (branch.reading?.phase === 'failed') branch.reading = null;
    if (branch.wait?.for !== 'reconciliation') branch.wait = null;
    forget(state, branch);
  }
}

/** Whether a branch, or one around it, has ended or was cancelled. */
export function isOver(state: RunState, branch: string): boolean {
  for (let path = branch; path !== '';) {
    const { node, key } = branchKey(path);
    const fan = state.fans.get(node);
    if (fan && (fan.joined !== null || fan.ended.has(key))) return true;
    path = branchOf(node);
  }
  return false;
}

/** Lets go of a branch that is over and owes nothing. */
export function forget(state: RunState, branch: BranchState): void {
  if (!branch.live && !branch.open && !branch.reading) state.branches.delete(branch.path);
}
