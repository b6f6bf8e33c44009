import type { Json } from '@writ/kernel';
import { boundTest } from './decimal';
import { Unread } from './facts';

const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);
const mismatch = (a: Json, b: Json): Unread => new Unread('unknown', `a ${kindOf(a)} is compared with a ${kindOf(b)}`);

/** Equality within one type; across types there is no answer. Null equals null, and differs from everything else. */
export function equal(a: Json, b: Json): boolean | Unread {
  if (a === null || b === null) return a === b;
  if (typeof a !== typeof b || typeof a === 'object') return mismatch(a, b);
  return a === b;
}

/** Sign of `a - b`: numbers by value, texts by UTF-16 code unit. */
export function ordered(a: Json, b: Json): number | Unread {
  if ((typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return mismatch(a, b);
}

type Test = (value: Json) => boolean | Unread;

/** A test on an exact decimal, or what is wrong with its bounds. */
export function amounts(name: string, least: Json | undefined, most: Json | undefined): Test | string {
  const atLeast = least === undefined ? null : boundTest(least);
  const atMost = most === undefined ? null : boundTest(most);
  if ((least !== undefined && atLeast === null) || (most !== undefined && atMost === null)) return NOT_DECIMAL;
  if (atLeast === null && atMost === null) return 'give at_least, at_most or both';
  return (value) => {
    const low = atLeast === null ? 0 : atLeast(value);
    const high = atMost === null ? 0 : atMost(value);
    if (low === null || high === null) return new Unread('unknown', `${name} is not a decimal amount`);
    return low >= 0 && high <= 0;
  };
}

const NOT_DECIMAL = 'a bound is a decimal such as 500 or "1200.50"';

/** A test on the number of items in a list, or what is wrong with its bounds. */
export function counts(name: string, least: Json | undefined, most: Json | undefined): Test | string {
  const bounds = [least, most].filter((bound) => bound !== undefined);
  if (bounds.length === 0) return 'give at_least, at_most or both';
  if (!bounds.every((bound) => Number.isInteger(bound) && (bound as number) >= 0)) return 'a bound is a whole number';
  const low = (least as number | undefined) ?? 0;
  const high = (most as number | undefined) ?? Infinity;
  return (value) =>
    Array.isArray(value) ? value.length >= low && value.length <= high : new Unread('unknown', `${name} is not a list`);
}
