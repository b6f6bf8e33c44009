import { MISSED_RULES } from '@writ/words';
import { z } from 'zod';
import { id, jsonObject, name, named, page, pageQuery, role, time } from './fields';
import { route } from './route';

const schedule = z
  .strictObject({
    cron: z
      .string()
      .min(9)
      .max(200)
      .describe('Minute, hour, day of month, month, day of week; with six fields the first is seconds.'),
    time_zone: z.string().min(1).max(64).default('UTC').describe('IANA name; times are those of clocks there.'),
    missed: z
      .enum(MISSED_RULES)
      .default('once')
      .describe('What of the times that passed by more than a minute unfired is fired: none, the latest, each.'),
  })
  .describe('When a schedule fires.');

const start = {
  workflow: name,
  version: z.int().min(1).exactOptional().describe('A published version; the newest at each firing when absent.'),
  input: jsonObject
    .default({})
    .describe(
      'Input of each run. `{"$from": "/input/…"}` stands for what the firing knows: `trigger`, and `due_at` of a schedule, `id` and `body` of a webhook.',
    ),
  budget: z
    .strictObject({
      model_calls: z.int().min(0).exactOptional(),
      tool_calls: z.int().min(0).exactOptional(),
      tokens: z.int().min(0).exactOptional(),
      cost_micros: z.int().min(0).exactOptional(),
      wall_ms: z.int().min(0).exactOptional(),
      handoffs: z.int().min(0).exactOptional(),
      depth: z.int().min(0).exactOptional(),
    })
    .exactOptional(),
  deadline_ms: z.int().min(1).max(31_536_000_000).exactOptional(),
};

const Firing = named(
  'Firing',
  z
    .object({
      key: z.string().describe('The time it was due, or the sender’s id of the message: one firing for ever.'),
      at: time,
      due_at: time.nullable(),
      outcome: z.enum(['started', 'refused', 'missed']),
      run: id('run').nullable(),
      code: z.string().nullable().describe('Why it was refused; for missed times, the rule that left them.'),
      decision: z.string().nullable(),
    })
    .describe('What came of one firing.'),
);

const trigger = {
  id: id('trigger'),
  name,
  kind: z.enum(['schedule', 'webhook']),
  principal: z.string().describe('Whom its runs are for: a service principal of its own.'),
  roles: z.array(role).readonly(),
  workflow: name,
  version: z.int().nullable(),
  input: jsonObject,
  schedule: z.object(schedule.shape).nullable(),
  next_at: time.nullable(),
  status: z.enum(['active', 'paused', 'retired']),
  created_by: z.string(),
  created_at: time,
  changed_by: z.string(),
  changed_at: time,
  last: Firing.nullable().describe('The newest firing.'),
};
const Trigger = named('Trigger', z.object(trigger));

const firingExample = {
  key: '2026-11-23T06:00:00.000Z',
  at: '2026-11-23T06:00:00.412Z',
  due_at: '2026-11-23T06:00:00.000Z',
  outcome: 'started',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  code: null,
  decision: null,
};
const example = {
  id: 'trg_01k8x0q3wsf5z8k2m4n6p8r0t9',
  name: 'nightly_report',
  kind: 'schedule',
  principal: 'service:trigger.nightly_report',
  roles: ['reporter'],
  workflow: 'report',
  version: null,
  input: { day: { $from: '/input/due_at' } },
  schedule: { cron: '0 7 * * 1-5', time_zone: 'Europe/Berlin', missed: 'once' },
  next_at: '2026-11-24T06:00:00.000Z',
  status: 'active',
  created_by: 'user:7f3a',
  created_at: '2026-11-20T09:00:00.000Z',
  changed_by: 'user:7f3a',
  changed_at: '2026-11-20T09:00:00.000Z',
  last: firingExample,
};
const hookExample = { ...example, name: 'shop_order', kind: 'webhook', schedule: null, next_at: null, last: null };
const withSecret = named(
  'CreatedTrigger',
  z.object({ ...trigger, secret: z.string().nullable().describe('Of a webhook: shown once, `null` in a replay.') }),
);

const params = z.strictObject({ id: id('trigger') });
const reason = {
  schema: named('ChangeTrigger', z.strictObject({ reason: z.string().min(1).max(500) })),
  example: { reason: 'The report is rebuilt this week.' },
};

const change = (path: '/pause' | '/resume' | '/retire', summary: string, description: string) =>
  ({
    method: 'POST',
    path: `/v1/triggers/{id}${path}`,
    area: 'triggers',
    summary,
    description,
    access: ['trigger.change'],
    params,
    body: reason,
    responses: { 200: { description: 'The trigger as it stands.', schema: Trigger, example } },
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }) as const;

