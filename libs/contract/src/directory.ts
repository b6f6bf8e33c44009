import { z } from 'zod';
import { jsonObject, named, page, pageQuery, time } from './fields';
import { route } from './route';

const type = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'a type: a letter, then letters, digits, _ . -, at most 64');
const entityId = z.string().min(1).max(512);

const MAX_PROPERTIES_BYTES = 16_384;
const properties = jsonObject
  .refine((value) => JSON.stringify(value).length <= MAX_PROPERTIES_BYTES, `at most ${MAX_PROPERTIES_BYTES} characters`)
  .describe('What conditions read as `subject.<name>` and `resource.<name>`, where the policy declares the attribute.');

const DirectoryEntry = named(
  'DirectoryEntry',
  z
    .object({ type: z.string(), id: z.string(), properties: jsonObject, set_by: z.string(), set_at: time })
    .describe('What is known of a subject or a resource of an application outside.'),
);

const example = {
  type: 'record',
  id: '101',
  properties: { owner: 'ann', department: 'Legal' },
  set_by: 'service:sync',
  set_at: '2026-11-23T10:15:30.000Z',
};
const key = { type: 'record', id: '101' };

export const directoryRoutes = {
  listDirectory: route({
    method: 'GET',
    path: '/v1/directory',
    area: 'access',
    summary: 'List what is known of subjects and resources of applications',
    access: ['directory.read'],
    query: z.strictObject({ ...pageQuery, type: type.exactOptional() }),
    responses: {
      200: {
        description: 'A page of them, in order of type and id.',
        schema: page('DirectoryPage', DirectoryEntry),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
  }),
  getDirectoryEntry: route({
    method: 'GET',
    path: '/v1/directory/entry',
    area: 'access',
    summary: 'Show what is known of one',
    access: ['directory.read'],
    query: z.strictObject({ type, id: entityId }),
    responses: { 200: { description: 'The entry.', schema: DirectoryEntry, example } },
    problems: ['not_found'],
    etag: 'content',
  }),
  setDirectory: route({
    method: 'POST',
    path: '/v1/directory',
    area: 'access',
    summary: 'Say what is known of up to 500 of them',
    description:
      'Each entry replaces what was known of its subject or resource, all of them or none. The next decision reads it.',
    access: ['directory.change'],
    body: {
      schema: named(
        'SetDirectory',
        z.strictObject({
          entries: z
            .array(z.strictObject({ type, id: entityId, properties: properties.default({}) }))
            .min(1)
            .max(500),
        }),
      ),
      example: { entries: [{ ...key, properties: example.properties }] },
    },
    responses: {
      200: {
        description: 'How many said something new.',
        schema: named('DirectorySet', z.object({ changed: z.int(), unchanged: z.int() })),
        example: { changed: 1, unchanged: 0 },
      },
    },
    problems: [],
    idempotency: 'stored',
  }),
  removeDirectory: route({
    method: 'POST',
    path: '/v1/directory/remove',
    area: 'access',
    summary: 'Forget up to 500 of them',
    access: ['directory.change'],
    body: {
      schema: named(
        'RemoveDirectory',
        z.strictObject({
          entries: z
            .array(z.strictObject({ type, id: entityId }))
            .min(1)
            .max(500),
        }),
      ),
      example: { entries: [key] },
    },
    responses: {
      200: {
        description: 'How many there were.',
        schema: named('DirectoryRemoved', z.object({ removed: z.int() })),
        example: { removed: 1 },
      },
    },
    problems: [],
    idempotency: 'stored',
  }),
};
