import type { RunEvent } from '@writ/engine';
import type { Json } from '@writ/kernel';
import type { PolicyBundle } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScriptedScenario, SCRIPTED, type ScriptedScenario } from '../support/scripted-scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'works with others' };
const agent = (name: string, more: object = {}): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const score = { type: 'object', properties: { score: { type: 'number' } }, required: ['score'] };

const documents: readonly object[] = [
  { kind: 'model', name: 'scripted', ...SCRIPTED },
  {
    kind: 'tool',
    name: 'look',
    effect: 'read',
    input: { type: 'object', properties: { where: { type: 'string' } } },
    endpoint: { type: 'function', function: 'look' },
  },
  agent('lead', { consults: ['oracle'] }),
  agent('oracle'),
  agent('finder', { tools: ['look'] }),
  agent('outcast', { tools: ['look'] }),
  agent('writer'),
  agent('critic', { output: score }),
  agent('planner'),
  agent('chair'),
  workflow('team', { type: 'supervisor', supervisor: 'lead', workers: ['finder', 'outcast'] }),
  workflow('frugal', {
    type: 'supervisor',
    supervisor: 'lead',
    workers: ['finder'],
    worker_budget: { tool_calls: 2 },
  }),
  workflow('improve', { type: 'reflect', agent: 'writer', critic: 'critic', threshold: 0.8, max: 3 }),
  workflow('plan', {
    type: 'plan',
    planner: 'planner',
    executors: ['finder', 'outcast'],
    max_steps: 6,
    max_replans: 1,
  }),
  workflow('plan_with_people', {
    type: 'plan',
    planner: 'planner',
    executors: ['finder'],
    max_steps: 6,
    max_replans: 0,
    approve: true,
  }),
  workflow('ways_of_people', {
    type: 'router',
    router: 'chair',
    routes: [
      { name: 'find', agent: 'finder' },
      { name: 'write', agent: 'outcast' },
    ],
    fallback: { type: 'person' },
  }),
  workflow('talk', { type: 'group_chat', speakers: ['writer', 'finder'], order: { manager: 'chair' }, max_rounds: 5 }),
  workflow('ways', {
    type: 'router',
    router: 'chair',
    routes: [
      { name: 'find', agent: 'finder' },
      { name: 'write', agent: 'outcast' },
    ],
    fallback: { type: 'agent', agent: 'writer' },
  }),
];

