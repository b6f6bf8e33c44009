import { z } from 'zod';
import { id, json, jsonObject, name, named, page, pageQuery, time } from './fields';
import { route } from './route';
import { Budget, Mandate, RunStatus } from './run';

/** How an item stands: as its run does, once it has one. */
const itemState = z.enum([...RunStatus.options, 'pending', 'refused', 'skipped']);
const count = z.int().min(0);

const Batch = named(
  'Batch',
  z
    .object({
      id: id('batch'),
      workflow: name,
      version: z.int().describe('The version all its runs have.'),
      status: z.enum(['running', 'cancelling', 'cancelled', 'finished']),
      initiator: z.string().describe('Opaque id of the principal its runs are for.'),
      total: count,
      concurrency: z.int(),
      counts: z.partialRecord(itemState, count).describe('Items by how they stand.'),
      reason: z.string().nullable().describe('Why it was cancelled.'),
      created_at: time,
      finished_at: time.nullable(),
    })
    .describe('Many inputs to one workflow, each a run of its own, under one budget.'),
);

const BatchItem = named(
  'BatchItem',
  z.object({
    place: count,
    key: z.string(),
    state: itemState.describe(
      'pending: no run yet; refused: it never got one; skipped: not wanted any more; otherwise as its run stands.',
    ),
    run: id('run').nullable(),
    code: z.string().nullable().describe('Of the refusal, or of the run’s failure.'),
    decision: z.string().nullable().describe('The decision that refused its start.'),
    output: json.nullable().describe('What the run put out; null while it has not.'),
  }),
);

const SharedBudget = z
  .strictObject({
    model_calls: count.exactOptional(),
    tool_calls: count.exactOptional(),
    tokens: count.exactOptional(),
    cost_micros: count.exactOptional(),
    handoffs: count.exactOptional(),
  })
  .describe('What all runs of the batch together may use; reserved before each step, so nobody overspends it.');

const example = {
  id: 'bat_01k8x0q3wsf5z8k2m4n6p8r0t4',
  workflow: 'refund_order',
  version: 3,
  status: 'running',
  initiator: 'service:support-desk',
  total: 3,
  concurrency: 20,
  counts: { succeeded: 1, running: 1, pending: 1 },
  reason: null,
  created_at: '2026-11-22T09:30:00.000Z',
  finished_at: null,
} as const;

const params = z.strictObject({ id: id('batch') });
const cursorOf = (data: readonly unknown[]) => ({ data, has_more: false, next_cursor: null });

export const batchRoutes = {
  createBatch: route({
    method: 'POST',
    path: '/v1/batches',
    area: 'batches',
    summary: 'Start many runs of one workflow under one budget',
    description:
      'Its items are started in order, so many at once as `concurrency` says, each decided as a start of its own under the policy of then. An item that is refused says so; the others go on.',
    access: ['run.start'],
    body: {
      schema: named(
        'CreateBatch',
        z.strictObject({
          workflow: name,
          version: z.int().min(1).exactOptional().describe('A published version; the newest when absent.'),
          items: z
            .array(
              z.strictObject({
                key: z
                  .string()
                  .min(1)
                  .max(200)
                  .exactOptional()
                  .describe('Yours to find it again; its place when absent.'),
                input: jsonObject.default({}),
              }),
            )
            .min(1)
            .max(10_000)
            .readonly(),
          budget: SharedBudget.exactOptional(),
          item_budget: Budget.exactOptional().describe('What each run may use by itself.'),
          concurrency: z.int().min(1).max(1000).default(20).describe('Runs under way at once, at most.'),
          mandate: Mandate.nullable().exactOptional(),
          deadline_ms: z.int().min(1).max(31_536_000_000).exactOptional().describe('Of each run, from its start.'),
          priority: z.int().min(-100).max(100).exactOptional(),
        }),
      ),
      example: {
        workflow: 'refund_order',
        items: [
          { key: 'W1001', input: { order_id: 'W1001' } },
          { key: 'W1002', input: { order_id: 'W1002' } },
        ],
        budget: { tool_calls: 10 },
      },
    },
    responses: {
      201: { description: 'The batch exists; `Location` names it.', schema: Batch, example },
    },
    problems: ['unknown_workflow', 'schema_violation', 'stop_active', 'approval_required'],
    idempotency: 'stored',
    location: true,
  }),
  listBatches: route({
    method: 'GET',
    path: '/v1/batches',
    area: 'batches',
    summary: 'List batches, newest first',
    access: ['run.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: { description: 'A page of batches.', schema: page('BatchPage', Batch), example: cursorOf([example]) },
    },
    problems: [],
    etag: 'content',
  }),
  getBatch: route({
    method: 'GET',
    path: '/v1/batches/{id}',
    area: 'batches',
    summary: 'Read one batch: how many of its items stand how',
    access: ['run.read'],
    params,
    responses: { 200: { description: 'The batch as it stands.', schema: Batch, example } },
    problems: ['not_found'],
    etag: 'content',
  }),
  listBatchItems: route({
    method: 'GET',
    path: '/v1/batches/{id}/items',
    area: 'batches',
    summary: 'List the items of a batch in order, with what came of each',
    access: ['run.read'],
    params,
    query: z.strictObject({ ...pageQuery, state: itemState.exactOptional() }),
    responses: {
      200: {
        description: 'A page of items.',
        schema: page('BatchItemPage', BatchItem),
        example: cursorOf([
          {
            place: 0,
            key: 'W1001',
            state: 'succeeded',
            run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
            code: null,
            decision: null,
            output: { refunded: true },
          },
        ]),
      },
    },
    problems: ['not_found'],
    etag: 'content',
  }),
  cancelBatch: route({
    method: 'POST',
    path: '/v1/batches/{id}/cancel',
    area: 'batches',
    summary: 'Start nothing more of a batch, and end what is under way',
    access: ['run.cancel'],
    params,
    body: {
      schema: named('CancelBatch', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'The price list was wrong.' },
    },
    responses: {
      200: { description: 'The batch as it stands.', schema: Batch, example: { ...example, status: 'cancelling' } },
    },
    problems: ['not_found', 'state_conflict'],
    idempotency: 'stored',
  }),
};