export const triggerRoutes = {
  listTriggers: route({
    method: 'GET',
    path: '/v1/triggers',
    area: 'triggers',
    summary: 'List triggers, newest first',
    access: ['trigger.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of triggers, each with its newest firing.',
        schema: page('TriggerPage', Trigger),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  createTrigger: route({
    method: 'POST',
    path: '/v1/triggers',
    area: 'triggers',
    summary: 'Create a schedule or a webhook that starts runs',
    description:
      'Its runs are for a service principal of its own, `service:trigger.<name>`, with the roles given here; each firing is decided as `run.start` for it. Whoever creates it must be allowed to start the workflow and hold the roles. Names are never used again.',
    access: ['trigger.change', 'run.start'],
    body: {
      schema: named(
        'CreateTrigger',
        z.strictObject({
          name,
          ...start,
          roles: z.array(role).max(64).readonly().default([]),
          schedule: schedule.exactOptional().describe('Absent: a webhook, which fires with each message sent to it.'),
        }),
      ),
      example: {
        name: 'nightly_report',
        workflow: 'report',
        input: { day: { $from: '/input/due_at' } },
        roles: ['reporter'],
        schedule: { cron: '0 7 * * 1-5', time_zone: 'Europe/Berlin' },
      },
    },
    responses: {
      201: {
        description: 'The trigger and, for a webhook, its secret, once.',
        schema: withSecret,
        example: { ...hookExample, secret: 'whsec_…' },
      },
    },
    problems: ['state_conflict', 'schema_violation', 'grant_exceeds_holder'],
    idempotency: 'redacted',
    location: true,
  }),
  getTrigger: route({
    method: 'GET',
    path: '/v1/triggers/{id}',
    area: 'triggers',
    summary: 'Read one trigger',
    access: ['trigger.read'],
    params,
    responses: { 200: { description: 'The trigger as it stands.', schema: Trigger, example } },
    problems: ['not_found'],
    etag: 'content',
  }),
  listFirings: route({
    method: 'GET',
    path: '/v1/triggers/{id}/firings',
    area: 'triggers',
    summary: 'List what came of a trigger’s firings, newest first',
    access: ['trigger.read'],
    params,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of firings.',
        schema: page('FiringPage', Firing),
        example: { data: [firingExample], has_more: false, next_cursor: null },
      },
    },
    problems: ['not_found'],
    etag: 'content',
  }),
  pauseTrigger: route(
    change(
      '/pause',
      'Pause a trigger',
      'No firing begins after this is answered; one under way may still start its run.',
    ),
  ),
  resumeTrigger: route(
    change('/resume', 'Resume a paused trigger', 'Times that passed while it was paused are not fired.'),
  ),
  retireTrigger: route(
    change('/retire', 'Retire a trigger for good', 'Its name, and the principal made of it, are never used again.'),
  ),
  rotateTriggerSecret: route({
    method: 'POST',
    path: '/v1/triggers/{id}/rotate-secret',
    area: 'triggers',
    summary: 'Give a webhook a new secret',
    description: 'The secret before is good for 24 hours more, so that senders can change over.',
    access: ['trigger.change'],
    params,
    body: reason,
    responses: {
      200: {
        description: 'The trigger and, once, its new secret.',
        schema: withSecret,
        example: { ...hookExample, secret: 'whsec_…' },
      },
    },
    problems: ['not_found', 'state_conflict'],
    idempotency: 'redacted',
  }),
  receiveHook: route({
    method: 'POST',
    path: '/v1/hooks/{id}',
    area: 'triggers',
    summary: 'Send a message to a webhook',
    description:
      'Signed as Standard Webhooks say: `webhook-id`, `webhook-timestamp` (within five minutes) and `webhook-signature` (`v1,` and HMAC-SHA-256 over id, timestamp and body). The body is any JSON. One id starts one run, however often it is sent.',
    access: 'public',
    params,
    responses: {
      202: {
        description: 'The run that this message started.',
        schema: named('HookAnswer', z.object({ run: id('run'), replayed: z.boolean() })),
        example: { run: firingExample.run, replayed: false },
      },
    },
    problems: [
      'malformed_json',
      'payload_too_large',
      'unsupported_media_type',
      'unauthenticated',
      'state_conflict',
      'policy_denied',
      'approval_required',
      'stop_active',
      'budget_exhausted',
      'unknown_workflow',
      'schema_violation',
      'idempotency_mismatch',
    ],
    idempotency: 'none',
  }),
};
