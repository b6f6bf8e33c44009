/** A JSON value as the wire carries it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export class CanonicalError extends Error {
  readonly code = 'not_canonical';

  constructor(
    readonly pointer: string,
    reason: string,
  ) {
    super(`${reason} at ${pointer === '' ? 'the root' : pointer}`);
    this.name = 'CanonicalError';
  }
}

const UNSAFE = /[\u0000\ud800-\udfff]/;
const MAX_DEPTH = 256;

function quoted(text: string, pointer: string): string {
  // Postgres text cannot hold NUL, and a lone surrogate has no UTF-8 form: both would make two readers of one hash
  // disagree, so they are refused before anything is hashed.
  if (UNSAFE.test(text)) {
    if (text.includes('\u0000')) throw new CanonicalError(pointer, 'a NUL character');
    if (!text.isWellFormed()) throw new CanonicalError(pointer, 'a lone surrogate');
  }
  return JSON.stringify(text);
}

function write(value: unknown, pointer: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value, pointer);
    case 'number':
      if (!Number.isFinite(value)) throw new CanonicalError(pointer, `the number ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      break;
    default:
      throw new CanonicalError(pointer, `a ${typeof value}`);
  }
  if (value === null) return 'null';
  if (depth >= MAX_DEPTH) throw new CanonicalError(pointer, `nesting deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) {
      if (i > 0) text += ',';
      text += write(value[i], `${pointer}/${i}`, depth + 1);
    }
    return `${text}]`;
  }
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  if (keys.length > 1) keys.sort();
  let text = '{';
  for (const key of keys) {
    const member = record[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quoted(key, pointer)}:${write(member, `${pointer}/${key}`, depth + 1)}`;
  }
  return `${text}}`;
}

/**
 * Canonical JSON (RFC 8785): keys by UTF-16 code unit, numbers as ECMAScript writes them, no white space.
 * Members whose value is `undefined` are left out. Throws `CanonicalError` with a JSON pointer (RFC 6901) for NUL,
 * lone surrogates, non-finite numbers, functions and nesting deeper than 256.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '', 0);
}
