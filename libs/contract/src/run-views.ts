import { z } from 'zod';
import { id } from './fields';
import { route } from './route';
import {
  buckets,
  FieldValues,
  filter,
  Histogram,
  histogramExample,
  valuesExample,
  valuesQuery,
  windowQuery,
} from './search';
import { Timeline, timelineExample } from './timeline';

/** Runs seen from further away, or over time. */
export const runViewRoutes = {
  getRunHistogram: route({
    method: 'GET',
    path: '/v1/runs/histogram',
    area: 'runs',
    summary: 'Count runs over time, by how they stand',
    access: ['run.read'],
    query: z.strictObject({
      filter: filter('runs'),
      ...windowQuery,
      basis: z.enum(['started', 'finished']).default('started').describe('Which of its times places a run.'),
      buckets,
    }),
    responses: {
      200: {
        description: 'Counts by status.',
        schema: Histogram,
        example: histogramExample({ succeeded: 31, denied: 4 }),
      },
    },
    problems: [],
  }),
  listRunValues: route({
    method: 'GET',
    path: '/v1/runs/values',
    area: 'runs',
    summary: 'Values of one field of runs, most frequent first',
    access: ['run.read'],
    query: z.strictObject(valuesQuery(['status', 'workflow', 'initiator', 'agent', 'tool', 'model', 'reason'])),
    responses: { 200: { description: 'Values.', schema: FieldValues, example: valuesExample } },
    problems: [],
  }),
  getRunTimeline: route({
    method: 'GET',
    path: '/v1/runs/{id}/timeline',
    area: 'runs',
    summary: 'A run over time: segments, steps, lanes, handoffs, decisions',
    access: ['run.read'],
    params: z.strictObject({ id: id('run') }),
    responses: { 200: { description: 'The timeline as it stands.', schema: Timeline, example: timelineExample } },
    problems: ['not_found'],
  }),
};
