import type { RunEvent } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { listBudgets, removeBudget, setBudget } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScriptedScenario, SCRIPTED, type ScriptedScenario } from '../support/scripted-scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'goes on when a budget is spent' };
const model = (name: string, price: number): object => ({
  kind: 'model',
  name,
  ...SCRIPTED,
  model: name,
  parameters: { max_completion_tokens: 100 },
  price: { currency: 'USD', input_micros: price, output_micros: price },
});
const agent = (name: string, more: object): object => ({
  kind: 'agent',
  name,
  ...accountable,
  instructions: `You are ${name}.`,
  ...more,
});
const documents: readonly object[] = [
  model('dear', 1_000_000_000),
  model('cheap', 1_000),
  {
    kind: 'tool',
    name: 'look',
    effect: 'read',
    endpoint: { type: 'function', function: 'look' },
  },
  agent('clerk', { model: 'dear', tools: ['look'], handoffs: ['frugal'] }),
  agent('frugal', { model: 'cheap' }),
  {
    kind: 'workflow',
    name: 'desk',
    ...accountable,
    root: { type: 'swarm', entry: 'clerk', agents: ['clerk', 'frugal'] },
  },
];
const rules = (more: readonly string[] = []): string =>
  [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, *, {tenant}, model:dear, model.invoke, , allow',
    'p, *, {tenant}, tool:look, tool.invoke, , allow',
    'p, user:*, {tenant}, agent:*, handoff, , allow',
    'p2, agent:clerk, agent:frugal, {tenant}, *, attenuate, , allow',
    ...more,
  ].join('\n');
const CHEAP = 'p, *, {tenant}, model:cheap, model.invoke, , allow';

describe('a budget that is spent', () => {
  let scenario: ScriptedScenario;
  const policy = (more: readonly string[] = []) => ({
    rules: rules(more),
    conditions: {},
    obligations: {},
    attributes: {},
    limits: { handoff_depth: 5 },
  });

  beforeAll(async () => {
    scenario = await openScriptedScenario({
      documents,
      policy: policy([CHEAP]),
      functions: { look: () => 'seen' },
      options: { concurrency: 8, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
    });
  });
  afterAll(async () => {
    await scenario?.close();
  });
  afterEach(async () => {
    const { tenant, db } = scenario;
    await db.withTenant(tenant, async (tx) => {
      for (const { id } of await listBudgets(tx, { tenant })) {
        await removeBudget(tx, { tenant, id, reason: 'the test is over', author: 'user:admin' });
      }
    });
    const { rows } = await scenario.outsider.query(`select * from writ.budget_reservation`);
    expect(rows).toEqual([]);
  });

  /** One turn of the dear model fits, a second does not. */
  async function limit(crossing: 'fail' | 'degrade' | 'hand_off' | 'ask', fallback: string | null): Promise<void> {
    const { tenant, db } = scenario;
    const set = await db.withTenant(tenant, (tx) =>
      setBudget(tx, {
        tenant,
        scope: 'model',
        target: 'dear',
        dimension: 'model_calls',
        period: 'total',
        limit: 1,
        crossing,
        ...(fallback !== null && { fallback }),
        reason: 'dear',
        author: 'user:admin',
      }),
    );
    if (!set.ok) throw new Error(set.failure.message);
    await scenario.engine.authority.refresh(tenant);
  }

  let scripts = 0;
  async function play() {
    const id = `c${(scripts += 1)}`;
    const turns = [{ calls: [{ name: 'look', arguments: {} }] }, { text: 'the clerk is done' }] as never;
    scenario.model.play({
      [id]: {
        agents: [
          { instructions: 'You are clerk.', turns },
          { instructions: 'You are frugal.', turns: [{ text: 'x' }, { text: 'frugal is done' }] as never },
        ],
        final: 'frugal is done',
      },
    });
    const { tenant, caller, engine, outsider } = scenario;
    const started = await engine.commands.start({
      tenant,
      caller,
      workflow: 'desk',
      input: { message: `script:${id}` },
    });
    if (!started.ok) throw new Error(started.failure.message);
    return { ...(await ended(started.value.run, outsider)), asked: scenario.model.journal(id).map((one) => one.model) };
  }
  async function ended(run: RunId, outsider: ScriptedScenario['outsider']) {
    await until(`${run} to end`, async () => {
      const { rows } = await outsider.query<{ status: RunStatus }>(`select status from writ.run where id = $1`, [run]);
      return isFinal(rows[0]?.status ?? 'queued');
    });
    const checked = await checkRun(outsider, run);
    const last = checked.events.at(-1)!;
    return {
      ...checked,
      output: last.type === 'run_finished' ? last.output : null,
      failure: last.type === 'run_failed' ? last.failure : null,
    };
  }
  const kinds = (events: readonly RunEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'step_intended' ? [`${event.agent} ${event.kind} ${event.target}`] : []));

  it('[I13] and degrades: the turn is made with the cheaper model, decided anew under its own name', async () => {
    await limit('degrade', 'cheap');
    const { output, events, asked } = await play();
    expect(output).toBe('the clerk is done');
    expect(asked).toEqual(['dear', 'cheap']);
    expect(kinds(events)).toEqual(['clerk model dear', 'clerk tool look', 'clerk model cheap']);
  });

  it('[I6] and degrades to a model that its agent may not use: it is refused, and nothing is asked', async () => {
    await limit('degrade', 'cheap');
    await scenario.activate(policy());
    try {
      const { status, events, asked } = await play();
      expect(status).toBe('denied');
      expect(asked).toEqual(['dear']);
      expect(events.find((event) => event.type === 'step_denied')).toMatchObject({ target: 'cheap' });
    } finally {
      await scenario.activate(policy([CHEAP]));
    }
  });

  it('[I13] and hands over: the declared agent goes on with the conversation, by a handoff that is decided', async () => {
    await limit('hand_off', 'frugal');
    const { output, events, asked } = await play();
    expect(output).toBe('frugal is done');
    expect(asked).toEqual(['dear', 'cheap']);
    expect(kinds(events)).toEqual([
      'clerk model dear',
      'clerk tool look',
      'clerk handoff frugal',
      'frugal model cheap',
    ]);
  });

  it('and hands over to nobody the policy lets it: the refusal ends it, and the budget is not crossed', async () => {
    await limit('hand_off', 'frugal');
    const refusing = policy([CHEAP, 'p2, agent:clerk, agent:frugal, {tenant}, *, attenuate, , deny']);
    await scenario.activate(refusing);
    try {
      const { status, asked } = await play();
      expect([status, asked]).toEqual(['denied', ['dear']]);
    } finally {
      await scenario.activate(policy([CHEAP]));
    }
  });

  it('and fails: the node ends with a code that is neither a denial nor a full machine', async () => {
    await limit('fail', null);
    const { failure, asked } = await play();
    expect(failure).toMatchObject({ code: 'budget_exhausted', class: 'budget' });
    expect(asked).toEqual(['dear']);
  });
});
