import type { Json } from '@writ/kernel';

/** What is wrong with an expression, and where. Thrown while it is read only: callers of the room get a `Failure`. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly at: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** The operator of a clause and what it is applied to. */
export function onlyMember(expression: Json, at: string): readonly [string, Json] {
  if (typeof expression === 'object' && expression !== null && !Array.isArray(expression)) {
    const entries = Object.entries(expression);
    if (entries.length === 1) return entries[0]!;
  }
  throw new Refused('bad_condition', at, 'a clause is an object with one member, its operator');
}

/** Members by name, of these and no others. */
export function members(
  body: Json,
  at: string,
  allowed: readonly string[],
): { readonly [name: string]: Json | undefined } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refused('bad_condition', at, `an object with ${allowed.join(', ')} is expected`);
  }
  const extra = Object.keys(body).find((key) => !allowed.includes(key));
  if (extra !== undefined) throw new Refused('bad_condition', at, `${extra} is not one of ${allowed.join(', ')}`);
  return body as { readonly [name: string]: Json };
}

export function list(body: Json, at: string): readonly Json[] {
  if (!Array.isArray(body)) throw new Refused('bad_condition', at, 'a list is expected');
  return body as readonly Json[];
}

export function two(body: Json, at: string): readonly [Json, Json] {
  const items = list(body, at);
  if (items.length !== 2) throw new Refused('bad_condition', at, 'two operands are expected');
  return [items[0]!, items[1]!];
}
