import type { RunForked } from '../events';
import { LateSet } from '../late';
import type { RunState } from '../state';
import { forget } from './branches';

/**
 * A forked run begins where another one stood: with what it had done, and with nothing of what it was doing.
 * INVARIANT (I4): outcomes on record stay; whatever had none is this run's to decide anew, under keys of its own.
 */
export function inherit(state: RunState, { at, shift_ms: shift }: RunForked): void {
  for (const branch of state.branches.values()) {
    branch.open = null;
    branch.reading = null;
    branch.asked = null;
    branch.wait = null;
    branch.fresh = new LateSet();
    forget(state, branch);
  }
  // A child that had not reported is the other run's: neither waited for here, nor told to end from here.
  for (const [path, child] of state.children) if (!child.ended) state.children.delete(path);
  for (const [path, fan] of state.fans) {
    if (fan.joined !== null) continue;
    const started = [...fan.started].map(
      ([key, one]) => [key, { at: one.at + shift, deadlineAt: later(one.deadlineAt, shift) }] as const,
    );
    const deadlineAt = later(fan.deadlineAt, shift);
    state.fans.set(path, { ...fan, openedAt: fan.openedAt + shift, deadlineAt, started: new Map(started) });
  }
  state.approvals.clear();
  state.ledger.restart(at);
  // What it had called before counts as unlabelled where nobody kept account.
  if (!state.flow && state.usage.tool_calls > 0) state.flow = { sources: [], left: false, unlabelled: true };
  Object.assign(state.usage, { model_calls: 0, tool_calls: 0, tokens: 0 });
  state.upgrade = null;
  state.paused = null;
  state.cancel = null;
  state.failure = null;
  state.output = null;
  state.status = 'running';
}

const later = (time: number | null, shift: number): number | null => (time === null ? null : time + shift);
