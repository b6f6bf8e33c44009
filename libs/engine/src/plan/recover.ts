import { assertNever } from '@writ/kernel';
import { isFree } from '../effects';
import { type Act, isAct, type NextStep } from '../next-step';
import { branchOf } from '../path';
import type { OpenStep, RunState } from '../state';
import type { PlanAt, Planned } from './plan-at';

/** A leaf's plan, unless its branch has a step that is not settled: then what follows that step comes first. */
export function withOpenStep(planned: Planned, at: Pick<PlanAt, 'path' | 'state' | 'now'>): Planned {
  const branch = at.state.branches.get(branchOf(at.path));
  const { path } = at;
  const read = branch?.reading;
  if (read?.phase === 'failed' && read.notBefore !== null && at.now < read.notBefore) {
    return { next: [{ type: 'rest', path, until: read.notBefore }] };
  }
  const open = branch?.open;
  if (!open || 'ended' in planned) return planned;
  const act = planned.next.find(isAct);
  return { next: [recover(open, { path, now: at.now, act: act ?? null })] };
}

/** What follows an open step: wait for its time, try again, or ask a person. */
function recover(
  open: OpenStep,
  at: { readonly path: string; readonly now: number; readonly act: Act | null },
): NextStep {
  const { path, act } = at;
  const again = (): NextStep => {
    if (!act) throw new Error(`the plan no longer leads to step ${open.intent.step}`);
    return { type: 'try_again', path, open, act };
  };
  switch (open.phase) {
    case 'unknown':
      return { type: 'rest', path, until: null };
    case 'redo':
      return again();
    case 'failed':
      if (open.notBefore !== null && at.now < open.notBefore) return { type: 'rest', path, until: open.notBefore };
      return again();
    case 'in_flight':
      // INVARIANT (I5): an unrepeatable effect whose outcome is lost is never retried silently.
      return repeatable(open) ? again() : { type: 'ask_person', path, open };
    default:
      return assertNever(open.phase, 'phase');
  }
}

const repeatable = ({ intent }: OpenStep): boolean => isFree(intent);

/**
 * Steps of branches that are over, whose outcome is still owed: a join that was decided cancels the rest, and what the
 * rest may have cost is settled before the run ends. One that may have happened and must not be repeated waits for a
 * person, as anywhere.
 */
export function strays(state: RunState): readonly NextStep[] {
  const steps: NextStep[] = [];
  for (const { live, path, open, reading } of state.branches.values()) {
    if (live) continue;
    if (reading) steps.push({ type: 'settle_stray', path, open: reading });
    if (!open) continue;
    if (open.phase === 'unknown') steps.push({ type: 'rest', path, until: null });
    else if (open.phase === 'in_flight' && !repeatable(open)) steps.push({ type: 'ask_person', path, open });
    else steps.push({ type: 'settle_stray', path, open });
  }
  return steps;
}

/** What a cancelled run still has open: nobody tries it again. What may have happened and must not be repeated is asked about. */
export function leftOpen(state: RunState): readonly NextStep[] {
  const steps: NextStep[] = [];
  for (const { path, open, reading } of state.branches.values()) {
    if (reading) steps.push({ type: 'settle_stray', path, open: reading });
    // What undoes is tried again like any other step.
    if (!open || open.intent.path.endsWith('~')) continue;
    // What is to be undone depends on whether it happened.
    if (open.phase === 'unknown') steps.push({ type: 'rest', path, until: null });
    else if (open.phase === 'in_flight' && !repeatable(open)) steps.push({ type: 'ask_person', path, open });
    else steps.push({ type: 'settle_stray', path, open });
  }
  return steps;
}
