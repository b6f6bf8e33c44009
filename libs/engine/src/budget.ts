import type { Failure } from '@writ/kernel';
import type { Proposal } from './acts';
import type { Tail } from './commit';
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
  if (proposed.kind === 'tool') return over('tool calls', budget.tool_calls, usage.tool_calls + 1);
  return null;
}

/** Reservations of calls under way. A lost one is charged when its next attempt is intended. */
function reserved(state: RunState): number {
  let sum = 0;
  for (const { open } of state.branches.values()) {
    if (open?.phase === 'in_flight') sum += open.intent.reserve ?? 0;
  }
  return sum;
}

const reservedIn = ({ events }: Tail): number =>
  events.reduce((sum, event) => sum + (event.type === 'step_intended' ? (event.reserve ?? 0) : 0), 0);
