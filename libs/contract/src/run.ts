import { RUN_STATUSES } from '@writ/words';
import { z } from 'zod';
import { digest, id, json, jsonObject, name, named, principalId, role, time } from './fields';

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

export const ListedRun = named(
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
export const RunDetail = named(
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
export const RunEvent = named(
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

export const StartRun = named(
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

export const runExample = {
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

export const listedRunExample = {
  ...runExample,
  root_agent: 'refund_agent',
  agent: 'refund_agent',
  duration_ms: 2417,
  waiting_on: null,
  decisions: { allow: 4, ask: 0, deny: 1 },
  usage: { model_calls: 2, tool_calls: 1, tokens: 812, cost_micros: 3_140 },
};
