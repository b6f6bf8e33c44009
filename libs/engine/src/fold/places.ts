import { branchOf } from '../path';
import { branchState, type BranchState, type RunState } from '../state';

/** The state of the branch that owns a node. */
export const ownerOf = (state: RunState, path: string): BranchState => branchState(state, branchOf(path));

/** The branch whose open step or read this is. */
export function branchAt(state: RunState, step: number): BranchState | undefined {
  for (const branch of state.branches.values()) {
    if (branch.open?.intent.step === step || branch.reading?.intent.step === step) return branch;
  }
  return undefined;
}

/** A branch that moves again has left what it waited for, unless its own definition waits: for a signal, a time, an answer. */
export function wake(branch: BranchState): void {
  if (branch.wait && !('path' in branch.wait)) branch.wait = null;
}
