/**
 * What a model costs, in millionths of its currency per million tokens: 3_000_000 is 3 per million. It stands in the
 * model's definition, so its version is the definition's, and a run pays what its own bill says.
 */
export interface Price {
  readonly input_micros: number;
  readonly output_micros: number;
  /** Of input the provider had in its cache; as `input_micros` when absent. */
  readonly cached_input_micros?: number | undefined;
}

export interface Tokens {
  readonly input: number;
  readonly output: number;
  /** Of `input`. */
  readonly cached?: number;
}

const PER = 1_000_000;

/** Millionths of the currency, rounded up; null where the price is unknown, which is never 0. */
export function costOf(price: Price | null | undefined, tokens: Tokens): number | null {
  if (!price) return null;
  const cached = Math.min(tokens.cached ?? 0, tokens.input);
  const cachedPrice = price.cached_input_micros ?? price.input_micros;
  const whole =
    (tokens.input - cached) * price.input_micros + cached * cachedPrice + tokens.output * price.output_micros;
  return Math.ceil(whole / PER);
}
