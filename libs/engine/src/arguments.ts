import { CanonicalError, canonicalJson, type JsonObject, ok, refuse, type Result } from '@writ/kernel';
import { checkInput } from '@writ/registry';

const bad = (code: string, message: string): Result<never> => refuse({ code, class: 'permanent', message });

/**
 * A model's argument text as an object that fits the tool's schema. Failures are told to the model, so that it can try
 * again: `arguments_unparsable`, `arguments_invalid`.
 */
export function checkArguments(argumentsText: string, schema: JsonObject): Result<JsonObject> {
  let value: unknown;
  try {
    value = JSON.parse(argumentsText === '' ? '{}' : argumentsText);
  } catch {
    return bad('arguments_unparsable', 'the arguments are not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return bad('arguments_unparsable', 'the arguments are not a JSON object');
  }
  try {
    canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalError) return bad('arguments_unparsable', `the arguments hold ${error.message}`);
    throw error;
  }
  const misfit = checkInput(schema, value as JsonObject);
  if (misfit) return bad('arguments_invalid', misfit.message);
  return ok(value as JsonObject);
}
