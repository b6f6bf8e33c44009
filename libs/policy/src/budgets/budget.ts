import type { BudgetId, TenantId } from '@writ/kernel';
import type { BudgetDimension, BudgetPeriod, BudgetScope, Crossing } from '@writ/words';

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
