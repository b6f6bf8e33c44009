import { CliError, usage } from '../cli-error';
import type { Command, Context, Given, Option, Result } from '../command';
import { members, type Row } from '../output/output';
import { asRow } from './rows';

/** Loaded when asked for: most commands never touch a database, and should not wait for its driver. */
const platform = () => require('../local/platform-guardrails') as typeof import('../local/platform-guardrails');

const ON_DATABASE =
  'The platform’s own: on the database of DATABASE_URL, or the local one, as its owner. It works while no control plane answers.';

const CONFIRMED: readonly Option[] = [
  { flags: '--reason <text>', description: 'why, for the log of every tenant' },
  { flags: '--yes', description: 'do not ask for confirmation' },
];

/** What holds for every tenant is typed out, or asked for with --yes: never a slip of the hand. */
async function confirm(context: Context, call: Given): Promise<void> {
  if (call.flag('yes')) return;
  if (!context.io.interactive) {
    throw usage('Changing every tenant needs a confirmation.', 'Nobody is at a terminal to give it.', 'Add --yes.');
  }
  const typed = await context.io.ask('This changes the policy of every tenant. Type "all" to go on: ');
  if (typed.trim() === 'all') return;
  throw new CliError({
    exit: 'failed',
    code: 'not_confirmed',
    what: 'Nothing was put in force.',
    why: '"all" was not typed.',
    next: 'Run it again, or add --yes.',
  });
}

const show: Command = {
  name: 'platform guardrails',
  summary: 'Show the guardrails that hold for every tenant',
  description: `${ON_DATABASE} Tenants see them too: \`writ guardrails list\`.`,
  examples: ['platform guardrails', 'platform guardrails -o json'],
  async run(context) {
    const held = await platform().platformGuardrails(context.io.env);
    const { checks = {}, absolute = {} } = held?.document.guardrails ?? {};
    const rows = [
      ...Object.entries(checks).map(([id, { at, then, ask, ...says }]) =>
        asRow({ id, kind: 'check', where: at.join(' '), then: ask === undefined ? then : `ask ${ask}`, says }),
      ),
      ...Object.entries(absolute).map(([id, { objects, ...says }]) =>
        asRow({ id, kind: 'absolute', where: objects.join(' '), then: 'deny', says }),
      ),
    ];
    const columns = members('id', 'kind', 'where', 'then', 'says');
    const empty = 'The platform adds nothing to the policies of tenants.';
    return { output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty } };
  },
};

async function put(context: Context, call: Given, asked: { path: string | null; reason: string }): Promise<Result> {
  await confirm(context, call);
  const row: Row = await platform().putPlatformGuardrails(context.io.env, {
    ...asked,
    reason: call.text('reason') ?? asked.reason,
  });
  context.hint(
    row['changed'] === true
      ? `In force. The policies of ${String(row['tenants'])} tenants changed with it.`
      : 'It was in force already.',
  );
  return { output: { kind: 'one', row, id: String(row['digest']) } };
}

const set: Command = {
  name: 'platform guardrails set',
  summary: 'Put guardrails in force for every tenant, in place of those before',
  description: `${ON_DATABASE} The file has the members \`guardrails\`, \`conditions\` and \`obligations\` of a policy. No policy of a tenant weakens them or takes them away; each tenant’s log tells of the change.`,
  args: [{ usage: '<file>', description: 'a YAML or JSON file' }],
  options: CONFIRMED,
  examples: ['platform guardrails set guardrails.yaml --reason "no cards leave, whoever asks" --yes'],
  run: (context, call) => put(context, call, { path: call.arg(0), reason: 'set with the command line' }),
};

const clear: Command = {
  name: 'platform guardrails clear',
  summary: 'Take the guardrails away that hold for every tenant',
  description: ON_DATABASE,
  options: CONFIRMED,
  examples: ['platform guardrails clear --reason "each tenant has its own now" --yes'],
  run: (context, call) => put(context, call, { path: null, reason: 'cleared with the command line' }),
};

const history: Command = {
  name: 'platform guardrails history',
  summary: 'List the versions of the guardrails that held for every tenant',
  description: `${ON_DATABASE} When each was in force stands in the logs of the tenants, as \`policy.activated\`.`,
  examples: ['platform guardrails history -o json'],
  async run(context) {
    const rows = await platform().platformVersions(context.io.env);
    const columns = members('digest', 'checks', 'absolute', 'author', 'first_set_at', 'in_force');
    const empty = 'The platform never added anything.';
    return { output: { kind: 'list', rows, columns, id: (row) => String(row['digest']), empty } };
  },
};

export const PLATFORM_COMMANDS: readonly Command[] = [show, set, clear, history];
