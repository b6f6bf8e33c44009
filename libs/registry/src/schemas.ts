import type { Failure, Json, JsonObject } from '@writ/kernel';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json';
import { nestedSchemas } from './child-nodes';
import type { Definition } from './definitions';
import { handingOf } from './payload';
import type { Problem } from './problems';
import { boundFormats } from './schema-formats';
import { SchemaPatterns } from './schema-patterns';
import { SchemaRefused } from './schema-refused';
import { marked, SchemaWork } from './schema-work';

const OPTIONS = {
  strict: false,
  allErrors: false,
  validateFormats: true,
  logger: false,
} as const;

/** A leaf that many refer to is compiled once and called. Written out at each place, 17 kB of schema took 90 seconds. */
const LARGEST_WRITTEN_OUT = 8;

/**
 * JSON Schema 2020-12 (what MCP uses when a schema names no dialect), draft-07 accepted by its `$schema`. Unknown
 * keywords are annotations, as the standard says; a `$ref` that leaves the schema does not compile, nothing is fetched.
 */
function withDialects(options: ConstructorParameters<typeof Ajv2020>[0]): Ajv2020 {
  const ajv = new Ajv2020(options);
  ajv.addMetaSchema(draft07);
  return ajv;
}

/** Knows the dialects and nothing else: it checks schemas, and keeps none. Its own are compiled once per process. */
let dialects: Ajv2020 | undefined;

/** Schemas that point into a dialect itself are compiled beside it; all others by themselves, in a tenth of the time. */
const POINTS_TO_DIALECT = /"\$(?:dynamicRef|ref)":"https?:\/\/json-schema\.org\//;

/** The faults of a value as far as ajv looked, null where the schema takes it. Throws SchemaRefused when that would take too long. */
type Validator = (value: unknown) => readonly ErrorObject[] | null;

const compiled = new WeakMap<object, Validator>();

/** Compiles once per schema object; throws what ajv throws. A fresh ajv each time: it would keep every schema for ever. */
function compile(schema: object): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    dialects ??= withDialects({ ...OPTIONS, addUsedSchema: false });
    void dialects.validateSchema(schema, true);
    // INVARIANT: no text of a user is compiled by the engine of JavaScript, which backtracks: one pattern of nine characters
    // would hold up everybody who shares the process.
    const patterns = new SchemaPatterns();
    const regExp = Object.assign((pattern: string) => patterns.compile(pattern), { code: 'linearPattern' });
    const options = { ...OPTIONS, inlineRefs: LARGEST_WRITTEN_OUT, validateSchema: false, code: { regExp } } as const;
    const points = POINTS_TO_DIALECT.test(JSON.stringify(schema));
    const ajv = points ? withDialects(options) : new Ajv2020({ ...options, meta: false });
    addFormats(ajv);
    boundFormats(ajv);
    const work = new SchemaWork();
    work.countIn(ajv);
    const validate = inStack(() => ajv.compile(marked(schema as JsonObject)));
    validator = (value) => {
      work.begin();
      return patterns.check(() => inStack(() => validate(value))) ? null : (validate.errors ?? []);
    };
    compiled.set(schema, validator);
  }
  return validator;
}

/** What runs out of stack is too deep to be checked; elsewhere such an error would look like a defect of ours. */
function inStack<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SchemaRefused(
      'it refers to itself without end, or has too much side by side or inside of each other',
      'Let each $ref lead to something smaller, inside of properties or items, and write shorter lists of alternatives.',
    );
  }
}

/** Schemas of a definition that do not compile, and those of arguments that are for no object. */
export function schemaProblems(definition: Definition, index: number): Problem[] {
  return schemasOf(definition).flatMap(({ pointer, schema, object }) => {
    const at = `/${index}${pointer}`;
    const problems: Problem[] = [];
    try {
      compile(schema);
    } catch (error) {
      problems.push({ pointer: at, reason: reasonOf(error) });
    }
    const type = (schema as JsonObject)['type'];
    // Arguments and a run's input are objects on every wire that carries them; a schema for anything else never holds.
    if (object && type !== undefined && type !== 'object') {
      problems.push({ pointer: `${at}/type`, reason: 'must be "object"' });
    }
    return problems;
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof SchemaRefused) return `is refused, since ${error.message}. ${error.next}`;
  return `is no valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
}

interface PlacedSchema {
  readonly pointer: string;
  readonly schema: object;
  readonly object: boolean;
}

function schemasOf(definition: Definition): readonly PlacedSchema[] {
  const { kind } = definition;
  const output = (schema: object | undefined): PlacedSchema[] =>
    schema === undefined ? [] : [{ pointer: '/output', schema, object: false }];
  if (kind === 'agent') {
    const { takes } = definition;
    if (takes === undefined) return output(definition.output);
    const at = { pointer: '/takes', object: true };
    const handed = { ...at, schema: handingOf(takes).handoff };
    return [{ ...at, schema: takes }, handed, ...output(definition.output)];
  }
  if (kind !== 'tool' && kind !== 'workflow') return [];
  const input: PlacedSchema = { pointer: '/input', schema: definition.input, object: true };
  if (kind === 'tool') return [input, ...output(definition.output)];
  const shared = Object.entries(definition.blackboard ?? {}).map(([key, { schema }]) => ({
    pointer: `/blackboard/${key}/schema`,
    schema,
  }));
  return [input, ...[...shared, ...nestedSchemas(definition)].map((one) => ({ ...one, object: false }))];
}

/**
 * Checks a run's input, a tool's arguments or an agent's answer against the definition's JSON Schema. Null when it holds; otherwise
 * `input_invalid` with the JSON pointer of the first fault and its reason, words a model can act on. A schema that
 * cannot be checked in bounded time lets nothing pass: `schema_pattern_refused` for its patterns, `schema_refused` for the rest,
 * also where the schema was stored long ago.
 */
export function checkInput(schema: JsonObject, value: Json): Failure | null {
  let error: ErrorObject | undefined;
  try {
    const faults = compile(schema)(value);
    if (faults === null) return null;
    [error] = faults;
  } catch (refused) {
    if (!(refused instanceof SchemaRefused)) throw refused;
    const message = `the schema cannot be checked: ${refused.message}`;
    return {
      code: refused.code,
      class: 'permanent',
      message,
      next: refused.next,
      details: { '': message },
    };
  }
  return {
    code: 'input_invalid',
    class: 'permanent',
    message: error ? sentence(error) : 'does not match the schema',
    next: 'Send arguments that match the declared schema.',
    details: { pointer: error?.instancePath ?? '' },
  };
}

function sentence(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'the input' : error.instancePath;
  const extra: unknown = error.keyword === 'additionalProperties' ? error.params['additionalProperty'] : undefined;
  return `${where} ${error.message ?? 'is not valid'}${typeof extra === 'string' ? ` (${extra})` : ''}`;
}
