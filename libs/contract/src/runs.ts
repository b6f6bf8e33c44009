import { RECONCILIATIONS, RUN_STATUSES } from '@writ/words';
import { z } from 'zod';
import { Decision, decisionExample } from './decisions';
import { digest, id, json, jsonObject, name, named, page, pageQuery, principalId, role, time } from './fields';
import { after, wait } from './follow';
import { route } from './route';
import { coverageExample, filter, include, searchPage, windowQuery } from './search';

export const RunStatus = named('RunStatus', z.enum(RUN_STATUSES));

const run = {
  id: id('run'),
  workflow: name,
  workflow_digest: digest,
  status: RunStatus,
  initiator: z.string().describe('Opaque id of the principal the run is for.'),
  wait: jsonObject.nullable().describe('What a waiting run waits for.'),
  next_seq: z.int().describe('Sequence of the next event: the number of events so far.'),
  created_at: time,
  updated_at: time,
  finished_at: time.nullable(),
  trace_id: z.string().nullable(),
};

export const ForkEffects = z
  .enum(['stubbed', 'live'])
  .describe(
    'stubbed: steps are given back what the first run came to, and nothing is sent. live: they are done, decided anew.',
  );

/** The run whose past another has. */
export const RunFork = z.object({
  run: id('run'),
  at: z.int().describe('The last event it shares with that run.'),
  effects: ForkEffects,
});

export const usage = z
  .object({
    model_calls: z.int(),
    tool_calls: z.int(),
    tokens: z.int(),
    cost_micros: z
      .int()
      .nullable()
      .describe('Millionths of the currency of the models’ prices; null while nothing it called has a price.'),
  })
  .describe('What the run used, and the runs that it started once they have reported.');

const ListedRun = named(
  'ListedRun',
  z
    .object({
      ...run,
      root_agent: z.string().nullable().describe('The agent that began; null while none has.'),
      agent: z.string().nullable().describe('The agent in control, or the last that was.'),
      duration_ms: z.int().nullable().describe('From start to end; null while it goes on.'),
      waiting_on: z.string().nullable().describe('What a waiting run waits for, in words.'),
      decisions: z.object({ allow: z.int(), ask: z.int(), deny: z.int() }),
      usage,
    })
    .describe('A run as lists show it.'),
);
const RunDetail = named(
  'RunDetail',
  z.object({
    ...run,
    input: jsonObject,
    output: json.nullable(),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
    agents: z.array(z.string()).readonly().describe('The agents in control, first to current.'),
    parent: id('run').nullable().describe('The run that started this one.'),
    root: id('run').nullable().describe('The run at the top of the tree, for one that was started by a run.'),
    children: z.array(id('run')).readonly().describe('The runs this one started, oldest first.'),
    fork: RunFork.nullable().describe('The run whose past this one took over.'),
    batch: z
      .object({ id: id('batch'), place: z.int(), key: z.string() })
      .nullable()
      .describe('The batch it is of, and which of its items.'),
    usage,
  }),
);
const RunEvent = named(
  'RunEvent',
  z.looseObject({ sequence: z.int(), type: z.string(), time }).describe('One journal event; further fields by type.'),
);

export const Mandate = named(
  'Mandate',
  z
    .strictObject({
      tools: z
        .array(
          z.strictObject({
            tool: name,
            only: z.record(z.string(), z.array(json).readonly()).exactOptional(),
            at_most: z.record(z.string(), z.number()).exactOptional(),
          }),
        )
        .max(256)
        .readonly(),
    })
    .describe('What the initiator grants this run: tools, and limits on their arguments by JSON pointer.'),
);

/** What a run may use. */
export const Budget = z.strictObject({
  model_calls: z.int().min(0).exactOptional(),
  tool_calls: z.int().min(0).exactOptional(),
  tokens: z.int().min(0).exactOptional(),
  cost_micros: z.int().min(0).exactOptional(),
  wall_ms: z.int().min(0).exactOptional(),
  handoffs: z.int().min(0).exactOptional(),
  depth: z.int().min(0).exactOptional().describe('How many runs may stand below it, one under the other.'),
});

const StartRun = named(
  'StartRun',
  z.strictObject({
    workflow: name,
    version: z.int().min(1).exactOptional().describe('A published version; the newest when absent.'),
    input: jsonObject.default({}),
    mandate: Mandate.nullable().exactOptional(),
    budget: Budget.exactOptional(),
    on_behalf_of: z
      .strictObject({ id: principalId, roles: z.array(role).max(64).readonly() })
      .exactOptional()
      .describe('The person or service the run is for; decided as `principal.assert`.'),
    deadline_ms: z.int().min(1).max(31_536_000_000).exactOptional(),
    priority: z
      .int()
      .min(-100)
      .max(100)
      .exactOptional()
      .describe('Where runs of the tenant stand in line: higher goes first; 0 when absent.'),
  }),
);

