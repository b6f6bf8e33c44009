import { MISSED_RULES } from '@writ/words';
import { usage } from '../cli-error';
import type { Command, Given } from '../command';
import { member, members, type Row } from '../output/output';
import { first, given, readJsonObject, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const TRIGGER = { usage: '<trigger>', description: 'id of the trigger, trg_…' };
const REASON = { flags: '--reason <text>', description: 'why, for the record' };
const SECRET = 'The secret is shown this once. Messages go to POST /v1/hooks/';

const create: Command = {
  name: 'triggers create',
  summary: 'Create a schedule or a webhook that starts runs',
  description:
    'Creates a schedule (--cron) or a webhook (--webhook) that starts runs of a workflow. Its runs are for a principal of its own, service:trigger.<name>, with the roles given here; you must hold them, and may start the workflow yourself.',
  args: [
    { usage: '<name>', description: 'its name, never used again' },
    { usage: '<workflow>', description: 'name of a published workflow' },
  ],
  options: [
    { flags: '--cron <schedule>', description: 'when it fires: minute hour day month weekday, or seconds first' },
    { flags: '--time-zone <zone>', description: 'the clocks it goes by, such as Europe/Berlin (UTC)' },
    {
      flags: '--missed <rule>',
      description: 'what of times that passed unfired is fired (once)',
      choices: MISSED_RULES,
    },
    { flags: '--webhook', description: 'fire with each signed message that is sent to it' },
    {
      flags: '--input <json>',
      description: 'input of each run: JSON, @file, or -; {"$from": "/input/body"} and the like',
    },
    { flags: '--at <version>', description: 'a published version; the newest at each firing by default' },
    { flags: '--role <role>', description: 'a role of its principal; may be repeated', many: true },
    { flags: '--deadline <seconds>', description: 'time each run may take' },
  ],
  examples: [
    'triggers create nightly_report report --cron "0 7 * * 1-5" --time-zone Europe/Berlin --role reporter',
    `triggers create shop_order fulfil --webhook --input '{"order": {"$from": "/input/body/order_id"}}'`,
  ],
  calls: ['POST /v1/triggers'],
  async run(context, call) {
    const cron = call.text('cron');
    if ((cron === undefined) !== call.flag('webhook'))
      throw usage(
        'Say what fires it.',
        'One of --cron and --webhook is needed.',
        'Give --cron "0 7 * * *", or --webhook.',
      );
    const input = call.text('input');
    const seconds = wholeNumber('--deadline', call.text('deadline'));
    const trigger = await context.client().triggers.create(
      {
        name: call.arg(0),
        workflow: call.arg(1),
        roles: call.many('role'),
        ...given({ version: wholeNumber('--at', call.text('at')) }),
        ...(input === undefined ? {} : { input: await readJsonObject(context.io, '--input', input) }),
        ...(seconds === undefined ? {} : { deadline_ms: seconds * 1000 }),
        ...(cron === undefined ? {} : { schedule: { cron, ...scheduleOf(call) } }),
      },
      { signal: context.signal },
    );
    if (trigger.secret !== null) context.hint(`${SECRET}${trigger.id}`);
    return { output: { kind: 'one', row: asRow(trigger), id: trigger.id } };
  },
};

const scheduleOf = (call: Given) =>
  given({
    time_zone: call.text('timeZone'),
    missed: call.text('missed') as 'once' | undefined,
  });

const list: Command = {
  name: 'triggers list',
  summary: 'List triggers, newest first',
  examples: ['triggers list', 'triggers list -o json'],
  calls: ['GET /v1/triggers'],
  run(context) {
    const rows = asRows(context.client().triggers.list({}, { signal: context.signal }));
    const fires = { title: 'FIRES', value: firesOf };
    const last = { title: 'LAST', value: lastOf };
    const columns = [...members('id', 'name', 'workflow', 'status'), fires, member('next_at'), last];
    return Promise.resolve({
      output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty: 'No triggers.' },
    });
  },
};

function firesOf(row: Row): string {
  const schedule = row['schedule'] as { cron: string; time_zone: string } | null;
  return schedule ? `${schedule.cron} ${schedule.time_zone}` : 'webhook';
}

function lastOf(row: Row): string {
  const last = row['last'] as { outcome: string; at: string; code: string | null } | null;
  return last ? `${last.outcome}${last.code === null ? '' : ` (${last.code})`} ${last.at}` : '';
}

const show: Command = {
  name: 'triggers show',
  summary: 'Show one trigger as it stands',
  args: [TRIGGER],
  examples: ['triggers show trg_01k8x0q3wsf5z8k2m4n6p8r0t9'],
  calls: ['GET /v1/triggers/{id}'],
  async run(context, call) {
    const trigger = await context.client().triggers.get(call.arg(0), { signal: context.signal });
    return { output: { kind: 'one', row: asRow(trigger), id: trigger.id } };
  },
};

const firings: Command = {
  name: 'triggers firings',
  summary: 'List what came of a trigger’s firings, newest first',
  args: [TRIGGER],
  options: [{ flags: '--limit <count>', description: 'how many at most (50)' }],
  examples: ['triggers firings trg_01k8x0q3wsf5z8k2m4n6p8r0t9'],
  calls: ['GET /v1/triggers/{id}/firings'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const found = context
      .client()
      .triggers.firings(call.arg(0), { limit: Math.min(limit, 200) }, { signal: context.signal });
    const columns = members('at', 'due_at', 'outcome', 'run', 'code', 'key');
    return Promise.resolve({
      output: {
        kind: 'list',
        rows: asRows(first(found, limit)),
        columns,
        id: (row) => String(row['run'] ?? row['key']),
        empty: 'It has not fired.',
      },
    });
  },
};

type Changing = 'pause' | 'resume' | 'retire';

const change = (to: Changing, summary: string, description: string): Command => ({
  name: `triggers ${to}`,
  summary,
  description,
  args: [TRIGGER],
  options: [REASON],
  examples: [`triggers ${to} trg_01k8x0q3wsf5z8k2m4n6p8r0t9 --reason "the report is rebuilt"`],
  calls: [`POST /v1/triggers/{id}/${to}`],
  async run(context, call) {
    const reason = call.text('reason') ?? `${to}d with the command line`;
    const trigger = await context.client().triggers[to](call.arg(0), { reason }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(trigger), id: trigger.id } };
  },
});

const rotate: Command = {
  name: 'triggers rotate-secret',
  summary: 'Give a webhook a new secret',
  description:
    'Gives a webhook a new secret. The one before is good for 24 hours more, so that senders can change over.',
  args: [TRIGGER],
  options: [REASON],
  examples: ['triggers rotate-secret trg_01k8x0q3wsf5z8k2m4n6p8r0t9'],
  calls: ['POST /v1/triggers/{id}/rotate-secret'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'rotated with the command line';
    const trigger = await context.client().triggers.rotateSecret(call.arg(0), { reason }, { signal: context.signal });
    context.hint(`${SECRET}${trigger.id}`);
    return { output: { kind: 'one', row: asRow(trigger), id: trigger.id } };
  },
};

export const TRIGGER_COMMANDS: readonly Command[] = [
  create,
  list,
  show,
  firings,
  change('pause', 'Pause a trigger', 'Pauses a trigger. A firing under way may still start its run.'),
  change(
    'resume',
    'Resume a paused trigger',
    'Resumes a trigger. Times that passed while it was paused are not fired.',
  ),
  change('retire', 'Retire a trigger for good', 'Retires a trigger. Its name is never used again.'),
  rotate,
];
