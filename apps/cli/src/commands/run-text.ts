import type { ResponseOf } from '@writ/contract';
import type { Context } from '../command';
import { type Bar, drawBar, scaleOf, type Seen, Waterfall } from '../demo/waterfall';
import { Paint } from '../output/paint';
import { first } from './read-value';

type Run = ResponseOf<'getRun'>;

/** Events read for a drawing; a longer run is told of in part. */
const MOST_EVENTS = 1_000;
const MOST_BARS = 60;
const LONG = 300;

/** One run as people read it: how it stands, for whom, what came of it, what happened when, and what to do next. */
export async function runText(context: Context, run: Run): Promise<string> {
  const paint = new Paint(context.io);
  const field = (name: string, text: string): string => `  ${paint.dim(name.padEnd(9))} ${text}`;
  const { usage, failure, output } = run;
  const facts = [
    field('for', run.initiator),
    field('input', shortened(run.input)),
    ...(output === null ? [] : [field('output', shortened(output))]),
    ...(failure === null ? [] : [field('because', `${failure.message} (${failure.code})`)]),
    ...(run.wait === null ? [] : [field('waits for', waitWords(run.wait))]),
    field('started', `${run.created_at}${run.finished_at === null ? '' : `, took ${lasted(run)}`}`),
    field(
      'used',
      [
        counted(usage.model_calls, 'model call'),
        counted(usage.tool_calls, 'tool call'),
        counted(usage.tokens, 'token'),
        ...(usage.cost_micros === null ? [] : [`${(usage.cost_micros / 1_000_000).toFixed(6)} in money`]),
      ].join(', '),
    ),
  ];
  const drawn = await drawing(context, paint, run.id);
  const next = NEXT[run.status]?.(run.id);
  return [
    `${run.workflow}  ${paint.standing(run.status)}  ${paint.dim(run.id)}`,
    ...facts,
    ...(drawn.length > 0 ? ['', ...drawn] : []),
    ...(next === undefined ? [] : ['', `Next: ${next}`]),
    '',
  ].join('\n');
}

async function drawing(context: Context, paint: Paint, id: string): Promise<string[]> {
  const waterfall = new Waterfall();
  const bars: Bar[] = [];
  let events = 0;
  for await (const event of first(
    context.client().runs.events(id, { limit: 200 }, { signal: context.signal }),
    MOST_EVENTS,
  )) {
    events += 1;
    const bar = waterfall.add(event as Seen);
    if (bar) bars.push(bar);
  }
  const scale = scaleOf(bars, context.io.width);
  const lines = bars.slice(0, MOST_BARS).map((bar) => drawBar(bar, paint, scale));
  const whole = bars.length <= MOST_BARS && events < MOST_EVENTS;
  return whole ? lines : [...lines, paint.dim(`  and more: writ runs tail ${id} --no-follow`)];
}

const NEXT: { readonly [S in Run['status']]?: (id: string) => string } = {
  denied: (id) => `writ explain ${id}`,
  waiting_approval: () => 'writ approvals list --all',
  waiting_input: () => 'writ questions list',
  waiting_reconciliation: (id) =>
    `look what became of the call, then: writ runs reconcile ${id} <step> --verdict … --note …`,
  paused: (id) => `writ stop list, or writ runs resume ${id}`,
  quarantined: (id) => `writ runs redrive ${id}, once the cause is gone`,
};

const counted = (count: number, of: string): string => `${count} ${of}${count === 1 ? '' : 's'}`;

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > LONG ? `${text.slice(0, LONG)}… (-o json has all of it)` : text;
}

/** What it waits for: the members that say something, by name; times as people read them. */
export function waitWords(wait: NonNullable<Run['wait']>): string {
  const told = Object.entries(wait).filter(
    ([, value]) => typeof value === 'number' || (typeof value === 'string' && value !== ''),
  );
  const words = told.map(([name, value]) => {
    if (name === 'for') return value === 'signal' && wait['signal'] === undefined ? 'its time' : String(value);
    if (name === 'until' && typeof value === 'number') return `until ${new Date(value).toISOString()}`;
    return `${name} ${String(value)}`;
  });
  return words.join(', ');
}

function lasted({ created_at: from, finished_at: to }: Run): string {
  const ms = Date.parse(to ?? from) - Date.parse(from);
  return ms < 1_000 ? `${ms} ms` : ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
