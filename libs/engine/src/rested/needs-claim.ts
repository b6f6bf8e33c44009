import type { HeldRun } from '../held-run';
import { isAct, isEnd, type NextStep } from '../next-step';

/**
 * Whether a run that is led on from its rest must be claimed before it goes on as planned. What is only recorded needs no
 * lease, for the unit that holds it takes one; nor does one call of a tool, whose unit comes before it (`takeAct` looks at
 * its decision). Everything else may write or tell something first: it ends the run, tells a child, asks people, or moves
 * it to other versions.
 */
export function needsClaim({ state }: Pick<HeldRun, 'state'>, planned: readonly NextStep[]): boolean {
  if (state.upgrade !== null || state.approvals.size > 0) return true;
  let acts = 0;
  for (const step of planned) {
    const act = step.type === 'try_again' ? step.act : step;
    if (act.type === 'invoke_tool') acts += 1;
    else if (isAct(act) || isEnd(act) || act.type === 'ask_input' || act.type === 'tell_child') return true;
  }
  return acts > 1;
}
