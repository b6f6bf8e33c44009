import { STOP_MODES, STOP_SCOPES } from '@writ/words';
import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

const StopScope = z.enum(STOP_SCOPES);
const StopMode = z
  .enum(STOP_MODES)
  .describe(
    'The rung: steps at a rate, no new run, no new step, also abort calls and end keys, also end the runs as `stopped`.',
  );
const perMinute = z.number().int().min(0).max(1_000_000).nullable();

const Stop = named(
  'Stop',
  z.object({
    id: id('stop'),
    scope: z.enum(['all', ...STOP_SCOPES]).describe('`all` is the platform’s own stop, over every tenant.'),
    target: z.string().nullable().describe('Name of what is stopped; null where the scope says it all.'),
    mode: StopMode,
    per_minute: perMinute.describe('Steps a minute that a throttle lets through.'),
    two_persons: z.boolean().describe('Its release takes two persons; who set it counts as one.'),
    reason: z.string(),
    set_by: z.string(),
    set_at: time,
    asked_by: z.string().nullable().describe('Who asked for its release, while a second person has yet to agree.'),
    released_by: z.string().nullable(),
    released_at: time.nullable(),
  }),
);

const example = {
  id: 'stp_01k8x0q3wsf5z8k2m4n6p8r0t6',
  scope: 'tool',
  target: 'cancel_order',
  mode: 'freeze_steps',
  per_minute: null,
  two_persons: false,
  reason: 'Cancelling the wrong orders.',
  set_by: 'user:7f3a',
  set_at: '2026-11-22T09:31:00.000Z',
  asked_by: null,
  released_by: null,
  released_at: null,
};

const ms = z.number().min(0).describe('Milliseconds.');
const StepUnderWay = named(
  'StepUnderWay',
  z.object({
    run: id('run'),
    workflow: z.string(),
    step: z.number().int(),
    attempt: z.number().int(),
    path: z.string(),
    kind: z.string(),
    agent: z.string().nullable(),
    target: z.string(),
    effect: z.string(),
    intended_at: time,
    fate: z.enum(['open', 'settled', 'unknown']).describe('What became of it since.'),
    fate_at: time.nullable(),
  }),
);
const exampleStep = {
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t6',
  workflow: 'refund-desk',
  step: 4,
  attempt: 1,
  path: 'desk',
  kind: 'tool',
  agent: 'refunds',
  target: 'cancel_order',
  effect: 'irreversible',
  intended_at: '2026-11-22T09:30:59.980Z',
  fate: 'settled',
  fate_at: '2026-11-22T09:31:00.210Z',
};

const StopReport = named(
  'StopReport',
  z.object({
    stop: Stop,
    acks: z
      .array(
        z.object({
          instance: z.string(),
          kind: z.string(),
          at: time.nullable().describe('Null for a worker that is alive and has not answered.'),
          after_ms: ms.nullable(),
        }),
      )
      .readonly(),
    time_to_stop: z.object({ first: ms, p95: ms, last: ms }).nullable(),
    residue: z.array(StepUnderWay).readonly().describe('Calls that were on their way when the stop took effect.'),
    ended: z
      .array(
        z.object({
          run: id('run'),
          workflow: z.string(),
          finished_at: time,
          to_undo: z
            .array(z.object({ path: z.string(), tool: z.string() }))
            .readonly()
            .describe('What the run did and can be undone, last first; the arguments stand in its last event.'),
          left: z.array(z.string()).readonly().describe('Child runs and steps that had not come to an end.'),
        }),
      )
      .readonly()
      .describe('Runs that it ended, and what each leaves.'),
  }),
);
const exampleReport = {
  stop: example,
  acks: [{ instance: 'wkr_01k8x0q3wsf5z8k2m4n6p8r0t6', kind: 'worker', at: '2026-11-22T09:31:00.012Z', after_ms: 12 }],
  time_to_stop: { first: 12, p95: 12, last: 12 },
  residue: [exampleStep],
  ended: [],
};
const target = z.string().min(1).max(200).nullable().default(null).describe('Not with scope `tenant`.');
const targetFits = (stop: { scope: string; target: string | null }): boolean =>
  (stop.scope === 'tenant') === (stop.target === null);
