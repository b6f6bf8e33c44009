import type { Failure } from '@writ/kernel';
import type { NextStep } from '../next-step';
import type { PlanAt } from './plan-at';
import { withOpenStep } from './recover';

/** Where a start that people are asked about stands: beside the workflow's nodes, one place for each who is to start it. */
const placeOf = (index: number): string => `@start${index}`;

/**
 * A run whose start the policy asked about does nothing before people let it: the start is decided again, under the policy
 * of then, and is a step of its own. Null once it may go on.
 */
export function planBegin(at: PlanAt): readonly NextStep[] | null {
  const { asks = [] } = at.state.started;
  for (const [index, who] of asks.entries()) {
    const path = placeOf(index);
    const result = at.state.results.get(path);
    if (result?.done) continue;
    if (result) return [{ type: 'fail', status: result.status, failure: refused(result.failure) }];
    const planned = withOpenStep({ next: [{ type: 'begin_run', path, chain: [], who }] }, { ...at, path });
    if ('next' in planned) return planned.next;
  }
  return null;
}

const refused = (failure: Failure): Failure => ({
  ...failure,
  message: `the run was not let start: ${failure.message}`,
});