const policy: PolicyBundle = {
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, user:*, {tenant}, run:*, run.answer, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    'p, user:*, {tenant}, tool:look, tool.invoke, , allow',
    'p, agent:finder, {tenant}, tool:look, tool.invoke, , allow',
    'p, agent:outcast, {tenant}, tool:look, tool.invoke, , allow',
    'p, user:*, {tenant}, agent:*, delegate, , allow',
    'p, user:*, {tenant}, agent:outcast, delegate, , deny',
    ...['lead', 'planner'].map((name) => `p2, agent:${name}, *, {tenant}, *, service, , allow`),
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const call = (name: string, args: object = {}): object => ({ name, arguments: args });
const give = (worker: string, brief: string): object => call('delegate', { worker, task: 't', brief });

describe('agents that work together', () => {
  let scenario: ScriptedScenario;
  const reached: string[] = [];

  beforeAll(async () => {
    scenario = await openScriptedScenario({
      documents,
      policy,
      functions: { look: ({ where }) => (reached.push(String(where)), 'found it') },
    });
  });
  afterAll(async () => {
    await scenario.close();
  });

  /** Plays a workflow to its end; each agent says its own turns. */
  async function play(
    name: string,
    agents: { readonly [agent: string]: readonly object[] },
    people: { readonly say?: Json } = {},
  ) {
    const id = `${name}-${Math.random().toString(36).slice(2, 8)}`;
    const own = Object.entries(agents).map(([one, turns]) => ({
      instructions: `You are ${one}.`,
      turns: turns as never,
    }));
    scenario.model.play({ [id]: { agents: own, final: 'done' } });
    const { tenant, caller, engine, outsider } = scenario;
    const input = { message: `script:${id} please` };
    const started = await engine.commands.start({ tenant, caller, workflow: name, input });
    if (!started.ok) throw new Error(started.failure.message);
    const { run } = started.value;
    if (people.say !== undefined) await answer(run, people.say);
    await until(`${name} to end`, async () => {
      const { rows } = await outsider.query<{ finished_at: Date | null }>(
        `select finished_at from writ.run where id = $1`,
        [run],
      );
      return rows[0]?.finished_at instanceof Date;
    });
    const checked = await checkRun(outsider, run);
    return { ...checked, id, ...endOf(checked.events) };
  }

  /** What people say to the question a run puts to them. */
  async function answer(run: string, said: Json): Promise<void> {
    let question: string | undefined;
    await until('a question to be put', async () => {
      const { rows } = await scenario.outsider.query<{ id: string }>(
        `select id from writ.question where run = $1 and status = 'pending'`,
        [run],
      );
      question = rows[0]?.id;
      return question !== undefined;
    });
    const { tenant, engine } = scenario;
    const caller = { tenant, kind: 'user', id: 'user:sue', roles: [] } as const;
    const taken = await engine.questions.answer({ tenant, caller, question: question!, answer: said });
    expect(taken).toMatchObject({ ok: true, value: { accepted: true } });
  }

  function endOf(events: readonly RunEvent[]): { output: Json; code: string | null } {
    const last = events.at(-1);
    return {
      output: last?.type === 'run_finished' ? last.output : null,
      code: last?.type === 'run_failed' ? last.failure.code : null,
    };
  }
  const ok: RunStatus = 'succeeded';

  test('a supervisor’s workers are those it is granted: another is refused as an error turn, and reaches nothing', async () => {
    reached.length = 0;
    const brief = (id: string) => `script:${id}`;
    scenario.model.play({
      found: { turns: [{ calls: [call('look', { where: 'attic' })] as never }, { text: 'in the attic' }] },
      oracle: { turns: [{ text: 'yes' }] },
      never: { turns: [{ calls: [call('look', { where: 'vault' })] as never }] },
    });
    const { status, output, events } = await play('team', {
      lead: [
        {
          calls: [
            give('finder', brief('found')),
            give('outcast', brief('never')),
            call('ask_oracle', { task: 'script:oracle' }),
          ],
        },
        { text: 'it is in the attic' },
      ],
    });
    expect([status, output, reached]).toEqual([ok, 'it is in the attic', ['attic']]);
    const denied = events.flatMap((one) => (one.type === 'step_denied' ? [[one.kind, one.target, one.agent]] : []));
    expect(denied).toEqual([['delegate', 'outcast', 'lead']]);
  });

  test('[I13] each piece of work has a budget of its own, and one that is spent is a result that says so', async () => {
    reached.length = 0;
    const looks = (n: number) => ({
      turns: [{ calls: Array(n).fill(call('look', { where: 'shed' })) as never }, { text: 'ok' }],
    });
    scenario.model.play({ greedy: looks(5), modest: looks(2) });
    const { status, events } = await play('frugal', {
      lead: [{ calls: [give('finder', 'script:greedy'), give('finder', 'script:modest')] }, { text: 'enough' }],
    });
    expect([status, reached.length]).toEqual([ok, 4]);
    const came = events.flatMap((one) => (one.type === 'work_returned' ? [one.failure?.code ?? 'ok'] : []));
    expect(came.sort()).toEqual(['budget_exhausted', 'ok']);
  });

  test('an answer is scored until it is good enough, and a score that is none is asked for again', async () => {
    const { status, output, events } = await play('improve', {
      writer: [{ text: 'first' }],
      critic: [{ text: 'rather good' }, { text: '{"score": 0.9}' }],
    });
    expect([status, output]).toEqual([ok, 'first']);
    expect(events.filter((one) => one.type === 'answer_returned')).toHaveLength(1);
  });

  test('a plan is on record before its first step; a step that is not allowed makes a new version', async () => {
    const plan = (...steps: readonly (readonly [string, string])[]) => ({
      text: JSON.stringify({ steps: steps.map(([executor, task]) => ({ executor, task })) }),
    });
    const first = await play('plan', {
      planner: [plan(['finder', 'look'], ['outcast', 'look too'])],
      finder: [{ text: 'a' }],
    });
    // The second version is the same conversation's only turn again: it fails for the same reason, and says so.
    expect([first.status, first.code]).toEqual(['failed', 'plan_failed']);
    const versions = first.events.flatMap((one) => (one.type === 'ledger_updated' ? [one.ledger.version] : []));
    expect(versions).toEqual([1, 2]);
    const { status, output } = await play('plan', { planner: [plan(['finder', 'look'])], finder: [{ text: 'here' }] });
    expect([status, output]).toEqual([
      ok,
      { version: 1, results: [{ executor: 'finder', task: 'look', output: 'here' }] },
    ]);
  });

  test('a manager says who speaks, and when it is over', async () => {
    const { status, output } = await play('talk', {
      chair: [{ text: '{"next": "writer"}' }],
      writer: [{ text: 'a line' }],
      finder: [{ text: 'never asked' }],
    });
    // Each round is a conversation of its own for everybody: the chair says the same each time, and the rounds end it.
    expect([status, (output as { rounds: number }).rounds]).toEqual([ok, 5]);
  });

  test('a model that routes names a route or none; whom it names is authorized all the same', async () => {
    const named = (route: string | null) =>
      play('ways', {
        chair: [{ text: JSON.stringify({ route }) }],
        finder: [{ text: 'found' }],
        writer: [{ text: 'wrote' }],
      });
    expect(await named('find')).toMatchObject({ status: ok, output: 'found' });
    expect(await named(null)).toMatchObject({ status: ok, output: 'wrote' });
    const { output, events } = await named('write');
    expect(output).toBe('wrote');
    expect(events.filter((one) => one.type === 'step_denied')).toMatchObject([{ kind: 'delegate', target: 'outcast' }]);
    expect(events.find((one) => one.type === 'route_chosen')).toMatchObject({
      choice: { route: 'write', router: 'chair' },
    });
  });

  test('people let a plan run, or not; and say which way where a model abstains', async () => {
    const steps = { planner: [{ text: JSON.stringify({ steps: [{ executor: 'finder', task: 'look' }] }) }] };
    const finder = [{ text: 'here' }];
    expect(await play('plan_with_people', { ...steps, finder }, { say: 'approve' })).toMatchObject({ status: ok });
    const rejected = await play('plan_with_people', { ...steps, finder }, { say: 'reject' });
    expect([rejected.status, rejected.code]).toEqual(['failed', 'plan_rejected']);
    expect(rejected.events.some((one) => one.type === 'step_intended' && one.agent === 'finder')).toBe(false);

    const unsure = { chair: [{ text: '{"route": null}' }], finder };
    expect(await play('ways_of_people', unsure, { say: 'find' })).toMatchObject({ status: ok, output: 'here' });
    // A person's choice grants nothing either.
    expect(await play('ways_of_people', unsure, { say: 'write' })).toMatchObject({ code: 'route_denied' });
  });
});
