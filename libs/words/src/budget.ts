/** What a budget can be set for. */
export const BUDGET_SCOPES = ['tenant', 'workflow', 'agent', 'tool', 'model'] as const;
/** `batch` budgets come with a batch and go with it: all its runs, and those these start, share them. */
export type BudgetScope = (typeof BUDGET_SCOPES)[number] | 'batch';

/** What can be limited for one run as for many. */
const DIMENSIONS = [
  'model_calls',
  'tool_calls',
  'input_tokens',
  'output_tokens',
  'tokens',
  'cost_micros',
  'handoffs',
  'wall_ms',
] as const;

/** What can be limited for many runs together. `wall_ms` is the time calls take; `steps` is any of them. */
export const BUDGET_DIMENSIONS = [...DIMENSIONS, 'concurrent_runs', 'steps'] as const;
export type BudgetDimension = (typeof BUDGET_DIMENSIONS)[number];

/**
 * What a run and its parts can be limited in. All but `wall_ms` and `depth` add up over steps; `wall_ms` is the time since
 * the scope began, `depth` the longest chain of agents in it.
 */
export const RUN_DIMENSIONS = [...DIMENSIONS, 'depth'] as const;
export type RunDimension = (typeof RUN_DIMENSIONS)[number];

/** After how long a budget begins anew. Days and months are those of UTC. */
export const BUDGET_PERIODS = ['minute', 'day', 'month', 'total'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/**
 * What happens to a step that a budget has no room for.
 * - fail: the step ends with `budget_exhausted`     - ask: the run waits until a person grants more
 * - wait: the run waits until there is room again, which for a period is its end
 * - degrade: the step is tried with the declared cheaper model     - hand_off: control passes to the declared agent
 */
export const CROSSINGS = ['fail', 'ask', 'wait', 'degrade', 'hand_off'] as const;
export type Crossing = (typeof CROSSINGS)[number];
