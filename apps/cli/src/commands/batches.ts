import type { Command } from '../command';
import { member, members, type Row } from '../output/output';
import { budgetOf, budgetOptions, OF_A_BATCH } from './budget-options';
import { first, given, readJson, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const BATCH = { usage: '<batch>', description: 'id of the batch, bat_…, from `writ batches list`' };
const LOOK_MS = 1_000;

const start: Command = {
  name: 'batches start',
  summary: 'Start many runs of one workflow under one budget',
  description:
    'Starts one run for each input. Give the inputs as a JSON list: objects, each the input of one run, or {"key": …, "input": …}.',
  args: [{ usage: '<workflow>', description: 'name of a published workflow' }],
  options: [
    { flags: '--inputs <json>', description: 'the inputs: JSON, @file, or - for standard input' },
    { flags: '--at <version>', description: 'a published version; the newest by default' },
    { flags: '--concurrency <count>', description: 'runs under way at once, at most (20)' },
    ...budgetOptions(OF_A_BATCH, (what) => `budget of all runs together: ${what}`),
    { flags: '--wait', description: 'wait for the end; exit code 1 unless every run succeeded' },
    { flags: '--idempotency-key <key>', description: 'starting twice with one key starts once' },
  ],
  examples: [
    `batches start refund_order --inputs '[{"order_id": "W1001"}, {"order_id": "W1002"}]' --tool-calls 10`,
    'batches start refund_order --inputs @orders.json --wait',
  ],
  calls: ['POST /v1/batches'],
  async run(context, call) {
    const inputs = await readJson(context.io, '--inputs', call.text('inputs') ?? '[]');
    const body = {
      workflow: call.arg(0),
      items: (Array.isArray(inputs) ? inputs : [inputs]).map(itemOf) as never,
      ...given({
        version: wholeNumber('--at', call.text('at')),
        concurrency: wholeNumber('--concurrency', call.text('concurrency')),
      }),
      ...budgetOf(OF_A_BATCH, call),
    };
    const key = call.text('idempotencyKey');
    const client = context.client();
    let batch = await client.batches.create(body, {
      signal: context.signal,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    if (!call.flag('wait')) {
      context.hint(`Look at it with: writ batches show ${batch.id}`);
      return { output: { kind: 'one', row: shown(batch), id: batch.id } };
    }
    while (batch.finished_at === null && !context.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      batch = await client.batches.get(batch.id, { signal: context.signal });
    }
    const whole = batch.counts.succeeded === batch.total;
    return { output: { kind: 'one', row: shown(batch), id: batch.id }, ...(whole ? {} : { exitCode: 1 }) };
  },
};

/** An input by itself, or one with a key. */
function itemOf(one: unknown): unknown {
  const names = one !== null && typeof one === 'object' ? Object.keys(one) : [];
  const whole = names.includes('input') && names.every((name) => name === 'input' || name === 'key');
  return whole ? one : { input: one };
}

/** `3 succeeded, 1 failed`. */
const countsOf = (row: Row): string =>
  Object.entries((row['counts'] ?? {}) as { readonly [state: string]: number })
    .map(([state, n]) => `${n} ${state.replaceAll('_', ' ')}`)
    .join(', ');

const shown = (batch: object): Row => asRow(batch);

const list: Command = {
  name: 'batches list',
  summary: 'List batches, newest first',
  options: [{ flags: '--limit <count>', description: 'how many at most (50)' }],
  examples: ['batches list'],
  calls: ['GET /v1/batches'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const found = context.client().batches.list({ limit: Math.min(limit, 200) }, { signal: context.signal });
    const columns = [
      ...members('id', 'workflow', 'status', 'total'),
      { title: 'ITEMS', value: countsOf },
      member('created_at'),
    ];
    const rows = asRows(first(found, limit));
    return Promise.resolve({
      output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty: 'No batches.' },
    });
  },
};

const show: Command = {
  name: 'batches show',
  summary: 'Show one batch: how many of its items stand how',
  args: [BATCH],
  examples: ['batches show bat_01k8x0q3wsf5z8k2m4n6p8r0t4'],
  calls: ['GET /v1/batches/{id}'],
  async run(context, call) {
    const batch = await context.client().batches.get(call.arg(0), { signal: context.signal });
    return { output: { kind: 'one', row: shown(batch), id: batch.id } };
  },
};

const items: Command = {
  name: 'batches items',
  summary: 'List the items of a batch in order, with what came of each',
  args: [BATCH],
  options: [
    { flags: '--state <state>', description: 'only items that stand so, such as failed, refused or pending' },
    { flags: '--limit <count>', description: 'how many at most; all by default' },
  ],
  examples: [
    'batches items bat_01k8x0q3wsf5z8k2m4n6p8r0t4',
    'batches items bat_01k8x0q3wsf5z8k2m4n6p8r0t4 --state failed -o ndjson',
  ],
  calls: ['GET /v1/batches/{id}/items'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? Infinity;
    const query = { limit: 200, ...given({ state: call.text('state') as 'failed' | undefined }) };
    const found = context.client().batches.items(call.arg(0), query, { signal: context.signal });
    const columns = members('place', 'key', 'state', 'run', 'code', 'output');
    const rows = asRows(first(found, limit));
    return Promise.resolve({
      output: { kind: 'list', rows, columns, id: (row) => String(row['key']), empty: 'No items.' },
    });
  },
};

const cancel: Command = {
  name: 'batches cancel',
  summary: 'Start nothing more of a batch, and end what is under way',
  args: [BATCH],
  options: [{ flags: '--reason <text>', description: 'why, for the record' }],
  examples: ['batches cancel bat_01k8x0q3wsf5z8k2m4n6p8r0t4 --reason "the price list was wrong"'],
  calls: ['POST /v1/batches/{id}/cancel'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'cancelled with the command line';
    const batch = await context.client().batches.cancel(call.arg(0), { reason }, { signal: context.signal });
    return { output: { kind: 'one', row: shown(batch), id: batch.id } };
  },
};

export const BATCH_COMMANDS: readonly Command[] = [start, list, show, items, cancel];
