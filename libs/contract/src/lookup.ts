import { z } from 'zod';
import { named } from './fields';
import { route } from './route';

export const lookupRoutes = {
  lookup: route({
    method: 'GET',
    path: '/v1/lookup/{anything}',
    area: 'system',
    summary: 'Find what an id names',
    description:
      'Takes every id of ours (run, batch, approval, question, review, decision, event, stop, key, tenant, request), a W3C trace id or `traceparent`. What the caller may not read is not found.',
    access: 'caller',
    params: z.strictObject({ anything: z.string().min(1).max(200) }),
    responses: {
      200: {
        description: 'What it names; a trace may be that of several runs.',
        schema: named(
          'Found',
          z.object({
            matches: z
              .array(
                z.object({
                  kind: z.enum([
                    'run',
                    'batch',
                    'approval',
                    'question',
                    'review',
                    'decision',
                    'event',
                    'stop',
                    'key',
                    'tenant',
                  ]),
                  id: z.string(),
                  title: z.string().describe('One line that tells it from others.'),
                  console: z.string().describe('Path in the console.'),
                  api: z.string().describe('Path in this API.'),
                }),
              )
              .min(1)
              .readonly(),
          }),
        ),
        example: {
          matches: [
            {
              kind: 'run',
              id: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
              title: 'refund_order, succeeded',
              console: '/runs/run_01k8x0q3wsf5z8k2m4n6p8r0t2',
              api: '/v1/runs/run_01k8x0q3wsf5z8k2m4n6p8r0t2',
            },
          ],
        },
      },
    },
    problems: ['not_found'],
  }),
};
