import type { BudgetId, Failure, JsonObject } from '@writ/kernel';
import { type Budget, coversSpending } from '@writ/policy';
import type { Amounts } from './amounts';
import { costOf, type Price, type Tokens } from './price';

/** Tokens reserved for an answer when the model's parameters set no limit of their own. */
const DEFAULT_ANSWER_TOKENS = 1024;
/** Rough size of a token in characters; the reservation errs on the high side, the settlement is exact. */
const CHARACTERS_PER_TOKEN = 3;

/** Upper bound of the tokens of a model call, from the request as it will be sent. */
export function tokenBound(requestText: string, request: JsonObject): Tokens {
  const limit = request['max_completion_tokens'] ?? request['max_tokens'];
  return {
    input: Math.ceil(requestText.length / CHARACTERS_PER_TOKEN),
    output: typeof limit === 'number' ? limit : DEFAULT_ANSWER_TOKENS,
  };
}

type Spending = Parameters<typeof coversSpending>[1];

/** What one attempt of a step may use at most. `cost_micros` null: a model whose price nobody declared. */
export type Bound = Omit<Amounts, 'cost_micros' | 'depth'> & { readonly cost_micros?: number | null };

export function modelBound(tokens: Tokens, price: Price | null | undefined, timeoutMs: number): Bound {
  return {
    model_calls: 1,
    input_tokens: tokens.input,
    output_tokens: tokens.output,
    tokens: tokens.input + tokens.output,
    cost_micros: costOf(price, tokens),
    wall_ms: timeoutMs,
  };
}

export const toolBound = (timeoutMs: number): Bound => ({ tool_calls: 1, wall_ms: timeoutMs });
export const handoffBound: Bound = { handoffs: 1 };

/** What a step holds of one budget: which, what of, how much. */
export type Hold = readonly [budget: BudgetId, dimension: Budget['dimension'], amount: number];

/**
 * What a step takes of the tenant's budgets: one hold for each that covers it and limits something it uses. Fails where
 * money is limited and the model has no price: what cannot be bounded is not begun.
 */
export function holdsOf(
  budgets: readonly Budget[],
  { spending, bound }: { readonly spending: Spending; readonly bound: Bound },
): readonly Hold[] | Failure {
  const holds: Hold[] = [];
  for (const budget of budgets) {
    const { id, dimension } = budget;
    if (dimension === 'concurrent_runs' || !coversSpending(budget, spending)) continue;
    const amount = dimension === 'steps' ? 1 : bound[dimension];
    if (amount === null) return unpriced(spending.model ?? '', id);
    if (amount !== undefined && amount > 0) holds.push([id, dimension, amount]);
  }
  return holds;
}

const unpriced = (model: string, budget: BudgetId): Failure => ({
  code: 'price_unknown',
  class: 'budget',
  message: `the cost of model ${model} is limited by budget ${budget}, and its price is not known`,
  next: 'Publish the model with a price, or limit its calls or tokens instead.',
  details: { model, budget },
});
