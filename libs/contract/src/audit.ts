import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

export const AuditEvent = named(
  'AuditEvent',
  z
    .looseObject({
      schema: z.int(),
      id: id('event'),
      tenant: z.string(),
      origin: z.string(),
      type: z.string(),
      time,
      run: z.string().describe('The run, or `tenant` for the tenant’s own stream.'),
      run_seq: z.int(),
      prev: z.string().describe('SHA-256 of the event before in the same chain; 64 zeros for the first.'),
    })
    .describe('One piece of evidence, member for member as it was hashed.'),
);

export const auditRoutes = {
  listAuditEvents: route({
    method: 'GET',
    path: '/v1/audit/events',
    area: 'audit',
    summary: 'Read the audit log',
    description: 'Each page read is itself recorded, as `access.read`, before it is answered.',
    access: ['audit.read'],
    query: z.strictObject({
      ...pageQuery,
      run: z
        .string()
        .regex(/^(tenant|run_[0-7][0-9a-hjkmnp-tv-z]{25})$/, 'a run id, or `tenant`')
        .exactOptional()
        .describe('One run, or `tenant` for the tenant’s own stream.'),
      type: z
        .string()
        .regex(/^[a-z]+(\.[a-z]+)?$/, 'an event type such as action.denied')
        .exactOptional(),
      actor: z.string().min(1).max(200).exactOptional(),
      action: z.string().min(1).max(64).exactOptional(),
      verdict: z.enum(['allow', 'deny', 'ask']).exactOptional(),
      from: time.exactOptional().describe('Inclusive, by the database’s clock.'),
      to: time.exactOptional().describe('Exclusive, by the database’s clock.'),
    }),
    responses: {
      200: {
        description: 'A page of events in the order they were recorded.',
        schema: page('AuditEventPage', AuditEvent),
        example: {
          data: [
            {
              schema: 1,
              id: 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4',
              tenant: 'ten_01k8x0q3wsf5z8k2m4n6p8r0t5',
              origin: 'writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t5',
              type: 'stop.set',
              time: '2026-11-22T09:31:00.000Z',
              run: 'tenant',
              run_seq: 4,
              prev: '1b'.repeat(32),
              actor: 'user:7f3a',
            },
          ],
          has_more: false,
          next_cursor: null,
        },
      },
    },
    problems: ['log_unavailable'],
  }),
};
