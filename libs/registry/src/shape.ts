import type { Json, JsonObject } from '@writ/kernel';
import { valueAt } from './template';

/**
 * What is known of a value before any run: a part of a JSON Schema, an object whose members are known, or nothing (null).
 * Only ever used to find what cannot be right: where it is not sure, it says nothing.
 */
export type Shape = SchemaShape | MemberShape | ListShape | null;

interface SchemaShape {
  readonly of: 'schema';
  readonly schema: Json;
  /** The whole schema, for `$ref`s within it. */
  readonly root: JsonObject;
  /** Members that the schema does not list count as absent: what somebody promises to put out, they list. */
  readonly listed: boolean;
}
interface MemberShape {
  readonly of: 'members';
  readonly members: ReadonlyMap<string, Shape>;
  /** Shape of members that are not listed; absent when there are none. */
  readonly others?: { readonly shape: Shape };
}

interface ListShape {
  readonly of: 'list';
  readonly item: Shape;
}

export const promised = (schema: JsonObject): Shape => ({ of: 'schema', schema, root: schema, listed: true });
export const accepted = (schema: JsonObject): Shape => ({ of: 'schema', schema, root: schema, listed: false });
export const membersOf = (members: Iterable<readonly [string, Shape]>): Shape => ({
  of: 'members',
  members: new Map(members),
});
export const listOf = (item: Shape): Shape => ({ of: 'list', item });
export const eachOf = (shape: Shape): Shape => ({ of: 'members', members: new Map(), others: { shape } });

/** What an agent without an output schema says. */
export const TEXT: Shape = promised({ type: ['string', 'null'] });
export const NUMBER: Shape = promised({ type: 'integer' });

const ABSENT = 'absent';
type Found = Shape | typeof ABSENT;

/** The shape a pointer's tokens lead to, null when that cannot be said, `absent` when nothing can be there. */
export function shapeAt(shape: Shape, tokens: readonly string[]): Found {
  let found: Found = shape;
  for (const token of tokens) {
    if (found === null || found === ABSENT) return found;
    found = memberAt(found, token);
  }
  return found;
}

function memberAt(shape: NonNullable<Shape>, token: string): Found {
  if (shape.of === 'list') return /^\d+$/.test(token) ? shape.item : ABSENT;
  if (shape.of === 'members') {
    if (shape.members.has(token)) return shape.members.get(token) ?? null;
    return shape.others ? shape.others.shape : ABSENT;
  }
  const schema = plain(shape);
  if (schema === null) return null;
  if (schema === false) return ABSENT;
  const types = typesIn(schema);
  if (types && !types.has('object') && !types.has('array')) return ABSENT;
  const { properties, additionalProperties, patternProperties, items, prefixItems } = schema;
  if (isObject(properties) && Object.hasOwn(properties, token)) return { ...shape, schema: properties[token]! };
  if (/^\d+$/.test(token) && (types === null || types.has('array'))) {
    const at: Json | undefined = Array.isArray(prefixItems) ? (prefixItems as Json[])[Number(token)] : undefined;
    const item = at ?? items;
    return item === undefined || Array.isArray(item) ? null : { ...shape, schema: item };
  }
  if (types && !types.has('object')) return ABSENT;
  if (additionalProperties === false && patternProperties === undefined) return ABSENT;
  if (isObject(additionalProperties)) return { ...shape, schema: additionalProperties };
  const open = additionalProperties !== undefined || patternProperties !== undefined;
  return shape.listed && isObject(properties) && !open ? ABSENT : null;
}

export type JsonType = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** The types a value of this shape may have; null when any. */
export function typesOf(shape: Shape): ReadonlySet<JsonType> | null {
  if (shape === null) return null;
  if (shape.of === 'members') return new Set<JsonType>(['object']);
  if (shape.of === 'list') return new Set<JsonType>(['array']);
  const schema = plain(shape);
  return schema === null ? null : schema === false ? new Set() : typesIn(schema);
}

export const typeOf = (value: Json): JsonType =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : (typeof value as JsonType);

/** False when no value fits both. */
export function compatible(a: Shape, b: Shape): boolean {
  const [left, right] = [typesOf(a), typesOf(b)];
  return left === null || right === null || [...left].some((type) => right.has(type));
}

/** What an object of this shape must have, and whether it may have nothing else. */
export function demandsOf(shape: Shape): { readonly required: readonly string[]; readonly closed: boolean } {
  const schema = shape !== null && shape.of === 'schema' ? plain(shape) : null;
  if (schema === null || schema === false) return { required: [], closed: false };
  const required = Array.isArray(schema['required']) ? (schema['required'] as Json[]) : [];
  return {
    required: required.filter((one): one is string => typeof one === 'string'),
    closed: schema['additionalProperties'] === false && schema['patternProperties'] === undefined,
  };
}

const MAX_REFERENCES = 16;
/** Keywords that leave open what a value is. */
const OPEN = ['anyOf', 'oneOf', 'allOf', 'if', 'not', '$dynamicRef'];

/** The schema behind its local references; null where alternatives or a foreign reference leave it open. */
function plain(shape: SchemaShape): JsonObject | false | null {
  let { schema } = shape;
  for (let i = 0; i < MAX_REFERENCES; i++) {
    if (schema === false) return false;
    if (!isObject(schema)) return null;
    const { $ref } = schema;
    if ($ref === undefined) {
      const found = schema;
      return OPEN.some((key) => found[key] !== undefined) ? null : found;
    }
    if (typeof $ref !== 'string' || !$ref.startsWith('#')) return null;
    const target = valueAt(shape.root, decodeURIComponent($ref.slice(1)));
    if (target === undefined) return null;
    schema = target;
  }
  return null;
}

function typesIn(schema: JsonObject): ReadonlySet<JsonType> | null {
  const { type } = schema;
  if (Object.hasOwn(schema, 'const')) return new Set([typeOf(schema['const']!)]);
  if (Array.isArray(schema['enum'])) return new Set((schema['enum'] as Json[]).map(typeOf));
  if (type === undefined) return null;
  const named = (Array.isArray(type) ? type : [type]) as Json[];
  return new Set(named.map((one) => (one === 'integer' ? 'number' : one) as JsonType));
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== undefined && value !== null && typeof value === 'object' && !Array.isArray(value);
