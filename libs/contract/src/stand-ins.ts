import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

const person = z
  .string()
  .regex(/^(user|service):[A-Za-z0-9][A-Za-z0-9_.@:-]{0,190}$/, 'a person or a service, such as user:ann');

const StandIn = named(
  'StandIn',
  z
    .object({
      id: id('standIn'),
      absent: z.string().describe('Whoever is away.'),
      deputy: z.string().describe('Whoever decides in their place.'),
      state: z.enum(['coming', 'in_force', 'over', 'ended']).describe('`ended`: before its time.'),
      from: time,
      until: time,
      reason: z.string(),
      set_by: z.string(),
      set_at: time,
      ended_at: time.nullable(),
      ended_by: z.string().nullable(),
    })
    .describe('Somebody decides about requests in the place of somebody who is away.'),
);

const example = {
  id: 'sub_01k8x0q3wsf5z8k2m4n6p8r0t8',
  absent: 'user:7f3a',
  deputy: 'user:91bc',
  state: 'in_force',
  from: '2026-11-23T07:00:00.000Z',
  until: '2026-11-30T07:00:00.000Z',
  reason: 'On leave.',
  set_by: 'user:7f3a',
  set_at: '2026-11-22T16:02:11.000Z',
  ended_at: null,
  ended_by: null,
} as const;

const reason = z.string().min(1).max(500);

export const standInRoutes = {
  listStandIns: route({
    method: 'GET',
    path: '/v1/stand-ins',
    area: 'approvals',
    summary: 'List who decides in whose place',
    access: ['approval.read'],
    query: z.strictObject({ ...pageQuery, state: z.enum(['current', 'all']).default('current') }),
    responses: {
      200: {
        description: 'A page of them, newest first.',
        schema: page('StandInPage', StandIn),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
  }),
  setStandIn: route({
    method: 'POST',
    path: '/v1/stand-ins',
    area: 'approvals',
    summary: 'Let somebody decide in your place while you are away',
    description:
      'The deputy may decide what you may, by your right and counted as you: not what is asked for you, not beside your own vote, and not handed on. For somebody else it also takes `principal.assert` on them. Nobody makes themselves a deputy.',
    access: ['approval.delegate', 'principal.assert'],
    body: {
      schema: named(
        'SetStandIn',
        z.strictObject({
          absent: person.exactOptional().describe('You, unless you may speak for somebody else.'),
          deputy: person,
          from: time.exactOptional().describe('Now, when absent.'),
          until: time.describe('92 days after the beginning at most.'),
          reason,
        }),
      ),
      example: { deputy: 'user:91bc', until: '2026-11-30T07:00:00.000Z', reason: 'On leave.' },
    },
    responses: { 201: { description: 'It holds from its beginning on.', schema: StandIn, example } },
    problems: ['schema_violation'],
    idempotency: 'stored',
  }),
  endStandIn: route({
    method: 'POST',
    path: '/v1/stand-ins/{id}/end',
    area: 'approvals',
    summary: 'End it before its time',
    description:
      'At once: votes given in that place count no more for acts that have not happened. Whoever is away, whoever decides in their place and whoever set it may; anybody else needs `principal.assert` besides.',
    access: ['approval.delegate', 'principal.assert'],
    params: z.strictObject({ id: id('standIn') }),
    body: { schema: named('EndStandIn', z.strictObject({ reason })), example: { reason: 'Back earlier.' } },
    responses: {
      200: { description: 'It is over.', schema: StandIn, example: { ...example, state: 'ended' } },
    },
    problems: ['not_found'],
    idempotency: 'stored',
  }),
};
