import { type Json, type JsonObject, ok, refuse, type Result } from '@writ/kernel';

/**
 * Templates of step inputs. Constants, and references of exactly one form: an object whose only member is `$from`, a
 * JSON pointer into what the run has so far:
 * - `{"$from": "/input/order_id"}`: the run's input      - `{"$from": "/steps/find/output/id"}`: an earlier step's output
 * - `{"$from": "/item/id"}`, `{"$from": "/loop/last"}`: what the map or loop around the step is at
 * There is nothing else to learn: no expressions, no string interpolation, so a template cannot be made to compute.
 */
const REFERENCE = '$from';

export interface TemplateScope {
  readonly input: Json;
  /** Finished steps by id. A step that was skipped after an error is absent. */
  readonly steps: { readonly [id: string]: { readonly output: Json } };
  /** Inside a map: the item of this branch, and its key. */
  readonly item?: Json;
  readonly key?: string;
  /** Inside a loop: rounds done before this one, and what the last of them put out (null in the first). */
  readonly loop?: { readonly index: number; readonly last: Json };
  /** Inside the node of a `reduce`: outputs of the branches that succeeded, by key. */
  readonly branches?: { readonly [key: string]: Json };
  /** In a compensation of a tool: what the call that is undone took and gave. */
  readonly args?: Json;
  readonly output?: Json;
}

/** A scope as the value that pointers start from. */
export const rootOf = (scope: TemplateScope): Json => ({ ...scope }) as Json;

/** Where a reference stands in a template and what it names, for checks at publish. */
export interface Reference {
  /** JSON pointer within the template. */
  readonly at: string;
  readonly pointer: string;
}

export const pointerTokens = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const isReference = (value: JsonObject): boolean => Object.hasOwn(value, REFERENCE);

/** Every reference of a template; `malformed` where `$from` has company or is no pointer. */
export function references(template: Json, at = ''): { readonly found: Reference[]; readonly malformed: string[] } {
  if (Array.isArray(template)) {
    return merge(template.map((item: Json, i) => references(item, `${at}/${i}`)));
  }
  if (!isObject(template)) return { found: [], malformed: [] };
  if (!isReference(template)) {
    return merge(
      Object.entries(template).map(([key, member]) =>
        references(member, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
      ),
    );
  }
  const pointer = template[REFERENCE];
  const alone = Object.keys(template).length === 1;
  if (!alone || typeof pointer !== 'string' || !/^(\/([^~/]|~[01])*)*$/.test(pointer))
    return { found: [], malformed: [at] };
  return { found: [{ at, pointer }], malformed: [] };
}

function merge(parts: readonly { found: Reference[]; malformed: string[] }[]): {
  found: Reference[];
  malformed: string[];
} {
  return { found: parts.flatMap((part) => part.found), malformed: parts.flatMap((part) => part.malformed) };
}

/**
 * The value a JSON pointer (RFC 6901) names, or undefined. Own members only: `constructor` names nothing. An array
 * index is a decimal number without leading zeros; `-` names nothing.
 */
export function valueAt(root: Json, pointer: string): Json | undefined {
  let value: Json = root;
  for (const part of pointerTokens(pointer)) {
    if (Array.isArray(value)) {
      const item: Json | undefined = /^(0|[1-9]\d*)$/.test(part) ? (value as readonly Json[])[Number(part)] : undefined;
      if (item === undefined) return undefined;
      value = item;
    } else if (isObject(value) && Object.hasOwn(value, part)) {
      const member: Json | undefined = value[part];
      if (member === undefined) return undefined;
      value = member;
    } else {
      return undefined;
    }
  }
  return value;
}

/**
 * Fills a template's references in. Pure; shares no structure that it changes. A reference that names nothing (an
 * optional input left out, a skipped step) is `template_unresolved`: a step never runs with a hole in its arguments.
 */
export function resolveTemplate(template: JsonObject, scope: TemplateScope): Result<JsonObject> {
  const root = rootOf(scope);
  let missing: Reference | undefined;
  const fill = (value: Json, at: string): Json => {
    if (Array.isArray(value)) return value.map((item: Json, i) => fill(item, `${at}/${i}`));
    if (!isObject(value)) return value;
    const pointer = isReference(value) ? value[REFERENCE] : undefined;
    if (typeof pointer === 'string') {
      const found = valueAt(root, pointer);
      if (found === undefined) missing ??= { at, pointer };
      return found ?? null;
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, `${at}/${key}`)]));
  };
  const filled = fill(template, '');
  if (missing || !isObject(filled)) {
    return refuse({
      code: 'template_unresolved',
      class: 'permanent',
      message: `the step's input needs ${missing?.pointer ?? 'an object'}, and this run has no such value`,
      next: 'Give the run that input, or let the step before it produce the value.',
      details: { pointer: missing?.pointer ?? '', at: missing?.at ?? '' },
    });
  }
  return ok(filled);
}
