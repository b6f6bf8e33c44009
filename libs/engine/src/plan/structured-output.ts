import { CanonicalError, canonicalJson, type Json, type JsonObject, ok, refuse, type Result } from '@writ/kernel';
import { checkInput } from '@writ/registry';

/** How often a model may try again to answer in the shape that was asked for. */
export const MAX_REPAIRS = 2;

/** A model that was asked for JSON likes to wrap it: exactly one fence around everything is taken off. */
const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/;

/** The value in a model's words; undefined when they are not JSON. */
export function parseAnswer(text: string): Json | undefined {
  const bare = text.trim();
  try {
    return JSON.parse(FENCED.exec(bare)?.[1] ?? bare) as Json;
  } catch {
    return undefined;
  }
}

/**
 * A model's final words as a value that fits the schema. Refusals are told to the model: `answer_unparsable`,
 * `answer_invalid` with the place of the first fault.
 */
export function readAnswer(text: string | null, schema: JsonObject): Result<Json> {
  const unparsable = (message: string) => refuse({ code: 'answer_unparsable', class: 'permanent' as const, message });
  const value = parseAnswer(text ?? '');
  if (value === undefined) return unparsable('it is not JSON');
  try {
    canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalError) return unparsable(`it holds ${error.message}`);
    throw error;
  }
  const misfit = checkInput(schema, value);
  return misfit ? refuse({ code: 'answer_invalid', class: 'permanent', message: misfit.message }) : ok(value);
}
