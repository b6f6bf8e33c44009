import type { Sign } from '../ui/tone';
import type { Budget } from './useBudgets';

export const DIMENSION: { readonly [D in Budget['dimension']]: string } = {
  model_calls: 'model calls',
  tool_calls: 'tool calls',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  tokens: 'tokens',
  cost_micros: 'money',
  handoffs: 'handoffs',
  wall_ms: 'time in calls',
  concurrent_runs: 'runs at once',
  steps: 'steps',
};

export const PERIOD: { readonly [P in Budget['period']]: string } = {
  minute: 'a minute',
  day: 'a day (UTC)',
  month: 'a month (UTC)',
  total: 'in all',
};

export const CROSSING: { readonly [C in Budget['crossing']]: string } = {
  fail: 'the step fails',
  ask: 'the run waits for a person',
  wait: 'the run waits for room',
  degrade: 'the cheaper model is taken',
  hand_off: 'control passes on',
};

const MICROS = 1_000_000;

/** An amount in the unit people count it in. The currency is that of the prices, which the model’s definition names. */
export function amountText(dimension: Budget['dimension'], amount: number): string {
  if (dimension === 'cost_micros') {
    return (amount / MICROS).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  }
  if (dimension === 'wall_ms') return `${(amount / 1_000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;
  return amount.toLocaleString('en');
}

/** What calls came to; a dash where nothing has a price. */
export const costText = (micros: number | null): string => (micros === null ? '—' : amountText('cost_micros', micros));

export const scopeText = ({ scope, target }: Pick<Budget, 'scope' | 'target'>): string =>
  target === null ? 'the whole tenant' : `${scope} ${target}`;

/** Shares of the limit, from 0 to 1; what is over it counts as all of it. */
export function sharesOf({ spent, reserved, limit }: Pick<Budget, 'spent' | 'reserved' | 'limit'>): {
  readonly spent: number;
  readonly reserved: number;
} {
  if (limit === 0) return { spent: spent > 0 ? 1 : 0, reserved: 0 };
  const share = Math.min(1, spent / limit);
  return { spent: share, reserved: Math.min(1 - share, reserved / limit) };
}

export function stateOf(budget: Pick<Budget, 'spent' | 'reserved' | 'limit' | 'warn_at'>): Sign {
  const taken = budget.spent + budget.reserved;
  if (taken >= budget.limit) return { tone: 'bad', icon: 'deny', word: 'No room' };
  if (budget.warn_at !== null && taken >= budget.warn_at)
    return { tone: 'wait', icon: 'warn', word: 'Past its warning' };
  return { tone: 'good', icon: 'check', word: 'Room' };
}
