import type { Json } from '@writ/kernel';

/** An exact decimal: `units` × 10^-`scale`. Money is never compared in binary floating point. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const DECIMAL = /^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,18})?$/;

/**
 * A decimal from a JSON number or from text such as `"1200.50"`; null for anything else. A number is taken at its
 * shortest decimal form, which is what its sender wrote; one that only has an exponent form is refused.
 */
export function toDecimal(value: Json): Decimal | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !DECIMAL.test(text)) return null;
  const dot = text.indexOf('.');
  if (dot === -1) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, dot) + text.slice(dot + 1)), scale: text.length - dot - 1 };
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const left = a.units * 10n ** BigInt(scale - a.scale);
  const right = b.units * 10n ** BigInt(scale - b.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Significant digits up to which two decimals are in the same order as the doubles nearest to them (IEEE 754). */
const EXACT_DIGITS = 15;

/**
 * Compares amounts with one bound: the sign of amount minus bound, or null for what is no amount. Null when the bound is
 * none. A JSON number against a bound of few digits is compared as it is, which gives the same answer: different doubles
 * are in the order of the decimals they stand for, and of the decimals of one double only one has so few digits.
 */
export function boundTest(bound: Json): ((value: Json) => number | null) | null {
  const limit = toDecimal(bound);
  if (limit === null) return null;
  const digits = (limit.units < 0n ? -limit.units : limit.units).toString().length;
  const near = digits <= EXACT_DIGITS ? Number(bound) : null;
  return (value) => {
    if (near !== null && typeof value === 'number' && isOrdinary(value)) return Math.sign(value - near);
    const amount = toDecimal(value);
    return amount === null ? null : compareDecimals(amount, limit);
  };
}

/** Numbers whose shortest decimal form `toDecimal` takes for certain: no exponent, at most 18 decimal places. */
function isOrdinary(value: number): boolean {
  const size = Math.abs(value);
  return (size >= 0.1 && size < 1e15) || size === 0;
}
