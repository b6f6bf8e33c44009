import type { ItemOf } from '@writ/contract';

export type Model = ItemOf<'listModels'>;
export type Price = NonNullable<Model['price']>;

const MICROS = 1_000_000;

/** `2.50`, of the price's own currency: what a million tokens cost. */
export const priceText = (micros: number): string =>
  (micros / MICROS).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 6 });

/** As it is typed into a box; the empty box for what is not said. */
export const typed = (micros: number | undefined): string => (micros === undefined ? '' : String(micros / MICROS));

/** Null for text that is no amount from 0 on. */
export function microsOf(text: string): number | null {
  const amount = Number(text.trim().replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(amount) && amount >= 0 ? Math.round(amount * MICROS) : null;
}

export interface Typed {
  readonly currency: string;
  readonly input: string;
  readonly output: string;
  readonly cached: string;
}

/** The price that was typed; null while it is not whole. */
export function priceOf({ currency, input, output, cached }: Typed): Price | null {
  const [read, written] = [microsOf(input), microsOf(output)];
  const again = cached.trim() === '' ? undefined : microsOf(cached);
  if (!/^[A-Z]{3}$/.test(currency) || read === null || written === null || again === null) return null;
  return {
    currency,
    input_micros: read,
    output_micros: written,
    ...(again !== undefined && { cached_input_micros: again }),
  };
}
