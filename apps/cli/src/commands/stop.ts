import { CliError, usage } from '../cli-error';
import type { Command, Context, Given, Option } from '../command';
import { members } from '../output/output';
import { asRow, asRows } from './rows';

/** Loaded when asked for: most commands never touch a database, and should not wait for its driver. */
const platform = () => require('../local/platform-stop') as typeof import('../local/platform-stop');

const SCOPES = ['agent', 'tool', 'model', 'workflow', 'run'] as const;
type Scope = (typeof SCOPES)[number] | 'tenant' | 'all';

const COLUMNS = members('id', 'scope', 'target', 'reason', 'set_by', 'set_at', 'released_at');
const PLATFORM: Option = {
  flags: '--platform',
  description: 'the platform’s own stops, over every tenant: on the database of DATABASE_URL, or the local one',
};

function chosen(call: Given): { readonly scope: Scope; readonly target: string | null } {
  const named = SCOPES.flatMap((scope) => {
    const target = call.text(scope);
    return target === undefined ? [] : [{ scope, target }];
  });
  const whole = (['tenant', 'all'] as const)
    .filter((scope) => call.flag(scope))
    .map((scope) => ({ scope, target: null }));
  const [one, ...more] = [...named, ...whole];
  if (one && more.length === 0) return one;
  const why = one ? 'More than one thing was named.' : 'Nothing was named.';
  throw usage('Say what to stop.', why, 'Give one of --agent, --tool, --model, --workflow, --run, --tenant, --all.');
}

/** A stop this wide is typed out, or asked for with --yes: never a slip of the hand. */
async function confirm(context: Context, call: Given, scope: Scope): Promise<void> {
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

const set: Command = {
  name: 'stop',
  summary: 'Stop an agent, a tool, a model, a workflow, a run, a tenant or everything',
  description:
    'From the moment this answers, no intent of what is stopped commits. Calls that are already out finish on their own. --all goes to the database directly, so it works while no control plane answers.',
  options: [
    ...SCOPES.map((scope) => ({ flags: `--${scope} <name>`, description: `stop this ${scope}` })),
    { flags: '--tenant', description: 'stop everything of the tenant of the key' },
    { flags: '--all', description: 'stop every tenant: on the database of DATABASE_URL, or the local one' },
    { flags: '--reason <text>', description: 'why, for the record' },
    { flags: '--yes', description: 'do not ask for confirmation' },
  ],
  examples: ['stop --tool cancel_order --reason "cancels the wrong orders"', 'stop --tenant --yes', 'stop --all --yes'],
  calls: ['POST /v1/stops'],
  async run(context, call) {
    const { scope, target } = chosen(call);
    const reason = call.text('reason') ?? 'stopped with the command line';
    await confirm(context, call, scope);
    const stop =
      scope === 'all'
        ? await platform().setPlatformStop(context.io.env, reason)
        : asRow(await context.client().stops.set({ scope, target, reason }, { signal: context.signal }));
    const id = String(stop['id']);
    context.hint(`In force. Release it with: writ stop release ${id}${scope === 'all' ? ' --platform' : ''}`);
    return { output: { kind: 'one', row: stop, id } };
  },
};

const release: Command = {
  name: 'stop release',
  summary: 'Release a stop',
  args: [{ usage: '<stop>', description: 'id of the stop, stp_…' }],
  options: [{ flags: '--reason <text>', description: 'why, for the record' }, PLATFORM],
  examples: ['stop release stp_01k8x0q3wsf5z8k2m4n6p8r0t6 --reason "the tool is repaired"'],
  calls: ['POST /v1/stops/{id}/release'],
  async run(context, call) {
    const id = call.arg(0);
    const reason = call.text('reason') ?? 'released with the command line';
    const row = call.flag('platform')
      ? await platform().releasePlatformStop(context.io.env, { id, reason })
      : asRow(await context.client().stops.release(id, { reason }, { signal: context.signal }));
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

export const STOP_COMMANDS: readonly Command[] = [set, release, list];
