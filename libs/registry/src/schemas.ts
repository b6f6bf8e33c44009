import type { Failure, Json, JsonObject } from '@writ/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json';
import { nestedSchemas } from './child-nodes';
import type { Definition } from './definitions';
import { handingOf } from './payload';
import type { Problem } from './problems';

const OPTIONS = {
  strict: false,
  allErrors: false,
  validateFormats: true,
  logger: false,
  addUsedSchema: false,
} as const;

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

type Validator = ValidateFunction<unknown>;

const compiled = new WeakMap<object, Validator>();

/** Compiles once per schema object; throws what ajv throws. A fresh ajv each time: it would keep every schema for ever. */
function compile(schema: object): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    dialects ??= withDialects(OPTIONS);
    void dialects.validateSchema(schema, true);
    const options = { ...OPTIONS, validateSchema: false } as const;
    const points = POINTS_TO_DIALECT.test(JSON.stringify(schema));
    const ajv = points ? withDialects(options) : new Ajv2020({ ...options, meta: false });
    addFormats(ajv);
    validator = ajv.compile(schema);
    compiled.set(schema, validator);
  }
  return validator;
}

/** Schemas of a definition that do not compile, and those of arguments that are for no object. */
export function schemaProblems(definition: Definition, index: number): Problem[] {
  return schemasOf(definition).flatMap(({ pointer, schema, object }) => {
    const at = `/${index}${pointer}`;
    const problems: Problem[] = [];
    try {
      compile(schema);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.push({ pointer: at, reason: `is no valid JSON Schema: ${why}` });
    }
    const type = (schema as JsonObject)['type'];
    // Arguments and a run's input are objects on every wire that carries them; a schema for anything else never holds.
    if (object && type !== undefined && type !== 'object') {
      problems.push({ pointer: `${at}/type`, reason: 'must be "object"' });
    }
    return problems;
  });
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
 * `input_invalid` with the JSON pointer of the first fault and its reason, words a model can act on.
 */
export function checkInput(schema: JsonObject, value: Json): Failure | null {
  const validator = compile(schema);
  if (validator(value)) return null;
  const [error] = validator.errors ?? [];
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
