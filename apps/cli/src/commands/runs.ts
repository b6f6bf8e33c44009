import type { Json } from '@writ/kernel';
import { type Reconciliation, RECONCILIATIONS } from '@writ/words';
import { usage } from '../cli-error';
import type { Command } from '../command';
import { member, members, type Row } from '../output/output';
import { budgetOf, budgetOptions, OF_A_RUN } from './budget-options';
import { followRun, shownRun, waitForRun } from './follow';
import { first, given, readJson, readJsonObject, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const RUN = { usage: '<run>', description: 'id of the run, run_…' };
const REASON = { flags: '--reason <text>', description: 'why, for the record' };
const WAIT = [
  { flags: '--wait', description: 'wait for the end; exit code 1 unless it succeeded' },
  { flags: '--timeout <seconds>', description: 'with --wait: give up after this time, with exit code 9' },
];
const ACCEPTED = 'Accepted; the run takes it up with its next step.';

const start: Command = {
  name: 'runs start',
  summary: 'Start a run of a workflow',
  args: [{ usage: '<workflow>', description: 'name of a published workflow' }],
  options: [
    { flags: '--input <json>', description: 'what the run takes: JSON, @file, or - for standard input' },
    { flags: '--at <version>', description: 'a published version; the newest by default' },
    { flags: '--on-behalf-of <principal>', description: 'the person or service the run is for, such as user:7f3a' },
    { flags: '--role <role>', description: 'a role of that person; may be repeated', many: true },
    { flags: '--mandate <json>', description: 'tools the run may use, and limits on their arguments' },
    ...budgetOptions(OF_A_RUN, (what) => `budget of ${what}`),
    { flags: '--deadline <seconds>', description: 'time the run may take' },
    { flags: '--idempotency-key <key>', description: 'starting twice with one key starts once' },
    ...WAIT,
  ],
  examples: [
    `runs start refund_order --input '{"order_id": "W1001"}'`,
    'runs start refund_order --input @order.json --wait -o json',
    'runs start refund_order --input @order.json --cost-micros 500000 --handoffs 5 --depth 1',
  ],
  calls: ['POST /v1/runs'],
  async run(context, call) {
    const input = call.text('input');
    const seconds = wholeNumber('--deadline', call.text('deadline'));
    const principal = call.text('onBehalfOf');
    const mandate = call.text('mandate');
    const body = {
      workflow: call.arg(0),
      input: input === undefined ? {} : await readJsonObject(context.io, '--input', input),
      ...given({ version: wholeNumber('--at', call.text('at')) }),
      ...budgetOf(OF_A_RUN, call),
      ...(principal === undefined ? {} : { on_behalf_of: { id: principal, roles: call.many('role') } }),
      ...(mandate === undefined ? {} : { mandate: (await readJson(context.io, '--mandate', mandate)) as never }),
      ...(seconds === undefined ? {} : { deadline_ms: seconds * 1000 }),
    };
    const key = call.text('idempotencyKey');
    const started = await context.client().runs.start(body, {
      signal: context.signal,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    if (call.flag('wait')) return waitForRun(context, started.id, wholeNumber('--timeout', call.text('timeout')));
    context.hint(`Follow it with: writ runs tail ${started.id}`);
    return { output: { kind: 'one', row: asRow(started), id: started.id } };
  },
};

const list: Command = {
  name: 'runs list',
  summary: 'Search runs, newest first',
  description:
    'Searches runs, newest first. A query is fields and words: status:failed agent:refund* duration:>30s -has:approval "chargeback". See the guide for integrators.',
  options: [
    { flags: '--query <query>', description: "only runs that fit, such as 'status:failed tool:pay*'" },
    { flags: '--from <time>', description: 'started since, such as -24h, today or 2026-11-22T09:30:00Z' },
    { flags: '--to <time>', description: 'started before' },
    {
      flags: '--sort <order>',
      description: 'by start, end or duration; with - the latest or longest first',
      choices: ['-started', 'started', '-finished', 'finished', '-duration', 'duration'],
    },
    { flags: '--status <status>', description: 'only runs that stand so, such as running or failed' },
    { flags: '--workflow <name>', description: 'only runs of this workflow' },
    { flags: '--limit <count>', description: 'how many at most (50)' },
  ],
  examples: [
    'runs list',
    'runs list --status waiting_reconciliation -o id',
    `runs list --query 'has:denial agent:refund*' --from -24h`,
  ],
  calls: ['GET /v1/runs'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const query = given({
      filter: call.text('query'),
      from: call.text('from'),
      to: call.text('to'),
      sort: call.text('sort') as 'started' | undefined,
      status: call.text('status') as 'failed' | undefined,
      workflow: call.text('workflow'),
    });
    const runs = context.client().runs.list({ ...query, limit: Math.min(limit, 200) }, { signal: context.signal });
    const decided = { title: 'DECISIONS', value: decisionCounts };
    const columns = [...members('id', 'workflow', 'status', 'agent'), decided, member('created_at')];
    const rows = asRows(first(runs, limit));
    return Promise.resolve({
      output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty: 'No runs.' },
    });
  },
};

/** `4 allow, 1 deny`: what was decided, as often as it was. */
function decisionCounts(row: Row): string {
  const counts = Object.entries((row['decisions'] ?? {}) as { readonly [verdict: string]: number });
  return counts.flatMap(([verdict, count]) => (count > 0 ? [`${count} ${verdict}`] : [])).join(', ');
}

const show: Command = {
  name: 'runs show',
  summary: 'Show one run as it stands',
  description:
    'Shows one run as it stands: in a terminal what it is for, what came of it, each step with the rules that allowed it or why not, and what to do next.',
  args: [RUN],
  options: WAIT,
  examples: ['runs show run_01k8x0q3wsf5z8k2m4n6p8r0t2'],
  calls: ['GET /v1/runs/{id}'],
  async run(context, call) {
    if (call.flag('wait')) return waitForRun(context, call.arg(0), wholeNumber('--timeout', call.text('timeout')));
    return {
      output: await shownRun(context, await context.client().runs.get(call.arg(0), { signal: context.signal })),
    };
  },
};

const tail: Command = {
  name: 'runs tail',
  summary: 'Print the events of a run as they happen, to its end',
  description: 'Prints the events of a run as they happen, to its end. Exit code 1 unless the run succeeded.',
  args: [RUN],
  options: [{ flags: '--no-follow', description: 'print what is there and stop' }],
  examples: [
    'runs tail run_01k8x0q3wsf5z8k2m4n6p8r0t2',
    'runs tail run_01k8x0q3wsf5z8k2m4n6p8r0t2 -o ndjson --no-follow',
  ],
  calls: ['GET /v1/runs/{id}/events'],
  run: (context, call) => followRun(context, call.arg(0), call.flag('follow')),
};

const decisions: Command = {
  name: 'runs decisions',
  summary: 'List what the policy decided in a run',
  args: [RUN],
  examples: ['runs decisions run_01k8x0q3wsf5z8k2m4n6p8r0t2'],
  calls: ['GET /v1/runs/{id}/decisions'],
  run(context, call) {
    const found = context.client().runs.decisions(call.arg(0), {}, { signal: context.signal });
    const columns = [...members('id', 'step', 'action', 'verdict', 'reason'), member('sentence')];
    return Promise.resolve({
      output: { kind: 'list', rows: asRows(found), columns, id: (row) => String(row['id']), empty: 'No decisions.' },
    });
  },
};

const cancel: Command = {
  name: 'runs cancel',
  summary: 'Ask a run to end',
  description: 'Asks a run to end. A call that is already out is not taken back.',
  args: [RUN],
  options: [REASON],
  examples: ['runs cancel run_01k8x0q3wsf5z8k2m4n6p8r0t2 --reason "the customer withdrew"'],
  calls: ['POST /v1/runs/{id}/cancel'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'cancelled with the command line';
    const answer = await context.client().runs.cancel(call.arg(0), { reason }, { signal: context.signal });
    context.hint(ACCEPTED);
    return { output: { kind: 'one', row: { id: call.arg(0), ...answer }, id: call.arg(0) } };
  },
};

const steer = (to: 'pause' | 'redrive' | 'undo', words: Pick<Command, 'summary' | 'description'>): Command => ({
  name: `runs ${to}`,
  ...words,
  args: [RUN],
  options: [REASON],
  examples: [`runs ${to} run_01k8x0q3wsf5z8k2m4n6p8r0t2 --reason "the supplier checks its prices"`],
  calls: [`POST /v1/runs/{id}/${to}`],
  async run(context, call) {
    const reason = call.text('reason') ?? `${to} with the command line`;
    const answer = await context.client().runs[to](call.arg(0), { reason }, { signal: context.signal });
    context.hint(ACCEPTED);
    return { output: { kind: 'one', row: { id: call.arg(0), ...answer }, id: call.arg(0) } };
  },
});

const pause = steer('pause', {
  summary: 'Hold a run after the steps under way',
  description: 'Holds a run after the steps under way, until it is resumed. Its deadline goes on.',
});
const resume: Command = {
  name: 'runs resume',
  summary: 'Let a paused run go on',
  description:
    'Lets a paused run go on. Each of its next steps is decided again. With a note its agents are told something first.',
  args: [RUN],
  options: [REASON, { flags: '--note <text>', description: 'what its agents are to know, as from an operator' }],
  examples: [
    'runs resume run_01k8x0q3wsf5z8k2m4n6p8r0t2 --reason "the supplier answered" --note "article 4 is out of stock"',
  ],
  calls: ['POST /v1/runs/{id}/resume'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'resume with the command line';
    const note = call.text('note');
    const body = { reason, ...(note === undefined ? {} : { note }) };
    const answer = await context.client().runs.resume(call.arg(0), body, { signal: context.signal });
    context.hint(ACCEPTED);
    return { output: { kind: 'one', row: { id: call.arg(0), ...answer }, id: call.arg(0) } };
  },
};
const undo = steer('undo', {
  summary: 'Undo what a run did that ended without doing so',
  description:
    'Undoes, last first, what a run did that failed, was denied, was ended by a stop or ran out of time; each call is decided anew. What it left is in its last event.',
});
const redrive = steer('redrive', {
  summary: 'Take a run out of quarantine',
  description:
    'Takes a run out of quarantine: it goes on behind its last recorded step. List them with `runs list --status quarantined`.',
});

const signal: Command = {
  name: 'runs signal',
  summary: 'Tell a run something it waits for, now or later',
  args: [RUN, { usage: '<name>', description: 'name of the signal, as a node of its workflow waits for it' }],
  options: [
    { flags: '--payload <json>', description: 'what to tell: JSON, @file, or - for standard input' },
    { flags: '--correlation <text>', description: 'what it is about: a wait that asks for one takes only its own' },
  ],
  examples: [`runs signal run_01k8x0q3wsf5z8k2m4n6p8r0t2 parcel_returned --payload '{"tracking": "T-88"}'`],
  calls: ['POST /v1/runs/{id}/signal'],
  async run(context, call) {
    const text = call.text('payload');
    const payload: Json = text === undefined ? null : await readJson(context.io, '--payload', text);
    const body = { name: call.arg(1), payload, ...given({ correlation: call.text('correlation') }) };
    const answer = await context.client().runs.signal(call.arg(0), body, { signal: context.signal });
    context.hint(ACCEPTED);
    return { output: { kind: 'one', row: { id: call.arg(0), ...answer }, id: call.arg(0) } };
  },
};

const reconcile: Command = {
  name: 'runs reconcile',
  summary: 'Say what became of a lost call',
  description:
    'For a run in waiting_reconciliation: a call with a lasting effect was sent and its outcome never came back. Look at the other side, then say what you found.',
  args: [RUN, { usage: '<step>', description: 'number of the step, from `writ runs show`' }],
  options: [
    { flags: '--attempt <number>', description: 'the attempt you looked after; refused when another is lost by now' },
    { flags: '--verdict <verdict>', description: 'what you found', choices: RECONCILIATIONS },
    { flags: '--result <json>', description: 'with happened: what the call returned, if known' },
    { flags: '--note <text>', description: 'how you know, for the record' },
  ],
  examples: ['runs reconcile run_01k8x0q3wsf5z8k2m4n6p8r0t2 3 --verdict happened --note "seen in the ledger"'],
  calls: ['POST /v1/runs/{id}/reconcile'],
  async run(context, call) {
    const [verdict, note, result] = [call.text('verdict'), call.text('note'), call.text('result')];
    if (verdict === undefined || note === undefined) {
      throw usage(
        'Say what you found, and how you know.',
        `${verdict === undefined ? '--verdict' : '--note'} is missing.`,
        'Look at the other side, then: --verdict happened --note "seen in the ledger"',
      );
    }
    const attempt = wholeNumber('--attempt', call.text('attempt'));
    const body = {
      step: wholeNumber('<step>', call.arg(1), 0) ?? 0,
      ...(attempt === undefined ? {} : { attempt }),
      verdict: verdict as Reconciliation,
      note,
      ...(result === undefined ? {} : { result: await readJson(context.io, '--result', result) }),
    };
    const answer = await context.client().runs.reconcile(call.arg(0), body, { signal: context.signal });
    context.hint(ACCEPTED);
    return { output: { kind: 'one', row: { id: call.arg(0), ...answer }, id: call.arg(0) } };
  },
};

export const RUN_COMMANDS: readonly Command[] = [
  start,
  list,
  show,
  tail,
  decisions,
  cancel,
  pause,
  resume,
  redrive,
  undo,
  signal,
  reconcile,
];
