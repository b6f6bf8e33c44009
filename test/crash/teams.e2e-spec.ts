import type { Json, RunId } from '@writ/kernel';
import { fold } from '@writ/engine';
import { type ScriptedModel, startScriptedModel } from '@writ/gateways';
import type { PolicyBundle } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { payOrNote } from '../support/crash-documents';
import { type Child, effectsOf, shortenLeases, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { reconcileAll } from '../support/reconcile-all';
import { openScenario, type Scenario } from '../support/scenario';
import { seeded } from '../support/seeded';

const SOAK = process.env['WRIT_SOAK'] === '1';
const KILLS = SOAK ? 300 : 12;

const agent = (name: string, more: object): object => ({
  kind: 'agent',
  name,
  owner: 'reliability',
  purpose: 'works with others while workers are killed',
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const documents: readonly unknown[] = [
  ...payOrNote,
  { kind: 'model', name: 'scripted', model: 'scripted', api_key_env: null, max_attempts: 10 },
  agent('lead', { consults: ['oracle'] }),
  agent('oracle', {}),
  agent('payer', { tools: ['pay', 'note'] }),
  agent('noter', { tools: ['note'] }),
  {
    kind: 'workflow',
    name: 'team',
    owner: 'reliability',
    purpose: 'a supervisor and two workers, side by side, who share a value and leave messages',
    blackboard: { tally: { schema: { type: 'integer' }, readers: ['noter'], writers: ['noter'] } },
    mailboxes: { lead: { from: ['payer'] } },
    root: { type: 'supervisor', supervisor: 'lead', workers: ['payer', 'noter'] },
  },
];
const policy: PolicyBundle = {
  rules: [
    'p, user:caller, {tenant}, workflow:*, run.start, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    ...['user:caller', 'agent:payer', 'agent:noter'].flatMap((who) =>
      ['pay', 'note'].map((name) => `p, ${who}, {tenant}, tool:${name}, tool.invoke, , allow`),
    ),
    'p, user:caller, {tenant}, agent:*, delegate, , allow',
    'p, *, {tenant}, board:*, board.*, , allow',
    'p, *, {tenant}, mailbox:*, message.*, , allow',
    'p2, agent:lead, *, {tenant}, *, service, , allow',
    'p, user:operator, {tenant}, run:*, run.reconcile, , allow',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const call = (name: string, args: object = {}): never => ({ name, arguments: args }) as never;
const give = (worker: string, brief: string): never => call('delegate', { worker, task: worker, brief });
const scripts = {
  lead: {
    turns: [
      { calls: [call('update_plan', { tasks: [], reason: 'first' })] },
      {
        calls: [
          give('payer', 'script:payer'),
          give('noter', 'script:noter'),
          call('ask_oracle', { task: 'script:oracle' }),
        ],
      },
      { calls: [call('read_messages', { wait_seconds: 600 }), give('noter', 'script:again')] },
      { text: 'paid, noted and asked' },
    ],
  },
  payer: {
    turns: [
      { calls: [call('note'), call('pay')] },
      { calls: [call('note'), call('send_message', { to: 'lead', body: 'it is paid' })] },
      { text: 'paid' },
    ],
  },
  noter: {
    turns: [
      { calls: [call('note')] },
      { calls: [call('note'), call('board_write', { key: 'tally', value: 1, expect: 0 })] },
      { text: 'noted' },
    ],
  },
  again: {
    turns: [
      { calls: [call('board_read', { key: 'tally' }), call('note')] },
      { calls: [call('board_write', { key: 'tally', value: 2, expect: 1 })] },
      { text: 'noted once more' },
    ],
  },
  oracle: { turns: [{ text: 'all will be well' }] },
};

/** What a run came to, apart from when, by whom and under which step numbers. */
interface Outcome {
  readonly status: RunStatus;
  readonly output: Json;
  /** Branch and tool of each effect, with how often it happened outside. */
  readonly effects: readonly string[];
  /** What its agents share in the end: keys with version and value, and messages that were read. */
  readonly shared: readonly string[];
}

describe('random kills of runs whose agents work side by side', () => {
  let scenario: Scenario;
  let model: ScriptedModel;
  let counter: Child;
  let workers: Child[] = [];

  beforeAll(async () => {
    model = await startScriptedModel({ scripts, journal: 0 });
    process.env['OPENAI_BASE_URL'] = model.url;
    scenario = await openScenario({ documents, policy });
    await shortenLeases(scenario.ownerUrl, 3);
    counter = await startCounter();
    workers = await Promise.all([newWorker(), newWorker()]);
  });

  afterAll(async () => {
    await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
    await model.close();
  });

  const newWorker = (): Promise<Child> => startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready });

  async function start(): Promise<RunId> {
    const { tenant, caller } = scenario;
    const input = { message: 'script:lead' };
    const started = await scenario.engine.commands.start({ tenant, caller, workflow: 'team', input });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  async function over(): Promise<void> {
    await until(
      'every run to end',
      async () => {
        await reconcileAll(scenario, counter.ready);
        const { rows } = await scenario.outsider.query(`select 1 from writ.run where finished_at is null limit 1`);
        return rows.length === 0;
      },
      400_000,
    );
  }

  async function outcomeOf(run: RunId): Promise<Outcome> {
    const { events, status } = await checkRun(scenario.outsider, run);
    const counted = await effectsOf(counter.ready);
    const effects = new Map<number, string>();
    for (const event of events) {
      if (event.type !== 'step_intended' || event.kind !== 'tool') continue;
      const times = counted[`${run}.${event.step}`]?.effects ?? 0;
      effects.set(event.step, `${event.path.replace(/\d+$/, '')} ${event.agent} ${event.target} ×${times}`);
    }
    const last = events.at(-1);
    const output = last?.type === 'run_finished' ? last.output : null;
    const entries = [...fold(events).board.entries].map(
      ([key, { version, value }]) => `${key} ${version} ${JSON.stringify(value)}`,
    );
    const read = events.flatMap((event) =>
      event.type === 'step_settled'
        ? ((event.result as { messages?: { from: string; body: string }[] } | null)?.messages ?? [])
        : [],
    );
    const shared = [...entries, ...read.map(({ from, body }) => `${from}: ${body}`)];
    return { status, output, effects: [...effects.values()].sort(), shared };
  }

  it(
    `[I2] [I4] [I5] ${KILLS} kills at random moments: every run comes to what it comes to without them`,
    async () => {
      const random = seeded('team kills');
      const calm = await start();
      await over();
      const expected = await outcomeOf(calm);
      expect(expected).toEqual({
        status: 'succeeded',
        output: 'paid, noted and asked',
        effects: [
          '=d noter note ×1',
          '=d noter note ×1',
          '=d noter note ×1',
          '=d payer note ×1',
          '=d payer note ×1',
          '=d payer pay ×1',
        ],
        shared: ['tally 2 2', 'payer: it is paid'],
      });
      const runs: RunId[] = [];
      for (let kills = 0; kills < KILLS; kills++) {
        runs.push(await start(), await start());
        await new Promise((resolve) => setTimeout(resolve, 10 + random() * 250));
        const victim = random() < 0.5 ? 0 : 1;
        await workers[victim]!.kill('SIGKILL');
        workers[victim] = await newWorker();
        await reconcileAll(scenario, counter.ready);
      }
      await over();
      for (const run of runs) expect([run, await outcomeOf(run)]).toEqual([run, expected]);
    },
    SOAK ? 3_600_000 : 400_000,
  );
});
