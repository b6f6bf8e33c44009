import type { BudgetId, TenantId } from '@writ/kernel';

export const BUDGET_SCOPES = ['tenant', 'workflow', 'agent', 'tool', 'model'] as const;
/** `batch` budgets come with a batch and go with it: all its runs, and those these start, share them. */
export type BudgetScope = (typeof BUDGET_SCOPES)[number] | 'batch';

/** What can be limited for many runs together. `wall_ms` is the time calls take; `steps` is any of them. */
export const BUDGET_DIMENSIONS = [
  'model_calls',
  'tool_calls',
  'input_tokens',
  'output_tokens',
  'tokens',
  'cost_micros',
  'handoffs',
  'wall_ms',
  'concurrent_runs',
  'steps',
] as const;
export type BudgetDimension = (typeof BUDGET_DIMENSIONS)[number];

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

/** A budget as decisions know it: what it covers and what crossing it means. How much is left only its row says. */
export interface Budget {
  readonly id: BudgetId;
  readonly scope: BudgetScope;
  /** Name of what is limited; empty for the tenant as a whole. */
  readonly target: string;
  readonly dimension: BudgetDimension;
  readonly period: BudgetPeriod;
  readonly crossing: Crossing;
  /** Name of the cheaper model or of the agent that takes over; null unless the crossing names one. */
  readonly fallback: string | null;
}

/** Where a step stands, as far as budgets may cover it. Absent for a run's own start: agent, tool and model. */
export interface Spending {
  readonly workflow: string;
  readonly batch?: string | undefined;
  readonly agent?: string | null;
  readonly tool?: string;
  readonly model?: string;
}

export function coversSpending(budget: Pick<Budget, 'scope' | 'target'>, spending: Spending): boolean {
  switch (budget.scope) {
    case 'tenant':
      return true;
    case 'workflow':
      return spending.workflow === budget.target;
    case 'batch':
      return spending.batch === budget.target;
    case 'agent':
      return spending.agent === budget.target;
    case 'tool':
      return spending.tool === budget.target;
    case 'model':
      return spending.model === budget.target;
  }
}

/** A budget with how it stands. Amounts are in the unit of its dimension. */
export interface BudgetRecord extends Budget {
  readonly tenant: TenantId;
  readonly limit: number;
  /** Crossing it is told in the tenant's stream, once per period; null for never. */
  readonly warnAt: number | null;
  readonly reserved: number;
  readonly spent: number;
  /** Epoch milliseconds at which the period ends; null for a budget without periods. */
  readonly resetsAt: number | null;
  /** Opaque principal id of whoever last changed it. */
  readonly setBy: string;
  readonly setAt: number;
}
