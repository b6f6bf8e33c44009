import { z } from 'zod';
import { named, time } from './fields';
import type { QueryList } from './query/fields';
import { parseQuery } from './query/parse';
import { parseMoment } from './query/values';

/** A query over one list. Its faults are issues of this schema, each with its place (see `FieldError.at`). */
export const filter = (list: QueryList) =>
  z
    .string()
    .superRefine((text, context) => {
      for (const fault of parseQuery(text, list).faults) {
        context.addIssue({ code: 'custom', message: fault.message, params: { fault } });
      }
    })
    .exactOptional()
    .describe('A query, such as `status:failed agent:refund* duration:>30s`. See the guide for integrators.');

/** A time, or one that counts from now: what a query takes as a time. */
export const moment = z
  .string()
  .max(40)
  .refine(
    (text) => parseMoment(text, 0) !== null,
    'a time such as -24h, now, today, 2026-11-22 or 2026-11-22T09:30:00Z',
  )
  .exactOptional();

/** The window of a list. Days, and times without a zone, are UTC. */
export const windowQuery = {
  from: moment.describe('Start of the window, inclusive: RFC 3339, a day, or relative such as `-24h` and `today`.'),
  to: moment.describe('End of the window, exclusive; now when absent.'),
};

export const include = z
  .enum(['total'])
  .exactOptional()
  .describe('`total`: also count what matches, as far as that takes a moment.');

const Count = named(
  'Count',
  z.object({
    value: z.int(),
    relation: z.enum(['exact', 'at_least', 'about']),
  }),
);

const Coverage = named(
  'Coverage',
  z
    .object({
      matched: Count.nullable().describe('How many match in the window; null unless `include=total`.'),
      of: Count.describe('How many there are in the window, matching or not.'),
      from: time.nullable().describe('The window that was meant; null when it has no start.'),
      to: time,
      complete: z
        .boolean()
        .describe('False when the time for this answer was spent before the window was: go on with `next_cursor`.'),
      reached: time.nullable().describe('With `complete: false`: how far the search came.'),
      ms: z.number().describe('Milliseconds it took.'),
    })
    .describe('What an answer covers, so that nothing partial looks whole.'),
);

export const coverageExample = {
  matched: { value: 1284, relation: 'exact' },
  of: { value: 2_100_000, relation: 'about' },
  from: '2026-11-21T09:30:00.000Z',
  to: '2026-11-22T09:30:00.000Z',
  complete: true,
  reached: null,
  ms: 180,
};

/** A page of a search: a list, and what it covers. */
export function searchPage<S extends z.ZodType>(id: string, item: S) {
  return named(
    id,
    z.object({
      data: z.array(item).readonly(),
      has_more: z.boolean(),
      next_cursor: z.string().nullable(),
      coverage: Coverage,
    }),
  );
}

export const buckets = z.coerce
  .number<number>()
  .int()
  .min(1)
  .max(500)
  .default(60)
  .describe('How many stretches of equal length the window is divided into.');

export const Histogram = named(
  'Histogram',
  z.object({
    from: time,
    to: time,
    bucket_ms: z.int(),
    buckets: z
      .array(z.object({ at: time, counts: z.record(z.string(), z.int()) }))
      .readonly()
      .describe('Stretches with something in them, by their start.'),
    sampled: z.boolean().describe('True when the counts are scaled up from a part, because the window holds too much.'),
    coverage: Coverage,
  }),
);

export const histogramExample = (counts: { readonly [name: string]: number }) => ({
  from: '2026-11-22T08:30:00.000Z',
  to: '2026-11-22T09:30:00.000Z',
  bucket_ms: 60_000,
  buckets: [{ at: '2026-11-22T08:31:00.000Z', counts }],
  sampled: false,
  coverage: coverageExample,
});

/** Values of one field with how often they occur: what a query box offers while somebody types. */
export const FieldValues = named(
  'FieldValues',
  z.object({
    field: z.string(),
    values: z.array(z.object({ value: z.string(), count: z.int() })).readonly(),
    complete: z.boolean().describe('False when only the newest were looked at.'),
  }),
);

export const valuesExample = { field: 'workflow', values: [{ value: 'refund_order', count: 412 }], complete: true };

export const valuesQuery = <const F extends readonly [string, ...string[]]>(fields: F) => ({
  field: z.enum(fields).default(fields[0]),
  prefix: z.string().max(200).default(''),
  limit: z.coerce.number<number>().int().min(1).max(50).default(20),
  ...windowQuery,
});
