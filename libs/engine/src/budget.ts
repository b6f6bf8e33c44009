import type { Failure } from '@writ/kernel';
import type { Proposal } from './acts';
import type { RunState } from './state';

/**
 * Whether one more step fits the run's limits, counting its reservation before it is made (I13). Null when it does.
 * Lost attempts stay charged at their reservation, so a crash can never free what may have been spent.
 */
export function overBudget(state: RunState, proposed: Proposal): Failure | null {
  const { budget } = state.started;
  const { usage } = state;
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
