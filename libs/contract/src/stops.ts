import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

const StopScope = z.enum(['tenant', 'agent', 'tool', 'model', 'workflow', 'run']);

export const Stop = named(
  'Stop',
  z.object({
    id: id('stop'),
    scope: z.enum(['all', ...StopScope.options]).describe('`all` is the platform’s own stop, over every tenant.'),
    target: z.string().nullable().describe('Name of what is stopped; null where the scope says it all.'),
    reason: z.string(),
    set_by: z.string(),
    set_at: time,
    released_by: z.string().nullable(),
    released_at: time.nullable(),
  }),
);

const example = {
  id: 'stp_01k8x0q3wsf5z8k2m4n6p8r0t6',
  scope: 'tool',
  target: 'cancel_order',
  reason: 'Cancelling the wrong orders.',
  set_by: 'user:7f3a',
  set_at: '2026-11-22T09:31:00.000Z',
  released_by: null,
  released_at: null,
};

export const stopRoutes = {
  listStops: route({
    method: 'GET',
    path: '/v1/stops',
    area: 'stops',
    summary: 'List stops in force, or all',
    access: ['stop.read'],
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(['in_force', 'all']).default('in_force'),
    }),
    responses: {
      200: {
        description: 'A page of stops, newest first.',
        schema: page('StopPage', Stop),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  setStop: route({
    method: 'POST',
    path: '/v1/stops',
    area: 'stops',
    summary: 'Stop a tool, an agent, a model, a workflow, a run or the whole tenant',
    description:
      'From the moment this is answered no intent of what is stopped commits. Calls already sent finish on their own.',
    access: ['stop.set'],
    body: {
      schema: named(
        'SetStop',
        z
          .strictObject({
            scope: StopScope,
            target: z.string().min(1).max(200).nullable().default(null).describe('Not with scope `tenant`.'),
            reason: z.string().min(1).max(500),
          })
          .refine((stop) => (stop.scope === 'tenant') === (stop.target === null), {
            path: ['target'],
            message: 'a target is named for every scope but `tenant`',
          }),
      ),
      example: { scope: 'tool', target: 'cancel_order', reason: 'Cancelling the wrong orders.' },
    },
    responses: { 201: { description: 'The stop is in force.', schema: Stop, example } },
    problems: [],
    idempotency: 'stored',
  }),
  releaseStop: route({
    method: 'POST',
    path: '/v1/stops/{id}/release',
    area: 'stops',
    summary: 'Release a stop',
    access: ['stop.release'],
    params: z.strictObject({ id: id('stop') }),
    body: {
      schema: named('ReleaseStop', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'The tool is repaired.' },
    },
    responses: {
      200: {
        description: 'The stop is released.',
        schema: Stop,
        example: { ...example, released_by: 'user:91bc', released_at: '2026-11-22T10:00:00.000Z' },
      },
    },
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
};
