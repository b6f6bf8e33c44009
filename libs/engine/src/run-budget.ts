export interface RunBudget {
  readonly model_calls?: number;
  readonly tool_calls?: number;
  readonly tokens?: number;
  readonly cost_micros?: number;
  readonly wall_ms?: number;
  readonly handoffs?: number;
  /** How many runs may stand below this one, one under the other. */
  readonly depth?: number;
}
