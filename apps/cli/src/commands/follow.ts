import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error';
import type { Context, Result } from '../command';
import { type Column, member, type Row } from '../output/output';
import { asRow } from './rows';

/** The statuses a run ends in, as the API's contract lists them. */
const FINAL = new Set(['succeeded', 'failed', 'timed_out', 'denied', 'cancelled', 'stopped', 'quarantined']);
const POLL_MS = 250;

const exitOf = (status: string): 'ok' | 'failed' => (status === 'succeeded' ? 'ok' : 'failed');

/** Waits for the end of a run and answers with it; a run that waits for somebody may take for ever, hence the limit. */
export async function waitForRun(context: Context, id: string, seconds: number | undefined): Promise<Result> {
  const client = context.client();
  const until = seconds === undefined ? Infinity : performance.now() + seconds * 1000;
  let told = '';
  for (;;) {
    const run = await client.runs.get(id, { signal: context.signal });
    if (FINAL.has(run.status)) return { output: { kind: 'one', row: asRow(run), id }, exit: exitOf(run.status) };
    if (run.status !== told && run.status !== 'running' && run.status !== 'queued') {
      context.hint(`${id} is ${run.status}${run.wait ? `: ${JSON.stringify(run.wait)}` : ''}`);
    }
    told = run.status;
    if (performance.now() >= until) throw late(id, run.status, seconds);
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}

const late = (id: string, status: string, seconds: number | undefined): CliError =>
  new CliError({
    exit: 'timeout',
    code: 'timed_out',
    what: `${id} has not ended.`,
    why: `After ${seconds} s it is ${status}.`,
    next: `It goes on by itself: writ runs show ${id} --wait`,
  });

const KNOWN = new Set(['sequence', 'type', 'time']);
const COLUMNS: readonly Column[] = [
  member('sequence', 'SEQ'),
  member('time'),
  member('type'),
  {
    title: 'DETAIL',
    value: (row) => JSON.stringify(Object.fromEntries(Object.entries(row).filter(([name]) => !KNOWN.has(name)))),
  },
];

/** Prints events by sequence, each once, until the run ends (or what there is, without `follow`). */
export async function followRun(context: Context, id: string, follow: boolean): Promise<Result> {
  const client = context.client();
  const call = { signal: context.signal };
  async function* events(): AsyncGenerator<Row> {
    const all = follow ? client.runs.stream(id, {}, call) : client.runs.events(id, { limit: 200 }, call);
    for await (const event of all) yield asRow(event);
  }
  // A terminal table is drawn whole; events are to be seen as they come, so people get lines too.
  const rows = context.format === 'table' && context.io.terminal ? linesOf(context, events()) : events();
  await context.print({ kind: 'list', rows, columns: COLUMNS, id: (row) => String(row['sequence']), empty: '' });
  if (!follow) return {};
  const { status } = await client.runs.get(id, call);
  context.hint(`${id} ${status}`);
  return { exit: exitOf(status) };
}

/** Draws each event at once and leaves nothing for the table. */
async function* linesOf(context: Context, events: AsyncIterable<Row>): AsyncGenerator<Row> {
  for await (const row of events) context.io.out(`${COLUMNS.map((column) => column.value(row)).join('  ')}\n`);
  yield* [];
}
