import { z } from 'zod';
import { ExplorerEvent, explorerEventExample } from './audit';
import { named } from './fields';
import { after, wait } from './follow';
import { route } from './route';
import { filter } from './search';

/** Why a stream was closed by the server, as the data of its last event, `stream.end`. */
const StreamEnd = named(
  'StreamEnd',
  z.object({
    reason: z
      .enum([
        'finished',
        'shutdown',
        'key_revoked',
        'key_expired',
        'session_ended',
        'policy_denied',
        'log_reopened',
        'unavailable',
      ])
      .describe('Only after `shutdown`, `log_reopened` and `unavailable` does it help to connect again.'),
  }),
);

export type StreamEndReason = z.infer<typeof StreamEnd>['reason'];

export const liveRoutes = {
  listEvents: route({
    method: 'GET',
    path: '/v1/events',
    area: 'audit',
    summary: 'Follow the tenant’s log',
    description:
      'The sealed events of the log from `after` on, by their number. With `Accept: text/event-stream` as a stream that goes on; otherwise once, waiting if asked to. Opening it is itself recorded, as `access.read`.',
    access: ['audit.read'],
    query: z.strictObject({
      filter: filter('audit'),
      after: after.describe('Only events after this number; from the newest on when absent.'),
      wait,
      limit: z.coerce.number<number>().int().min(1).max(1000).default(200),
    }),
    responses: {
      200: {
        description: 'Events in the order of the log.',
        schema: named(
          'TenantEvents',
          z.object({
            data: z.array(ExplorerEvent).readonly(),
            size: z.int().describe('How many events the log holds.'),
            generation: z.int().describe('Counts how often the log was opened anew.'),
            last: z.int().describe('Number to go on `after`: all events up to it were looked at.'),
          }),
        ),
        example: { data: [explorerEventExample], size: 48_202, generation: 1, last: 48_201 },
      },
    },
    stream: {
      id: 'place of the event: its number in the log, plus 2^40 for each time the log was opened anew',
      event:
        'type of the event, such as `run.started`; `log.head` when events passed that the filter leaves out; `stream.gap` when the log was opened anew, whose events then come from its beginning',
    },
    problems: ['invalid_filter', 'rate_limited', 'log_unavailable'],
  }),
};
