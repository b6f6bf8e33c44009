import type { Json } from '@writ/kernel';
import { LateMap, LateSet } from '../late';
import { type SavedScopes, ScopeLedger } from '../budget/scope-ledger';

/**
 * The rules by which events are folded, as a number. Whoever changes what some journal folds to raises it: states made by
 * other rules are then not used, and those runs are folded from their first event. A test holds it to the journals kept.
 */
export const FOLD_VERSION = 8;

type Plain = Json | undefined;
type Tagged = { readonly [tag: string]: Plain };

/**
 * A state as text: JSON, with maps, sets and the ledger of limits under tags. A member that begins with `$` is nobody's tag:
 * whoever put it there finds it again. Nothing in the text is ever run.
 */
export const textOf = (value: object): string => JSON.stringify(toPlain(value));

/** What `textOf` wrote. Throws for anything else; the shape of what is in it is the writer's word. */
export const fromText = <T extends object>(text: string): T => fromPlain(JSON.parse(text) as Json) as T;

function toPlain(value: unknown): Plain {
  if (value === null || typeof value !== 'object') return value as Plain;
  if (Array.isArray(value)) return value.map((one) => toPlain(one) ?? null);
  if (value instanceof Map || value instanceof LateMap)
    return { $map: [...value].map(([key, one]) => [key as string, toPlain(one) ?? null]) };
  if (value instanceof Set || value instanceof LateSet) return { $set: [...value].map((one) => toPlain(one) ?? null) };
  if (value instanceof ScopeLedger) return { $scopes: toPlain(value.saved()) ?? null };
  let tagged = false;
  const plain: Record<string, Plain> = {};
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue;
    tagged ||= key.startsWith('$') || key === '__proto__';
    plain[key] = toPlain(one);
  }
  if (!tagged) return plain as Json;
  return { $object: Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, toPlain(one)!]])) };
}

function fromPlain(plain: Json): unknown {
  if (plain === null || typeof plain !== 'object') return plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  const members = plain as Tagged;
  for (const tag in members) {
    if (tag.startsWith('$')) return untagged(tag, members[tag] as Json);
    break;
  }
  const value: Record<string, unknown> = {};
  for (const key in members) value[key] = fromPlain(members[key] as Json);
  return value;
}

function untagged(tag: string, body: Json): unknown {
  switch (tag) {
    case '$map':
      return new Map((body as [Json, Json][]).map(([key, one]) => [key, fromPlain(one)]));
    case '$set':
      return new Set((body as Json[]).map(fromPlain));
    case '$scopes':
      return ScopeLedger.from(fromPlain(body) as SavedScopes);
    case '$object':
      return Object.fromEntries((body as [string, Json][]).map(([key, one]) => [key, fromPlain(one)]));
    default:
      throw new Error(`${JSON.stringify(tag)} is no tag of a state`);
  }
}
