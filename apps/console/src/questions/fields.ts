import type { Json, JsonObject } from '@writ/kernel';

/** One thing to fill in. `path` is its name in the answer; null for an answer that is no object. */
export interface Field {
  readonly name: string | null;
  readonly label: string;
  readonly hint: string | null;
  readonly kind: 'text' | 'number' | 'integer' | 'boolean' | 'choice';
  /** Of a choice. */
  readonly options: readonly Json[];
  readonly required: boolean;
  readonly min: number | null;
  readonly max: number | null;
}

/** What was filled in, by label: text as it stands in its box; an empty one is left out of the answer. */
export type Filled = { readonly [label: string]: string };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const num = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null);
const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** Schemas that say more than a form of plain fields can ask for. */
const BEYOND = ['allOf', 'anyOf', 'oneOf', 'not', 'if', '$ref', 'patternProperties', 'prefixItems', 'const'];

/** The fields of an answer that fits this JSON schema; null when only JSON itself can say it. */
export function fieldsOf(schema: JsonObject): readonly Field[] | null {
  if (BEYOND.some((word) => word in schema)) return null;
  const { properties, required } = schema;
  if (schema['type'] !== 'object') {
    const one = fieldOf(schema, { name: null, label: text(schema['title']) ?? 'Answer', required: true });
    return one && [one];
  }
  if (!isObject(properties)) return null;
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields: Field[] = [];
  for (const [name, part] of Object.entries(properties)) {
    if (!isObject(part) || BEYOND.some((word) => word in part)) return null;
    const label = text(part['title']) ?? name.replaceAll('_', ' ');
    const field = fieldOf(part, { name, label, required: needed.has(name) });
    if (field === null || fields.some((before) => before.label === field.label)) return null;
    fields.push(field);
  }
  return fields.length === 0 ? null : fields;
}

function fieldOf(part: JsonObject, of: Pick<Field, 'name' | 'label' | 'required'>): Field | null {
  const rest = { hint: text(part['description']), options: [], min: num(part['minimum']), max: num(part['maximum']) };
  if (Array.isArray(part['enum'])) return { ...of, ...rest, kind: 'choice', options: part['enum'] };
  switch (part['type']) {
    case 'string':
      return { ...of, ...rest, kind: 'text' };
    case 'number':
    case 'integer':
    case 'boolean':
      return { ...of, ...rest, kind: part['type'] };
    default:
      return null;
  }
}

/** The answer, or null while something that is needed is missing or is no value of its kind. */
export function answerOf(fields: readonly Field[], filled: Filled): { readonly answer: Json } | null {
  const answer: { [name: string]: Json } = {};
  for (const field of fields) {
    const said = filled[field.label] ?? '';
    if (said === '') {
      if (field.required) return null;
      continue;
    }
    const value = valueOf(field, said);
    if (value === undefined) return null;
    if (field.name === null) return { answer: value };
    answer[field.name] = value;
  }
  return { answer };
}

function valueOf({ kind, options }: Field, said: string): Json | undefined {
  switch (kind) {
    case 'text':
      return said;
    case 'boolean':
      return said === 'true' ? true : said === 'false' ? false : undefined;
    case 'choice':
      return options.find((option) => optionText(option) === said);
    case 'number':
    case 'integer': {
      const value = Number(said);
      return Number.isFinite(value) && (kind === 'number' || Number.isInteger(value)) ? value : undefined;
    }
  }
}

export const optionText = (option: Json): string => (typeof option === 'string' ? option : JSON.stringify(option));
