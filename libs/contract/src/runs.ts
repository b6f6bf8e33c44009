import { z } from 'zod';
import { Decision, decisionExample } from './decisions';
import { id, name, named, page, pageQuery } from './fields';
import { after, wait } from './follow';
import { route } from './route';
import { ListedRun, listedRunExample, RunDetail, RunEvent, runExample, RunStatus, StartRun } from './run';
import { coverageExample, filter, include, searchPage, windowQuery } from './search';

const params = z.strictObject({ id: id('run') });

const cursorOf = (data: readonly unknown[]) => ({ data, has_more: false, next_cursor: null });

export const runRoutes = {
  listRuns: route({
    method: 'GET',
    path: '/v1/runs',
    area: 'runs',
    summary: 'Search runs, newest first unless sorted otherwise',
    description:
      'A page may be short of `limit` and still have a next one: the search stops after a while and says in `coverage` how far it came.',
    access: ['run.read'],
    query: z.strictObject({
      ...pageQuery,
      filter: filter('runs'),
      ...windowQuery,
      basis: z
        .enum(['started', 'finished', 'active'])
        .default('started')
        .describe('What must lie in the window: the start of a run, its end, or any part of it.'),
      sort: z.enum(['-started', 'started', '-finished', 'finished', '-duration', 'duration']).default('-started'),
      include,
      status: RunStatus.exactOptional(),
      workflow: name.exactOptional(),
    }),
    responses: {
      200: {
        description: 'A page of runs.',
        schema: searchPage('RunPage', ListedRun),
        example: { ...cursorOf([listedRunExample]), coverage: coverageExample },
      },
    },
    problems: [],
    etag: 'content',
  }),
  startRun: route({
    method: 'POST',
    path: '/v1/runs',
    area: 'runs',
    summary: 'Start a run',
    description:
      'The run, the decision that allowed it and the idempotency key commit as one transaction. The key is remembered for as long as the run exists. Where the policy asks people whether it may start, the run exists and does nothing: it begins once they let it, and is `denied` when they do not.',
    access: ['run.start', 'principal.assert'],
    body: {
      schema: StartRun,
      example: { workflow: 'refund_order', input: { order_id: 'W1001' }, budget: { model_calls: 20 } },
    },
    responses: {
      201: {
        description: 'The run exists; `Location` names it.',
        schema: named('StartedRun', z.object({ id: id('run'), workflow: name })),
        example: { id: runExample.id, workflow: 'refund_order' },
      },
    },
    problems: ['unknown_workflow', 'schema_violation', 'stop_active', 'approval_required', 'budget_exhausted', 'busy'],
    idempotency: 'own',
    location: true,
  }),
  getRun: route({
    method: 'GET',
    path: '/v1/runs/{id}',
    area: 'runs',
    summary: 'Read one run',
    access: ['run.read'],
    params,
    responses: {
      200: {
        description: 'The run as it stands.',
        schema: RunDetail,
        example: {
          ...runExample,
          input: { order_id: 'W1001' },
          output: { refunded: true },
          failure: null,
          agents: ['refund_agent'],
          parent: null,
          root: null,
          children: [],
          fork: null,
          batch: null,
          usage: { model_calls: 2, tool_calls: 1, tokens: 812, cost_micros: 3_140 },
        },
      },
    },
    problems: ['not_found'],
    etag: 'content',
  }),
  listRunEvents: route({
    method: 'GET',
    path: '/v1/runs/{id}/events',
    area: 'runs',
    summary: 'List or follow a run’s journal events in order',
    description:
      'With `Accept: text/event-stream` as a stream that ends with the run, resumed by `Last-Event-ID`; otherwise a page, waiting for its first event if asked to. The events are the same.',
    access: ['run.read'],
    params,
    query: z.strictObject({
      ...pageQuery,
      after,
      wait,
      deltas: z
        .enum(['true', 'false'])
        .default('false')
        .describe(
          'In a stream: also `message.delta` events, without an id, with what a model says before its reply is whole.',
        ),
    }),
    responses: {
      200: {
        description: 'A page of events, by sequence.',
        schema: page('RunEventPage', RunEvent),
        example: cursorOf([
          { sequence: 0, type: 'run_started', time: runExample.created_at },
          { sequence: 1, type: 'run_finished', time: runExample.finished_at, output: null },
        ]),
      },
    },
    problems: ['not_found'],
    etag: 'content',
    stream: { id: 'sequence of the event', event: 'type of the event, such as `step_intended`' },
  }),
  listRunDecisions: route({
    method: 'GET',
    path: '/v1/runs/{id}/decisions',
    area: 'runs',
    summary: 'List the decisions made for a run',
    access: ['run.read'],
    params,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of decisions, in the order they were made.',
        schema: page('DecisionPage', Decision),
        example: cursorOf([decisionExample]),
      },
    },
    problems: ['not_found'],
    etag: 'content',
  }),
};