const NAMED = { path: ['target'], message: 'a target is named for every scope but `tenant`' };

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
      'From the moment this is answered no intent of what is stopped commits. Calls already sent are its residue: `GET /v1/stops/{id}` lists them. From `revoke` on, keys of what is stopped end, and calls in flight are aborted where repeating them is harmless.',
    access: ['stop.set'],
    body: {
      schema: named(
        'SetStop',
        z
          .strictObject({
            scope: StopScope,
            target,
            mode: StopMode.default('freeze_steps'),
            per_minute: perMinute.default(null).describe('With `throttle`, and only there.'),
            two_persons: z
              .boolean()
              .default(false)
              .describe('Ask for two persons at its release. Wide stops, and those from `revoke` on, always do.'),
            reason: z.string().min(1).max(500),
          })
          .refine(targetFits, NAMED)
          .refine((stop) => (stop.mode === 'throttle') === (stop.per_minute !== null), {
            path: ['per_minute'],
            message: 'a throttle, and only a throttle, names a rate',
          }),
      ),
      example: { scope: 'tool', target: 'cancel_order', reason: 'Cancelling the wrong orders.' },
    },
    responses: { 201: { description: 'The stop is in force.', schema: Stop, example } },
    problems: ['schema_violation'],
    idempotency: 'stored',
  }),
  previewStop: route({
    method: 'POST',
    path: '/v1/stops/preview',
    area: 'stops',
    summary: 'Count what a stop would hit',
    access: ['stop.read'],
    body: {
      schema: named('PreviewStop', z.strictObject({ scope: StopScope, target }).refine(targetFits, NAMED)),
      example: { scope: 'tool', target: 'cancel_order' },
    },
    responses: {
      200: {
        description: 'As it stands now; nothing is stopped.',
        schema: named(
          'StopPreview',
          z.object({
            runs: z.record(z.string(), z.number().int()).describe('Runs that are not over, by status.'),
            steps: z.array(StepUnderWay).readonly(),
          }),
        ),
        example: { runs: { running: 2 }, steps: [{ ...exampleStep, fate: 'open', fate_at: null }] },
      },
    },
    problems: [],
    idempotency: 'none',
  }),
  getStop: route({
    method: 'GET',
    path: '/v1/stops/{id}',
    area: 'stops',
    summary: 'Read how far a stop has taken effect',
    description: 'Who has applied it and when, what was on its way then and what became of it, and the runs it ended.',
    access: ['stop.read'],
    params: z.strictObject({ id: id('stop') }),
    responses: { 200: { description: 'The stop and its effect.', schema: StopReport, example: exampleReport } },
    problems: ['not_found'],
  }),
  drillStop: route({
    method: 'POST',
    path: '/v1/stops/drills',
    area: 'stops',
    summary: 'Drill a stop: set it, time it, release it',
    description:
      'Sets a real stop on something that may rest for a moment, waits until every process has applied it, releases it, and records the times as evidence.',
    access: ['stop.set', 'stop.release'],
    body: {
      schema: named(
        'DrillStop',
        z.strictObject({ scope: StopScope, target, reason: z.string().min(1).max(500) }).refine(targetFits, NAMED),
      ),
      example: { scope: 'workflow', target: 'canary', reason: 'The monthly drill.' },
    },
    responses: { 200: { description: 'The drill is over.', schema: StopReport, example: exampleReport } },
    problems: ['schema_violation'],
    idempotency: 'none',
  }),
  releaseStop: route({
    method: 'POST',
    path: '/v1/stops/{id}/release',
    area: 'stops',
    summary: 'Release a stop, or go down to a lower rung',
    description:
      'Where its release takes two persons, the first one asks for it and the second one’s call releases it.',
    access: ['stop.release'],
    params: z.strictObject({ id: id('stop') }),
    body: {
      schema: named(
        'ReleaseStop',
        z.strictObject({
          reason: z.string().min(1).max(500),
          to: StopMode.nullable().default(null).describe('Stay on this lower rung instead of none.'),
          per_minute: perMinute.default(null).describe('With `to: throttle`.'),
        }),
      ),
      example: { reason: 'The tool is repaired.' },
    },
    responses: {
      200: {
        description: 'The stop is released, or its release is asked for (`asked_by`).',
        schema: Stop,
        example: { ...example, released_by: 'user:91bc', released_at: '2026-11-22T10:00:00.000Z' },
      },
    },
    problems: ['not_found', 'state_conflict', 'second_person_required', 'schema_violation'],
    idempotency: 'stored',
  }),
};
