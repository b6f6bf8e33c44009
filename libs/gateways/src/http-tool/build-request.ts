import { canonicalJson, type Json, type JsonObject, ok, refuse, type Result } from '@writ/kernel';
import type { HttpRequest } from '../types';

/** A request without its host: what the arguments became. */
export interface BuiltRequest {
  /** Path and query, as they go on the wire. */
  readonly target: string;
  readonly headers: { readonly [name: string]: string };
  /** Canonical JSON; null for no body. */
  readonly body: string | null;
}

const REFERENCE = '$from';
const MAX_TARGET = 8_192;

/** The arguments cannot be put where the definition wants them; nothing was sent. `where` is for people. */
class Unsendable extends Error {
  override readonly name = 'Unsendable';
}

/**
 * Puts arguments into a request. Pure. Refuses `tool_arguments_unsendable` rather than send a request that means
 * something else than it says: a path value that would change the path, a header value that would end the header, a
 * query value that is no text, a required place with nothing in it.
 */
export function buildRequest(request: HttpRequest, args: JsonObject): Result<BuiltRequest> {
  try {
    const query = queryOf(request.query, args);
    const target = pathOf(request.path, args) + (query === '' ? '' : `?${query}`);
    if (target.length > MAX_TARGET) throw new Unsendable(`the address is longer than ${MAX_TARGET} characters`);
    const body = request.body === null ? null : canonicalJson(fill(request.body, args) ?? null);
    return ok({ target, headers: headersOf(request.headers, args), body });
  } catch (error) {
    if (!(error instanceof Unsendable)) throw error;
    return refuse({
      code: 'tool_arguments_unsendable',
      class: 'permanent',
      message: `the request cannot be made: ${error.message}`,
      next: 'call the tool with other arguments, or change where its definition puts them',
    });
  }
}

function pathOf(template: string, args: JsonObject): string {
  const path = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = scalar(args[name], `path value ${name}`);
    if (value === '') throw new Unsendable(`path value ${name} is empty`);
    // Encoded or not, some servers would take these for the path's own.
    if (/[/\\\p{Cc}]/u.test(value)) throw new Unsendable(`path value ${name} holds a slash or a control character`);
    return encodeURIComponent(value);
  });
  // As a URL parser reads it: dots that would climb are found here however they came together.
  const url = URL.parse(`http://host${path}`);
  if (url?.pathname !== path) throw new Unsendable('the path would be read as another one');
  return path;
}

function queryOf(query: JsonObject, args: JsonObject): string {
  const params = new URLSearchParams();
  for (const [name, template] of Object.entries(query)) {
    const value = fill(template, args);
    if (value === undefined || value === null) continue;
    const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
    for (const one of values) params.append(name, scalar(one, `query value ${name}`));
  }
  return params.toString();
}

function headersOf(headers: JsonObject, args: JsonObject): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, template] of Object.entries(headers)) {
    const value = fill(template, args);
    if (value === undefined || value === null) continue;
    const text = scalar(value, `header ${name}`);
    if (!isFieldValue(text)) throw new Unsendable(`header ${name} would hold more than printable ASCII`);
    filled[name] = text;
  }
  return filled;
}

/**
 * Printable ASCII without white space at its ends (RFC 9110 §5.5, without the obsolete bytes): nothing that could end
 * the field and begin another, or be read as other letters by the other side.
 */
export const isFieldValue = (text: string): boolean => /^([!-~]([ -~]*[!-~])?)?$/.test(text);

function scalar(value: Json | undefined, where: string): string {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw new Unsendable(`${where} is no whole text`);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unsendable(value === undefined ? `${where} is missing` : `${where} is no text, number or boolean`);
}

/** A template with its references filled in; undefined where a reference names nothing. */
function fill(template: Json, args: JsonObject): Json | undefined {
  if (Array.isArray(template)) {
    return (template as readonly Json[]).flatMap((item) => fill(item, args) ?? []);
  }
  if (template === null || typeof template !== 'object') return template;
  const object = template as JsonObject;
  const pointer = object[REFERENCE];
  if (typeof pointer === 'string') return valueAt(args, pointer);
  const filled: [string, Json][] = [];
  for (const [name, member] of Object.entries(object)) {
    const value = fill(member, args);
    if (value !== undefined) filled.push([name, value]);
  }
  return Object.fromEntries(filled);
}

/** JSON pointer (RFC 6901), own members only. */
function valueAt(root: Json, pointer: string): Json | undefined {
  let value: Json = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined;
    const next: Json | undefined = (value as { readonly [key: string]: Json })[key];
    if (next === undefined) return undefined;
    value = next;
  }
  return value;
}