const Accepted = named('Accepted', z.object({ accepted: z.boolean() }));
const accepted = (description: string) => ({ 202: { description, schema: Accepted, example: { accepted: true } } });

const runExample = {
  id: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  workflow: 'refund_order',
  workflow_digest: `sha256:${'4f'.repeat(32)}`,
  status: 'succeeded',
  initiator: 'service:support-desk',
  wait: null,
  next_seq: 12,
  created_at: '2026-11-22T09:30:00.000Z',
  updated_at: '2026-11-22T09:30:02.417Z',
  finished_at: '2026-11-22T09:30:02.417Z',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
};

const listedRunExample = {
  ...runExample,
  root_agent: 'refund_agent',
  agent: 'refund_agent',
  duration_ms: 2417,
  waiting_on: null,
  decisions: { allow: 4, ask: 0, deny: 1 },
  usage: { model_calls: 2, tool_calls: 1, tokens: 812, cost_micros: 3_140 },
};

const params = z.strictObject({ id: id('run') });
const reason = {
  schema: named('ChangeRun', z.strictObject({ reason: z.string().min(1).max(500) })),
  example: { reason: 'The supplier checks its prices first.' },
};

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
  cancelRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/cancel',
    area: 'runs',
    summary: 'Ask a run to end',
    description: 'The run’s worker consumes the request with its next step. A call already out is not taken back.',
    access: ['run.cancel'],
    params,
    body: {
      schema: named('CancelRun', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'The customer withdrew the request.' },
    },
    responses: accepted('The run will end as cancelled.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  pauseRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/pause',
    area: 'runs',
    summary: 'Hold a run after the steps under way',
    description:
      'No step begins once the run has taken it up; its deadline goes on. It moves again when it is resumed.',
    access: ['run.pause'],
    params,
    body: reason,
    responses: accepted('The run will hold after the steps under way.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  resumeRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/resume',
    area: 'runs',
    summary: 'Let a paused run go on',
    description:
      'Each of its next steps is decided again, under the policy of then. A note is told to its agents first, and needs `run.steer` besides.',
    access: ['run.resume', 'run.steer'],
    params,
    body: {
      schema: named(
        'ResumeRun',
        z.strictObject({
          reason: z.string().min(1).max(500),
          note: z.string().min(1).max(4000).exactOptional().describe('Told to the agents, as from an operator.'),
        }),
      ),
      example: {
        reason: 'The supplier has answered.',
        note: 'Article 4 is out of stock; offer the customer article 7 instead.',
      },
    },
    responses: accepted('The run will go on.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  undoRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/undo',
    area: 'runs',
    summary: 'Undo what a run did that ended without doing so',
    description:
      'For a run that failed, was denied, was ended by a stop or ran out of time. What it did is undone, last first, from what it really gave; each call is decided anew. It then is `cancelled`, and its last event lists what was undone and what could not be.',
    access: ['run.cancel'],
    params,
    body: reason,
    responses: accepted('The run is undone.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  redriveRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/redrive',
    area: 'runs',
    summary: 'Take a run out of quarantine',
    description:
      'It goes on behind its last recorded step, decided anew; nothing that was done is done again. What put it there may put it there again.',
    access: ['run.redrive'],
    params,
    body: reason,
    responses: accepted('The run is looked at again.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  signalRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/signal',
    area: 'runs',
    summary: 'Tell a run something it may be waiting for',
    access: ['run.signal'],
    params,
    body: {
      schema: named(
        'SignalRun',
        z.strictObject({
          name,
          payload: json.default(null),
          correlation: z
            .string()
            .min(1)
            .max(200)
            .exactOptional()
            .describe('What it is about: a wait that asks for a correlation takes only its own.'),
        }),
      ),
      example: { name: 'parcel_returned', payload: { tracking: 'T-88' } },
    },
    responses: accepted('The signal is kept until the run consumes it.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
  reconcileRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/reconcile',
    area: 'runs',
    summary: 'Say what became of a lost call',
    description:
      'For a run in `waiting_reconciliation`: a call with a lasting effect was sent and its outcome never came back.',
    access: ['run.reconcile'],
    params,
    body: {
      schema: named(
        'ReconcileRun',
        z.strictObject({
          step: z.int().min(0),
          attempt: z
            .int()
            .min(1)
            .exactOptional()
            .describe('The attempt that was looked after, from the wait: refused when another one is lost by now.'),
          verdict: z.enum(RECONCILIATIONS),
          result: json.exactOptional().describe('With `happened`: what the call returned, if known.'),
          note: z.string().min(1).max(2000),
        }),
      ),
      example: { step: 3, attempt: 1, verdict: 'happened', result: { refund: 're_12' }, note: 'Seen in the ledger.' },
    },
    responses: accepted('The answer is kept until the run consumes it.'),
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
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
