import { z } from 'zod';
import { named } from './fields';
import { route } from './route';

const LIMIT = 100_000;
const atOnce = z.number().int().min(1).max(LIMIT);
const inLine = z.number().int().min(0).max(LIMIT);
const limits = z.object({ most_active: atOnce.nullable(), most_in_line: inLine.nullable() });

const Admission = named(
  'Admission',
  z.object({
    weight: z
      .number()
      .int()
      .min(1)
      .describe(
        'A tenant of weight 2 gets twice the places of one of weight 1 while both want more. The platform sets it.',
      ),
    own: limits.describe('What the tenant sets for itself; null for no limit of its own.'),
    granted: limits.describe('What the platform grants it at most.'),
    in_force: z
      .object({ most_active: atOnce.nullable(), most_in_line: inLine })
      .describe('The smaller of both. A start beyond `most_in_line` is refused as `busy`.'),
    active: z.number().int().describe('Runs of the tenant that are led, or let in and about to be.'),
    in_line: z.number().int().describe('Runs of the tenant that wait for their turn.'),
    waited_ms: z.number().min(0).describe('How long the oldest run that was let in has waited for a worker.'),
    lined_up_ms: z.number().min(0).describe('How long the first in line has stood there.'),
    places: z.number().int().describe('Runs that all living workers together lead at once.'),
  }),
);

const example = {
  weight: 2,
  own: { most_active: 40, most_in_line: null },
  granted: { most_active: 100, most_in_line: 20_000 },
  in_force: { most_active: 40, most_in_line: 20_000 },
  active: 40,
  in_line: 310,
  waited_ms: 12,
  lined_up_ms: 5_300,
  places: 256,
};

export const admissionRoutes = {
  getAdmission: route({
    method: 'GET',
    path: '/v1/admission',
    area: 'admission',
    summary: 'Read how many runs the tenant may have led and in line, and how many it has',
    access: ['admission.read'],
    responses: { 200: { description: 'As it stands now.', schema: Admission, example } },
    problems: [],
  }),
  setAdmission: route({
    method: 'POST',
    path: '/v1/admission',
    area: 'admission',
    summary: 'Limit how many runs of the tenant are led at once, and how many may wait for their turn',
    description:
      'In force within a second. Runs that are led go on, and those in line stay there. No more than the platform grants; the weight among tenants is the platform’s alone to give.',
    access: ['admission.set'],
    body: {
      schema: named(
        'SetAdmission',
        z.strictObject({
          most_active: atOnce.nullable().describe('Null for no limit of its own.'),
          most_in_line: inLine.nullable().describe('Null for no limit of its own.'),
          reason: z.string().min(1).max(500),
        }),
      ),
      example: { most_active: 40, most_in_line: null, reason: 'The order system behind it takes 40 at once.' },
    },
    responses: { 200: { description: 'The limits are in force.', schema: Admission, example } },
    problems: ['schema_violation'],
    idempotency: 'stored',
  }),
};
