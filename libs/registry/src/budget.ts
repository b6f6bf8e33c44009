import { z } from 'zod';

const limit = z.number().int().min(0).optional();

/**
 * Limits of a run, or of one part of it; crossing one is the refusal `budget_exhausted`, told apart from a denial. A part
 * is also bound by everything around it: a larger number here gives nothing.
 */
export const BudgetDefinition = z.strictObject({
  model_calls: limit,
  tool_calls: limit,
  tokens: limit,
  /** Millionths of the currency that prices are given in. */
  cost_micros: limit,
  wall_ms: limit,
  handoffs: limit,
  /** How many levels of child runs may stand below. */
  depth: limit,
});
export type BudgetDefinition = z.infer<typeof BudgetDefinition>;
