import { ID_PREFIXES, type IdKind, type Json, type JsonObject } from '@writ/kernel';
import { z } from 'zod';

/** Schemas that become components of the OpenAPI document, by name. */
export const components = z.registry<{ id: string }>();

/** Gives a schema its name in the OpenAPI document. */
export function named<S extends z.ZodType>(id: string, schema: S): S {
  components.add(schema, { id });
  return schema;
}

/** An id of one kind: prefix, underscore, 26 Crockford base32 characters. */
export const id = (kind: IdKind) =>
  z
    .string()
    .regex(
      new RegExp(`^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`),
      `not an id of the form ${ID_PREFIXES[kind]}_…`,
    )
    .describe(`Id of the form \`${ID_PREFIXES[kind]}_\` and a UUIDv7 in Crockford base32.`);

/** RFC 3339. Answers always carry UTC with milliseconds; requests may use any offset and precision. */
export const time = z.iso.datetime({ offset: true }).describe('RFC 3339 date and time.');

export const name = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'use lower-case letters, digits, _ . -, at most 64');

// What arrives was read by JSON.parse, so every value is JSON already: an unconstrained schema says so and costs nothing.
export const json: z.ZodType<Json> = z.unknown() as unknown as z.ZodType<Json>;
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json);

export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a digest: sha256: and 64 hexadecimal characters');

/** An opaque principal id, such as `user:…`, `service:…`. */
export const principalId = z
  .string()
  .regex(/^(user|service):[A-Za-z0-9_.@+-]{1,120}$/, 'an opaque id such as service:deploys or user:7f3a');

export const role = z
  .string()
  .regex(/^[a-z][a-z0-9_.:-]{0,63}$/, 'use lower-case letters, digits, _ . : -, at most 64');

/** One action, all actions of an area (`run.*`), or all (`*`). */
export const scope = z
  .string()
  .regex(/^(\*|[a-z]+\.(\*|[a-z]+))$/, 'a scope is an action such as run.read, an area such as run.*, or *');

export const pageQuery = {
  limit: z.coerce.number<number>().int().min(1).max(200).default(50).describe('Items per page.'),
  cursor: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('The `next_cursor` of the page before, with the same filter.'),
};

/** A page of a list: newest or next page by `next_cursor`, absent pages by `has_more: false`. */
export function page<S extends z.ZodType>(id: string, item: S) {
  return named(
    id,
    z.object({
      data: z.array(item).readonly(),
      has_more: z.boolean(),
      next_cursor: z.string().nullable(),
    }),
  );
}
