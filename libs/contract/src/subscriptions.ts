import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

/** What is told unless somebody asks otherwise. */
const DEFAULT_TYPES = [
  'approval.requested',
  'approval.escalated',
  'approval.expired',
  'question.asked',
  'delegation.revoked',
  'stop.set',
  'stop.released',
  'stop.release_asked',
  'budget.warning',
  'obligation.notified',
];

const type = z
  .string()
  .max(64)
  .regex(/^(\*|[a-z_]+\.(\*|[a-z_]+))$/, 'a type of event such as approval.requested, approval.* or *');

const subscription = {
  id: id('subscription'),
  url: z.string(),
  label: z.string(),
  types: z.array(z.string()).readonly(),
  status: z
    .enum(['active', 'paused', 'disabled'])
    .describe('`disabled`: nobody took what was sent, and `reason` says why; resuming goes on where it was.'),
  reason: z.string().nullable(),
  behind: z.int().describe('Events of the tenant’s stream that it has not been told of yet, wanted or not.'),
  failures: z.int().describe('Tries of the message under way that failed.'),
  dead: z.int().describe('Messages put aside: refused as they are, again and again, or too old when their turn came.'),
  next_try_at: time.nullable(),
  last_sent_at: time.nullable(),
  created_by: z.string(),
  created_at: time,
};
const Subscription = named(
  'Subscription',
  z.object(subscription).describe('Somebody outside who is told what happens: approvals, questions, stops, budgets.'),
);
const Created = named(
  'CreatedSubscription',
  z.object({ ...subscription, secret: z.string().nullable().describe('Shown once, `null` in a replay.') }),
);

const example = {
  id: 'whk_01k8x0q3wsf5z8k2m4n6p8r0t8',
  url: 'https://hooks.example.com/writ',
  label: 'on-call',
  types: ['approval.*', 'stop.*'],
  status: 'active',
  reason: null,
  behind: 0,
  failures: 0,
  dead: 0,
  next_try_at: null,
  last_sent_at: '2026-11-23T09:00:01.120Z',
  created_by: 'user:7f3a',
  created_at: '2026-11-22T09:00:00.000Z',
} as const;

const Delivery = named(
  'Delivery',
  z.object({
    event: id('event'),
    type: z.string(),
    attempt: z.int(),
    time,
    status: z.int().nullable().describe('HTTP status of the answer; null when there was none.'),
    error: z.string().nullable().describe('Null when it was taken.'),
    took_ms: z.int(),
  }),
);

const DeadLetter = named(
  'DeadLetter',
  z
    .object({
      event: id('event'),
      type: z.string(),
      attempts: z.int(),
      time,
      error: z.string().describe('`too_old`, or what the last try came to.'),
      again: z.boolean().describe('Somebody asked for it to be sent again, and it is on its way.'),
    })
    .describe('A message that was put aside, so that what comes after it is told.'),
);

const params = z.strictObject({ id: id('subscription') });
const reason = z.string().min(1).max(500);
const why = { schema: named('ChangeSubscription', z.strictObject({ reason })), example: { reason: 'It moves.' } };
const one = (description: string) => ({ 200: { description, schema: Subscription, example } });

export const subscriptionRoutes = {
  listSubscriptions: route({
    method: 'GET',
    path: '/v1/subscriptions',
    area: 'subscriptions',
    summary: 'List who is told what happens',
    access: ['subscription.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of them, oldest first.',
        schema: page('SubscriptionPage', Subscription),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
  }),
  createSubscription: route({
    method: 'POST',
    path: '/v1/subscriptions',
    area: 'subscriptions',
    summary: 'Have somebody told what happens from now on',
    description:
      'Each event of the types asked for is sent once or more often, in order, as a POST with a Standard Webhooks signature: ids and where to look, nothing of what happened. It may go where the operator’s rules for outgoing traffic let it.',
    access: ['subscription.change'],
    body: {
      schema: named(
        'CreateSubscription',
        z.strictObject({
          url: z.url({ protocol: /^https?$/ }).max(2000),
          label: z.string().min(1).max(100),
          types: z.array(type).min(1).max(50).default(DEFAULT_TYPES),
        }),
      ),
      example: { url: 'https://hooks.example.com/writ', label: 'on-call', types: ['approval.*', 'stop.*'] },
    },
    responses: {
      201: {
        description: 'It is told from now on; its secret, once.',
        schema: Created,
        example: { ...example, secret: 'whsec_…' },
      },
    },
    problems: ['schema_violation'],
    idempotency: 'redacted',
  }),
  pauseSubscription: route({
    method: 'POST',
    path: '/v1/subscriptions/{id}/pause',
    area: 'subscriptions',
    summary: 'Tell it nothing for now',
    access: ['subscription.change'],
    params,
    body: why,
    responses: one('It is told nothing; what happens meanwhile is told when it is resumed.'),
    problems: ['not_found'],
    idempotency: 'stored',
  }),
  resumeSubscription: route({
    method: 'POST',
    path: '/v1/subscriptions/{id}/resume',
    area: 'subscriptions',
    summary: 'Tell it again, from where it was',
    description:
      'With `redeliver` it is also sent again what was put aside, each once; that may be asked of an active one.',
    access: ['subscription.change'],
    params,
    body: {
      schema: named('ResumeSubscription', z.strictObject({ reason, redeliver: z.boolean().default(false) })),
      example: { reason: 'It answers again.', redeliver: true },
    },
    responses: one('It is told again.'),
    problems: ['not_found'],
    idempotency: 'stored',
  }),
  removeSubscription: route({
    method: 'POST',
    path: '/v1/subscriptions/{id}/remove',
    area: 'subscriptions',
    summary: 'Tell it nothing any more',
    access: ['subscription.change'],
    params,
    body: why,
    responses: one('It is gone, and its secret with it.'),
    problems: ['not_found'],
    idempotency: 'stored',
  }),
  testSubscription: route({
    method: 'POST',
    path: '/v1/subscriptions/{id}/test',
    area: 'subscriptions',
    summary: 'Send it an event of its own',
    description:
      'An event `subscription.tested`, sent to it alone and like any other; its deliveries say what came of it.',
    access: ['subscription.change'],
    params,
    responses: one('The event is in the tenant’s stream and will be sent.'),
    problems: ['not_found'],
    idempotency: 'none',
  }),
  listDeliveries: route({
    method: 'GET',
    path: '/v1/subscriptions/{id}/deliveries',
    area: 'subscriptions',
    summary: 'What was tried last, newest first',
    access: ['subscription.read'],
    params,
    responses: {
      200: {
        description: 'The last two hundred tries, and the first two hundred messages that were put aside.',
        schema: named(
          'DeliveryList',
          z.object({ data: z.array(Delivery).readonly(), dead: z.array(DeadLetter).readonly() }),
        ),
        example: {
          data: [
            {
              event: 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4',
              type: 'approval.requested',
              attempt: 1,
              time: '2026-11-23T09:00:01.120Z',
              status: 204,
              error: null,
              took_ms: 41,
            },
          ],
          dead: [],
        },
      },
    },
    problems: ['not_found'],
  }),
};
