import type { Json, JsonObject } from '@writ/kernel';
import type { Ajv2020, CodeKeywordDefinition, KeywordCxt } from 'ajv/dist/2020';
import { _ } from 'ajv/dist/2020';
import { SchemaRefused } from './schema-refused';

/** Schemas inside of one. Compiling one takes a third of a millisecond. */
const MAX_PARTS = 3_000;
/** Steps of one check. The slowest that this admits takes about half a second; most checks take fewer than a hundred. */
const MAX_STEPS = 20_000_000;
/** What a reference is called by, with the faults that come back from it: as long as so many other steps. */
const STEPS_OF_REFERENCE = 50;
/** An alternative that does not hold leaves a fault behind, which is kept until another holds. */
const STEPS_OF_ALTERNATIVE = 5;
/** A schema that refers to nothing and is no larger takes as many steps of each value at most: it need not count them. */
const SMALL = 64;

/** Members whose value is data. */
const DATA: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);
/** Members that hold schemas by names of the author's. */
const MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
/** Members that nothing is applied of until something refers to it. */
const SHELVES: ReadonlySet<string> = new Set(['$defs', 'definitions']);
const ALTERNATIVES: ReadonlySet<string> = new Set(['anyOf', 'oneOf']);
const READS_TEXT = ['minLength', 'maxLength', 'format'];
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];

/** The member that is added to each schema inside of a schema: its own steps, and whether it reads a text as well. */
const MARK = 'x-writ-work';
type Mark = readonly [steps: number, readsText: boolean];

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Counts what a check does: each time a schema is applied to a value is as many steps as it has members of its own, and a
 * text that is read as many as it has units. A `$ref` applied twice at each of n places is 2^n applications; whoever
 * validates does not notice, so it is counted while it happens, and ended at the bound.
 */
export class SchemaWork {
  #steps = 0;

  begin(): void {
    this.#steps = 0;
  }

  readonly spend = (steps: number): void => {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw new SchemaRefused(
        `checking a value of this size takes more than ${MAX_STEPS} steps`,
        'Send a smaller value, or let fewer parts of the schema apply to the same value: a $ref that is applied twice, along a chain of n, is applied 2^n times.',
      );
    }
  };

  /** Lets a validator count. INVARIANT: what it compiles was marked by `marked`; a schema without a mark counts nothing. */
  countIn(ajv: Ajv2020): void {
    const { spend } = this;
    const definition: CodeKeywordDefinition = {
      keyword: MARK,
      before: '$ref',
      code({ gen, data, schema }: KeywordCxt) {
        const [steps, readsText] = schema as Mark;
        const counter = gen.scopeValue('func', { ref: spend });
        if (readsText) gen.code(_`${counter}(typeof ${data} == "string" ? ${steps} + ${data}.length : ${steps})`);
        else gen.code(_`${counter}(${steps})`);
      },
    };
    ajv.addKeyword(definition);
    // The one of ajv compares each item with each other.
    ajv.removeKeyword('uniqueItems');
    ajv.addKeyword({
      keyword: 'uniqueItems',
      type: 'array',
      schemaType: 'boolean',
      errors: true,
      compile: (unique: boolean) => (unique ? uniqueness(spend) : () => true),
    });
  }
}

/** Whether all items of a list are different, as JSON; takes time by their size. */
function uniqueness(spend: (steps: number) => void) {
  const holds = (items: Json[]): boolean => {
    const seen = new Map<string, number>();
    for (const [i, item] of items.entries()) {
      const text = textOf(item);
      spend(text.length);
      const j = seen.get(text);
      if (j !== undefined) {
        const message = `must NOT have duplicate items (items ## ${j} and ${i} are identical)`;
        holds.errors = [{ keyword: 'uniqueItems', message, params: { i, j } }];
        return false;
      }
      seen.set(text, i);
    }
    return true;
  };
  holds.errors = [] as { keyword: string; message: string; params: object }[];
  return holds;
}

/** Equal exactly for equal values, in whatever order their members stand. Not canonical JSON, which takes no lone surrogate. */
const textOf = (value: Json): string =>
  typeof value === 'object' && value !== null
    ? JSON.stringify(value, (_key, inner: Json) =>
        isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
      )
    : JSON.stringify(value);

interface Marking {
  parts: number;
  steps: number;
  /** What fragments of a `$ref` are pointers into: the whole, and whatever has an `$id` of its own. */
  readonly resources: JsonObject[];
  /** Fragments that are pointers. */
  readonly pointers: Set<string>;
  refers: boolean;
}

/**
 * The schema with a mark in each schema inside of it. Throws SchemaRefused for one of more than `MAX_PARTS` parts, and where a
 * reference leads to what is no schema by its place, such as into `const`: nothing there is marked, so nothing would be counted.
 */
export function marked(schema: JsonObject): JsonObject {
  const all: Marking = { parts: 0, steps: 0, resources: [], pointers: new Set(), refers: false };
  const copy = markedAt(schema, all);
  if (!all.refers && all.steps <= SMALL) return schema;
  if (!all.resources.includes(copy)) all.resources.push(copy);
  for (const pointer of all.pointers) {
    for (const resource of all.resources) {
      const target = resolved(resource, pointer);
      if (typeof target !== 'object' || (isObject(target) && MARK in target)) continue;
      throw new SchemaRefused(
        `a $ref leads to #${pointer.slice(0, 80)}, which is no schema by its place`,
        'Put what is referred to under $defs.',
      );
    }
  }
  return copy;
}

function markedAt(schema: JsonObject, all: Marking): JsonObject {
  all.parts += 1;
  if (all.parts > MAX_PARTS) {
    throw new SchemaRefused(
      `it has more than ${MAX_PARTS} schemas inside of it`,
      'Describe values that are alike by one schema, with additionalProperties, patternProperties or items, and lists of values by enum.',
    );
  }
  let steps = 1;
  const copy: { [member: string]: Json } = {};
  for (const [member, value] of Object.entries(schema)) {
    if (REFERENCES.includes(member) && typeof value === 'string') {
      all.refers = true;
      steps += STEPS_OF_REFERENCE;
      const fragment = value.slice(value.indexOf('#') + 1);
      if (value.includes('#') && fragment.startsWith('/')) all.pointers.add(fragment);
    }
    if (!SHELVES.has(member)) steps += sizeOf(value) * (ALTERNATIVES.has(member) ? STEPS_OF_ALTERNATIVE : 1);
    if (DATA.has(member)) copy[member] = value;
    else if (MAPS.has(member) && isObject(value)) copy[member] = inside(value, all);
    else if (Array.isArray(value)) copy[member] = value.map((one) => (isObject(one) ? markedAt(one, all) : one));
    else copy[member] = isObject(value) ? markedAt(value, all) : value;
  }
  all.steps += steps;
  copy[MARK] = [steps, READS_TEXT.some((member) => member in schema)];
  if (typeof schema['$id'] === 'string') all.resources.push(copy);
  return copy;
}

const inside = (map: JsonObject, all: Marking): JsonObject =>
  Object.fromEntries(Object.entries(map).map(([name, one]) => [name, isObject(one) ? markedAt(one, all) : one]));

const sizeOf = (value: Json): number =>
  Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;

/** What a pointer of a URI fragment leads to; undefined where it leads nowhere. */
function resolved(resource: JsonObject, fragment: string): Json | undefined {
  let at: Json | undefined = resource;
  for (const token of fragment.split('/').slice(1)) {
    const key = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as { readonly [key: string]: Json })[key];
  }
  return at;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}
