import type { Failure, Json, JsonObject } from '@writ/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json';
import type { Definition } from './definitions';
import type { Problem } from './problems';

/**
 * JSON Schema 2020-12 (what MCP uses when a schema names no dialect), draft-07 accepted by its `$schema`. Unknown
 * keywords are annotations, as the standard says; a `$ref` that leaves the schema does not compile, nothing is fetched.
 */
function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateFormats: true,
    logger: false,
    addUsedSchema: false,
  });
  addFormats(ajv);
  ajv.addMetaSchema(draft07);
  return ajv;
}

type Validator = ValidateFunction<unknown>;

const compiled = new WeakMap<object, Validator>();

/** Compiles once per schema object; throws what ajv throws. A fresh ajv each time: it would keep every schema for ever. */
function compile(schema: object): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = newAjv().compile(schema);
    compiled.set(schema, validator);
  }
  return validator;
}

export function schemaProblems(definition: Definition, index: number): Problem[] {
  if (definition.kind !== 'tool' && definition.kind !== 'workflow') return [];
  const pointer = `/${index}/input`;
  const problems: Problem[] = [];
  try {
    compile(definition.input);
  } catch (error) {
    problems.push({
      pointer,
      reason: `is no valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  const type = (definition.input as JsonObject)['type'];
  // Arguments and a run's input are objects on every wire that carries them; a schema for anything else never holds.
  if (type !== undefined && type !== 'object') {
    problems.push({ pointer: `${pointer}/type`, reason: 'must be "object"' });
  }
  return problems;
}

/**
 * Checks a run's input or a tool's arguments against the definition's JSON Schema. Null when it holds; otherwise
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
