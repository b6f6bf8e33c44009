import { CanonicalError, canonicalJson, type Json, ok, refuse, type Result } from '@writ/kernel';
import { parseAllDocuments } from 'yaml';
import { Definition } from './definitions';
import { forbiddenKeys, type Problem, problemsOf, refusalOf } from './problems';
import { schemaProblems } from './schemas';

/** A file of definitions larger than this is refused before it is parsed. */
const MAX_TEXT = 4 * 1024 * 1024;
/** As stored: canonical JSON of one definition, in UTF-16 code units. */
const MAX_BODY = 256 * 1024;
const MAX_DOCUMENTS = 2000;
/** Everything that reads a document afterwards does so recursively. */
const MAX_DEPTH = 256;

/**
 * Reads definitions from YAML 1.2 (several documents separated by `---`, or a list) or JSON (which is YAML). Refuses,
 * with JSON pointers whose first token is the document's index, whatever `validateDocuments` refuses; and text with a
 * syntax error, a duplicate key, a custom tag or an alias bomb (`documents_unreadable`, with line and column).
 */
export function parseDocuments(text: string): Result<readonly Definition[]> {
  const raw = readText(text);
  return raw.ok ? validateDocuments(raw.value) : raw;
}

function readText(text: string): Result<readonly unknown[]> {
  const unreadable = (message: string) =>
    refuse({
      code: 'documents_unreadable',
      class: 'permanent' as const,
      message,
      next: 'Write YAML 1.2 documents separated by "---", or JSON.',
    });
  if (text.length > MAX_TEXT) return unreadable(`the text is longer than ${MAX_TEXT} characters`);
  const parsed = parseAllDocuments(text, { version: '1.2', schema: 'core', uniqueKeys: true, prettyErrors: true });
  const values: unknown[] = [];
  for (const document of parsed) {
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault) return unreadable(fault.message);
    try {
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      if (Array.isArray(value)) values.push(...(value as unknown[]));
      else if (value !== null) values.push(value);
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error));
    }
  }
  return ok(values);
}

/**
 * Parses each value as a definition, strictly: an unknown field, a wrong type, a JSON Schema that does not compile and a
 * name that occurs twice are all refused, as `definition_invalid` with every problem's JSON pointer. Defaults are filled
 * in, so the digest of the answer does not depend on how much was spelled out.
 */
export function validateDocuments(documents: readonly unknown[]): Result<readonly Definition[]> {
  if (documents.length > MAX_DOCUMENTS) {
    return refuse(refusalOf('definition_invalid', [{ pointer: '', reason: `more than ${MAX_DOCUMENTS} documents` }]));
  }
  const problems: Problem[] = [];
  const definitions: Definition[] = [];
  const seen = new Map<string, number>();
  documents.forEach((document, index) => {
    if (isDeep(document)) {
      problems.push({ pointer: `/${index}`, reason: `is nested deeper than ${MAX_DEPTH}` });
      return;
    }
    const parsed = Definition.safeParse(document);
    if (!parsed.success) {
      problems.push(...problemsOf(parsed.error, [index]));
      return;
    }
    const definition = parsed.data;
    const key = `${definition.kind} ${definition.name}`;
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      problems.push({ pointer: `/${index}/name`, reason: `${key} is already document ${earlier}` });
    }
    seen.set(key, index);
    problems.push(...encodingProblems(definition, document as Json, index), ...schemaProblems(definition, index));
    definitions.push(definition);
  });
  return problems.length > 0 ? refuse(refusalOf('definition_invalid', problems)) : ok(definitions);
}

function isDeep(document: unknown): boolean {
  let level: object[] = isObject(document) ? [document] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((one) => Object.values(one).filter(isObject));
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function encodingProblems(definition: Definition, raw: Json, index: number): Problem[] {
  const forbidden = forbiddenKeys(raw, [index]);
  if (forbidden.length > 0) return forbidden;
  try {
    const size = canonicalJson(definition).length;
    return size > MAX_BODY
      ? [{ pointer: `/${index}`, reason: `is ${size} characters long, more than ${MAX_BODY}` }]
      : [];
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return [{ pointer: `/${index}${error.pointer}`, reason: error.message }];
  }
}
