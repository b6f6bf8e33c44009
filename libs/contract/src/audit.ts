import { VERDICTS } from '@writ/words';
import { z } from 'zod';
import { id, named, pageQuery, time } from './fields';
import { route } from './route';
import {
  buckets,
  coverageExample,
  FieldValues,
  filter,
  Histogram,
  histogramExample,
  include,
  moment,
  searchPage,
  valuesExample,
  valuesQuery,
  windowQuery,
} from './search';

const AuditEvent = named(
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

/** An event of a list: as it was hashed, and beside it, under `view`, what this server makes of it. */
export const ExplorerEvent = named(
  'ExplorerEvent',
  z
    .looseObject({
      ...AuditEvent.shape,
      view: z.object({
        sentence: z.string().describe('The event in one sentence.'),
        index: z.int().nullable().describe('Its number in the log; null while it is not sealed.'),
      }),
    })
    .describe('An event as lists show it: all members but `view` are as they were hashed.'),
);

const eventExample = {
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
};

export const explorerEventExample = {
  ...eventExample,
  view: { sentence: 'user:7f3a stopped tool cancel_order.', index: 48_201 },
};

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
        .regex(/^[a-z_]+(\.[a-z_]+)?$/, 'an event type such as action.denied')
        .exactOptional(),
      actor: z.string().min(1).max(200).exactOptional(),
      action: z.string().min(1).max(64).exactOptional(),
      verdict: z.enum(VERDICTS).exactOptional(),
      filter: filter('audit'),
      from: moment.describe('Inclusive, by the database’s clock; also relative, such as `-24h`.'),
      to: moment.describe('Exclusive, by the database’s clock.'),
      sort: z.enum(['time', '-time']).default('time').describe('Oldest or newest recorded first.'),
      include,
    }),
    responses: {
      200: {
        description: 'A page of events in the order they were recorded, or the other way round.',
        schema: searchPage('AuditEventPage', ExplorerEvent),
        example: { data: [explorerEventExample], has_more: false, next_cursor: null, coverage: coverageExample },
      },
    },
    problems: ['log_unavailable'],
  }),
  getAuditHistogram: route({
    method: 'GET',
    path: '/v1/audit/histogram',
    area: 'audit',
    summary: 'Count events over time',
    description: 'Recorded as `access.read`, like every look into the log.',
    access: ['audit.read'],
    query: z.strictObject({
      filter: filter('audit'),
      ...windowQuery,
      buckets,
      by: z
        .enum(['category', 'decision', 'actor'])
        .default('category')
        .describe('Category: the first word of the type.'),
    }),
    responses: {
      200: { description: 'Counts.', schema: Histogram, example: histogramExample({ action: 31, run: 4 }) },
    },
    problems: ['log_unavailable'],
  }),
  listAuditValues: route({
    method: 'GET',
    path: '/v1/audit/values',
    area: 'audit',
    summary: 'Values of one field of the audit log, most frequent first',
    access: ['audit.read'],
    query: z.strictObject(valuesQuery(['type', 'actor', 'action', 'object', 'kind', 'decision', 'reason', 'outcome'])),
    responses: { 200: { description: 'Values.', schema: FieldValues, example: valuesExample } },
    problems: ['log_unavailable'],
  }),
};
