import type { Command } from '../command';
import { members } from '../output/output';
import { asRow, asRows } from './rows';

const SUBSCRIPTION = { usage: '<subscription>', description: 'id of it, whk_…, from `writ subscriptions list`' };
const REASON = { flags: '--reason <text>', description: 'why, for the record' };

const list: Command = {
  name: 'subscriptions list',
  summary: 'List who is told what happens',
  examples: ['subscriptions list', 'subscriptions list -o json'],
  calls: ['GET /v1/subscriptions'],
  run(context) {
    const rows = asRows(context.client().subscriptions.list({}, { signal: context.signal }));
    const columns = members('id', 'label', 'status', 'url', 'types', 'behind', 'failures', 'dead', 'reason');
    const empty = 'Nobody is told anything.';
    return Promise.resolve({ output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty } });
  },
};

const create: Command = {
  name: 'subscriptions create',
  summary: 'Have somebody told what happens from now on',
  description:
    'Sends a signed message for each event, in order, once or more often: ids and where to look. Approvals, questions, stops and budgets, unless told otherwise. Its secret is shown once.',
  args: [
    { usage: '<url>', description: 'where to send it; the operator’s rules for outgoing traffic apply (WRIT_EGRESS)' },
    { usage: '<label>', description: 'what people call it' },
  ],
  options: [{ flags: '--types <types>', description: 'types of events, with commas between: approval.*,stop.set' }],
  examples: ['subscriptions create https://hooks.example.com/writ on-call --types "approval.*,stop.*"'],
  calls: ['POST /v1/subscriptions'],
  async run(context, call) {
    const types = call
      .text('types')
      ?.split(',')
      .map((one) => one.trim());
    const body = { url: call.arg(0), label: call.arg(1), ...(types === undefined ? {} : { types }) };
    const made = await context.client().subscriptions.create(body, { signal: context.signal });
    context.hint('Keep the secret: it is not shown again.');
    return { output: { kind: 'one', row: asRow(made), id: made.id } };
  },
};

const change = (to: 'pause' | 'remove', summary: string): Command => ({
  name: `subscriptions ${to}`,
  summary,
  args: [SUBSCRIPTION],
  options: [REASON],
  examples: [`subscriptions ${to} whk_01k8x0q3wsf5z8k2m4n6p8r0t8 --reason "it moves"`],
  calls: [`POST /v1/subscriptions/{id}/${to}`],
  async run(context, call) {
    const reason = call.text('reason') ?? `${to} with the command line`;
    const one = await context.client().subscriptions[to](call.arg(0), { reason }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(one), id: one.id } };
  },
});

const resume: Command = {
  name: 'subscriptions resume',
  summary: 'Tell it again, from where it was',
  args: [SUBSCRIPTION],
  options: [REASON, { flags: '--redeliver', description: 'also send again, once, what was put aside' }],
  examples: ['subscriptions resume whk_01k8x0q3wsf5z8k2m4n6p8r0t8 --redeliver --reason "it answers again"'],
  calls: ['POST /v1/subscriptions/{id}/resume'],
  async run(context, call) {
    const body = { reason: call.text('reason') ?? 'resume with the command line', redeliver: call.flag('redeliver') };
    const one = await context.client().subscriptions.resume(call.arg(0), body, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(one), id: one.id } };
  },
};

const test: Command = {
  name: 'subscriptions test',
  summary: 'Send it an event of its own',
  args: [SUBSCRIPTION],
  examples: ['subscriptions test whk_01k8x0q3wsf5z8k2m4n6p8r0t8'],
  calls: ['POST /v1/subscriptions/{id}/test'],
  async run(context, call) {
    const one = await context.client().subscriptions.test(call.arg(0), { signal: context.signal });
    context.hint(`See what came of it with \`writ subscriptions deliveries ${one.id}\`.`);
    return { output: { kind: 'one', row: asRow(one), id: one.id } };
  },
};

const deliveries: Command = {
  name: 'subscriptions deliveries',
  summary: 'What was tried last, newest first',
  args: [SUBSCRIPTION],
  options: [{ flags: '--dead', description: 'the messages that were put aside, oldest first' }],
  examples: [
    'subscriptions deliveries whk_01k8x0q3wsf5z8k2m4n6p8r0t8',
    'subscriptions deliveries whk_01k8x0q3wsf5z8k2m4n6p8r0t8 --dead',
  ],
  calls: ['GET /v1/subscriptions/{id}/deliveries'],
  async run(context, call) {
    const { data, dead } = await context.client().subscriptions.deliveries(call.arg(0), { signal: context.signal });
    if (call.flag('dead')) {
      const columns = members('time', 'type', 'event', 'attempts', 'error', 'again');
      const empty = 'Nothing was put aside.';
      return { output: { kind: 'list', rows: dead.map(asRow), columns, id: (row) => String(row['event']), empty } };
    }
    const columns = members('time', 'type', 'event', 'attempt', 'status', 'error', 'took_ms');
    const empty = 'Nothing was tried yet.';
    return { output: { kind: 'list', rows: data.map(asRow), columns, id: (row) => String(row['event']), empty } };
  },
};

export const SUBSCRIPTION_COMMANDS: readonly Command[] = [
  list,
  create,
  change('pause', 'Tell it nothing for now'),
  resume,
  change('remove', 'Tell it nothing any more'),
  test,
  deliveries,
];
