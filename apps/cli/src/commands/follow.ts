import { setTimeout as sleep } from 'node:timers/promises';
import type { ResponseOf } from '@writ/contract';
import { isFinal } from '@writ/words';
import { CliError } from '../cli-error';
import type { Context, Result } from '../command';
import { type Column, member, type Output, type Row } from '../output/output';
import { Paint } from '../output/paint';
import { asRow } from './rows';
import { runText, waitWords } from './run-text';

const POLL_MS = 250;

const exitOf = (status: string): 'ok' | 'failed' => (status === 'succeeded' ? 'ok' : 'failed');

/** A run as an answer; drawn for people who look at a terminal. */
export async function shownRun(context: Context, run: ResponseOf<'getRun'>): Promise<Output> {
  const drawn = context.format === 'table' && context.io.terminal;
  return { kind: 'one', row: asRow(run), id: run.id, ...(drawn && { text: await runText(context, run) }) };
}

/** Waits for the end of a run and answers with it; a run that waits for somebody may take for ever, hence the limit. */
export async function waitForRun(context: Context, id: string, seconds: number | undefined): Promise<Result> {
  const client = context.client();
  const until = seconds === undefined ? Infinity : performance.now() + seconds * 1000;
  let told = '';
  for (;;) {
    const run = await client.runs.get(id, { signal: context.signal });
    if (isFinal(run.status)) return { output: await shownRun(context, run), exit: exitOf(run.status) };
    if (run.status !== told && run.status !== 'running' && run.status !== 'queued') {
      context.hint(`${id} is ${run.status}${run.wait ? `: ${waitWords(run.wait)}` : ''}`);
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

/** Draws each event at once, in words, and leaves nothing for the table. */
async function* linesOf(context: Context, events: AsyncIterable<Row>): AsyncGenerator<Row> {
  const paint = new Paint(context.io);
  for await (const row of events) {
    const [sequence, time, type] = ['sequence', 'time', 'type'].map((name) => String(row[name]));
    context.io.out(`${sequence!.padStart(4)}  ${paint.dim(time!)}  ${type!.padEnd(18)}  ${eventWords(row)}\n`);
  }
  context.hint('-o ndjson prints the events whole.');
  yield* [];
}

const TOLD = ['workflow', 'agent', 'kind', 'target', 'outcome', 'signal', 'verdict', 'reason', 'by'] as const;

/** What tells one event from another: who, what, and how it came out. */
function eventWords(row: Row): string {
  const step = typeof row['step'] === 'number' ? [`step ${row['step']}`] : [];
  const told = TOLD.map((name) => row[name]).filter((value) => typeof value === 'string');
  const failure = row['failure'] as { readonly code?: string } | null | undefined;
  const refused = row['type'] === 'step_denied' || row['type'] === 'step_asked';
  const decision = refused ? (row['decision'] as { readonly id: string; readonly reason: string }) : null;
  const why = [failure?.code, decision?.reason, decision?.id].filter((one) => one !== undefined);
  return [...step, ...told, ...why].join('  ');
}
