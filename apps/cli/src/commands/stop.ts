import { WritError } from '@writ/sdk';
import { STOP_MODES, STOP_SCOPES, type StopMode, type StopScope } from '@writ/words';
import { CliError, usage } from '../cli-error';
import type { Command, Context, Given, Option, Result } from '../command';
import { members, type Row } from '../output/output';
import { wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

/** Loaded when asked for: most commands never touch a database, and should not wait for its driver. */
const platform = () => require('../local/platform-stop') as typeof import('../local/platform-stop');

/** What is stopped by its name: `--agent-version <digest>`. */
const NAMED = STOP_SCOPES.filter((scope) => scope !== 'tenant');
const optionOf = (scope: StopScope): string => scope.replaceAll('_', '-');

const COLUMNS = members('id', 'scope', 'target', 'mode', 'reason', 'set_by', 'set_at', 'asked_by', 'released_at');
const SCOPE_OPTIONS: readonly Option[] = [
  ...NAMED.map((scope) => ({
    flags: `--${optionOf(scope)} <${scope === 'agent_version' ? 'digest' : 'name'}>`,
    description: `this ${scope.replace('_', ' ')}`,
  })),
  { flags: '--tenant', description: 'everything of the tenant of the key' },
];
const PLATFORM: Option = {
  flags: '--platform',
  description: 'the platform’s own stops, over every tenant: on the database of DATABASE_URL, or the local one',
};

function chosen(call: Given): { readonly scope: StopScope; readonly target: string | null } {
  const named = NAMED.flatMap((scope) => {
    const target = call.text(optionOf(scope));
    return target === undefined ? [] : [{ scope, target }];
  });
  const whole = (['tenant', 'all'] as const)
    .filter((scope) => call.flag(scope))
    .map((scope) => ({ scope, target: null }));
  const [one, ...more] = [...named, ...whole];
  if (one && more.length === 0) return one;
  const why = one ? 'More than one thing was named.' : 'Nothing was named.';
  throw usage(
    'Say what to stop.',
    why,
    'Give one of --agent, --agent-version, --tool, --model, --workflow, --run, --tenant, --all.',
  );
}

function rungOf(call: Given): { mode: StopMode; per_minute: number | null; two_persons: boolean } {
  const mode = STOP_MODES.find((one) => one === (call.text('mode') ?? 'freeze_steps')) ?? 'freeze_steps';
  const perMinute = wholeNumber('--per-minute', call.text('per-minute')) ?? null;
  return { mode, per_minute: perMinute, two_persons: call.flag('two-persons') };
}

/** A stop this wide is typed out, or asked for with --yes: never a slip of the hand. */
async function confirm(context: Context, call: Given, scope: StopScope): Promise<void> {
  if (scope !== 'tenant' && scope !== 'all') return;
  if (call.flag('yes')) return;
  if (!context.io.interactive) {
    throw usage(
      `Stopping ${scope === 'all' ? 'every tenant' : 'the whole tenant'} needs a confirmation.`,
      'Nobody is at a terminal to give it.',
      'Add --yes.',
    );
  }
  const typed = await context.io.ask(
    `This stops ${scope === 'all' ? 'every tenant' : 'the whole tenant'}. Type "${scope}" to go on: `,
  );
  if (typed.trim() === scope) return;
  throw new CliError({
    exit: 'failed',
    code: 'not_confirmed',
    what: 'Nothing was stopped.',
    why: `"${scope}" was not typed.`,
    next: 'Run it again, or add --yes.',
  });
}

/** Whether nobody published what was stopped: a name that was mistyped stops nothing, and nobody would notice. */
async function isUnknown(context: Context, scope: StopScope, target: string | null): Promise<boolean> {
  if (scope !== 'agent' && scope !== 'tool' && scope !== 'workflow') return false;
  try {
    for await (const { name } of context
      .client()
      .inventory.list({ kind: scope, limit: 200 }, { signal: context.signal })) {
      if (name === target) return false;
    }
    return true;
  } catch (error) {
    // Whoever may stop need not be one who may look.
    if (error instanceof WritError) return false;
    throw error;
  }
}

const set: Command = {
  name: 'stop',
  summary: 'Stop an agent, a tool, a model, a workflow, a run, a tenant or everything',
  description:
    'From the moment this answers, no intent of what is stopped commits. Calls that are already out finish on their own. --all goes to the database directly, so it works while no control plane answers.',
  options: [
    ...SCOPE_OPTIONS,
    { flags: '--mode <rung>', description: 'how hard (freeze_steps)', choices: STOP_MODES },
    { flags: '--per-minute <steps>', description: 'with --mode throttle: how many steps a minute go on' },
    { flags: '--two-persons', description: 'its release takes a second person, as it always does from revoke on' },
    { flags: '--all', description: 'stop every tenant: on the database of DATABASE_URL, or the local one' },
    { flags: '--reason <text>', description: 'why, for the record' },
    { flags: '--yes', description: 'do not ask for confirmation' },
  ],
  examples: [
    'stop --tool cancel_order --reason "cancels the wrong orders"',
    'stop --agent refunds --mode throttle --per-minute 10',
    'stop --tenant --mode terminate --yes',
    'stop --all --yes',
  ],
  calls: ['POST /v1/stops', 'GET /v1/inventory'],
  async run(context, call) {
    const { scope, target } = chosen(call);
    const reason = call.text('reason') ?? 'stopped with the command line';
    await confirm(context, call, scope);
    const stop =
      scope === 'all'
        ? await platform().setPlatformStop(context.io.env, reason)
        : asRow(
            await context.client().stops.set({ scope, target, reason, ...rungOf(call) }, { signal: context.signal }),
          );
    const id = String(stop['id']);
    if (await isUnknown(context, scope, target)) {
      context.hint(
        `Nothing of the name "${String(target)}" is published: is it the name you mean? See \`writ agents\`.`,
      );
    }
    context.hint(`In force. Release it with: writ stop release ${id}${scope === 'all' ? ' --platform' : ''}`);
    return { output: { kind: 'one', row: stop, id } };
  },
};

const release: Command = {
  name: 'stop release',
  summary: 'Release a stop',
  args: [{ usage: '<stop>', description: 'id of the stop, stp_…' }],
  description:
    'Where it takes two persons, the first call asks for it and the call of somebody else releases it. --to goes down to a lower rung instead of none.',
  options: [
    { flags: '--reason <text>', description: 'why, for the record' },
    { flags: '--to <rung>', description: 'stay on this lower rung for now', choices: STOP_MODES },
    { flags: '--per-minute <steps>', description: 'with --to throttle: how many steps a minute go on' },
    PLATFORM,
  ],
  examples: [
    'stop release stp_01k8x0q3wsf5z8k2m4n6p8r0t6 --reason "the tool is repaired"',
    'stop release stp_01k8x0q3wsf5z8k2m4n6p8r0t6 --to throttle --per-minute 10',
  ],
  calls: ['POST /v1/stops/{id}/release'],
  async run(context, call) {
    const id = call.arg(0);
    const reason = call.text('reason') ?? 'released with the command line';
    const to = STOP_MODES.find((one) => one === call.text('to')) ?? null;
    const perMinute = wholeNumber('--per-minute', call.text('per-minute')) ?? null;
    const asked = { reason, to, per_minute: perMinute };
    const row = call.flag('platform')
      ? await platform().releasePlatformStop(context.io.env, { id, reason })
      : asRow(await context.client().stops.release(id, asked, { signal: context.signal }));
    if (row['released_at'] === null)
      context.hint('Asked for. Somebody else with the right runs the same command to release it.');
    return { output: { kind: 'one', row, id } };
  },
};

const list: Command = {
  name: 'stop list',
  summary: 'List stops in force',
  options: [{ flags: '--released', description: 'also those that were released' }, PLATFORM],
  examples: ['stop list', 'stop list --released -o json'],
  calls: ['GET /v1/stops'],
  async run(context, call) {
    const state = call.flag('released') ? 'all' : 'in_force';
    const rows = call.flag('platform')
      ? await platform().listPlatformStops(context.io.env, state)
      : asRows(context.client().stops.list({ state }, { signal: context.signal }));
    return {
      output: { kind: 'list', rows, columns: COLUMNS, id: (row) => String(row['id']), empty: 'Nothing is stopped.' },
    };
  },
};

type Report = Awaited<ReturnType<ReturnType<Context['client']>['stops']['get']>>;

/** How far a stop has come, in one row; the whole of it with `-o json`. */
const summaryOf = ({ stop, acks, time_to_stop: times, residue, ended }: Report): Row => ({
  id: stop.id,
  scope: stop.scope,
  target: stop.target,
  mode: stop.mode,
  applied_by: acks.filter(({ at }) => at !== null).length,
  silent: acks.filter(({ at }) => at === null).length,
  first_ms: times && Math.round(times.first),
  p95_ms: times && Math.round(times.p95),
  last_ms: times && Math.round(times.last),
  residue: residue.length,
  residue_open: residue.filter(({ fate }) => fate === 'open').length,
  runs_ended: ended.length,
});

const reported = (context: Context, report: Report): Result => {
  const row = context.format === 'json' ? asRow(report) : summaryOf(report);
  return { output: { kind: 'one', row, id: report.stop.id } };
};

const status: Command = {
  name: 'stop status',
  summary: 'Show who has applied a stop, how fast, and what was on its way',
  args: [{ usage: '<stop>', description: 'id of the stop, stp_…' }],
  examples: ['stop status stp_01k8x0q3wsf5z8k2m4n6p8r0t6', 'stop status stp_01k8x0q3wsf5z8k2m4n6p8r0t6 -o json'],
  calls: ['GET /v1/stops/{id}'],
  async run(context, call) {
    return reported(context, await context.client().stops.get(call.arg(0), { signal: context.signal }));
  },
};

const preview: Command = {
  name: 'stop preview',
  summary: 'Count what a stop would hit, without setting it',
  options: SCOPE_OPTIONS,
  examples: ['stop preview --tool cancel_order', 'stop preview --tenant -o json'],
  calls: ['POST /v1/stops/preview'],
  async run(context, call) {
    const { scope, target } = chosen(call);
    if (scope === 'all') throw usage('A preview is of one tenant.', '--all is all of them.', 'Give --tenant.');
    const found = await context.client().stops.preview({ scope, target }, { signal: context.signal });
    const row = { scope, target, ...found.runs, calls_under_way: found.steps.length };
    return { output: { kind: 'one', row: context.format === 'json' ? asRow(found) : asRow(row), id: scope } };
  },
};

const drill: Command = {
  name: 'stop drill',
  summary: 'Set a stop, time it, release it, and record the times',
  description:
    'A real stop on something that may rest for a moment, such as a canary workflow. Fails when a worker that is alive did not apply it.',
  options: [...SCOPE_OPTIONS, { flags: '--reason <text>', description: 'why, for the record' }],
  examples: ['stop drill --workflow canary'],
  calls: ['POST /v1/stops/drills'],
  async run(context, call) {
    const { scope, target } = chosen(call);
    if (scope === 'all') throw usage('A drill is of one tenant.', '--all is all of them.', 'Give --workflow canary.');
    const reason = call.text('reason') ?? 'a drill with the command line';
    const report = await context.client().stops.drill({ scope, target, reason }, { signal: context.signal });
    const silent = report.acks.some(({ at }) => at === null);
    return { ...reported(context, report), ...(silent && { exit: 'failed' as const }) };
  },
};

export const STOP_COMMANDS: readonly Command[] = [set, status, preview, drill, release, list];
