import type { RunSearchQuery, RunTest } from '@writ/engine';
import type { JsonObject, RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { openScriptedScenario, SCRIPTED, type ScriptedScenario } from '../support/scripted-scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'is paid for' };
const agent = (name: string): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: name,
  instructions: `You are ${name}.`,
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const input = { $from: '/input' };
const documents: readonly object[] = [
  {
    kind: 'model',
    name: 'priced',
    ...SCRIPTED,
    price: { currency: 'USD', input_micros: 1_000_000, output_micros: 4_000_000, cached_input_micros: 100_000 },
  },
  { kind: 'model', name: 'unpriced', ...SCRIPTED },
  agent('priced'),
  agent('unpriced'),
  workflow('pays', { type: 'agent', agent: 'priced', input }),
  workflow('guesses', { type: 'agent', agent: 'unpriced', input }),
  workflow('parent', {
    type: 'sequence',
    steps: [
      { id: 'below', node: { type: 'run', workflow: 'pays', input } },
      { id: 'itself', node: { type: 'agent', agent: 'priced', input } },
    ],
  }),
];
const policy = {
  rules: ['p, *, {tenant}, model:*, model.invoke, , allow', 'p, user:*, {tenant}, workflow:*, run.start, , allow'].join(
    '\n',
  ),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 5 },
};

/** 200 tokens read at 1, 800 from the cache at 0.1, 10 written at 4: in millionths, 200 + 80 + 40. */
const USED = { input: 1_000, output: 10, cached: 800 };
const COST = 320;

let scenario: ScriptedScenario;
beforeAll(async () => {
  scenario = await openScriptedScenario({
    documents,
    policy,
    options: { concurrency: 4, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
  });
  scenario.model.play({ once: { turns: [{ text: 'said', usage: USED }] } });
});
afterAll(async () => {
  await scenario?.close();
});

async function play(name: string, budget?: JsonObject): Promise<RunId> {
  const { engine, tenant, caller } = scenario;
  const asked = { tenant, caller, workflow: name, input: { message: 'script:once' }, ...(budget && { budget }) };
  const started = await engine.commands.start(asked);
  if (!started.ok) throw new Error(started.failure.message);
  const { run } = started.value;
  await until(`${run} to end`, async () => ((await engine.queries.get(tenant, run))?.finished_at ?? null) !== null);
  return run;
}

async function listed(where: RunSearchQuery['where']) {
  const { tenant, engine } = scenario;
  const window = { basis: 'started', from: null, to: null } as const;
  const page = { sort: '-started', limit: 200, after: null, count: false } as const;
  return (await engine.queries.search({ tenant, window, where, now: Date.now(), ...page })).data;
}

const atLeast = (min: number) => ({ min, minOpen: false, max: null, maxOpen: false });

describe('what a run cost', () => {
  it('is what its models are priced at, with what the provider had in its cache at the price of that', async () => {
    const run = await play('pays');
    const detail = await scenario.engine.queries.get(scenario.tenant, run);
    expect(detail?.usage).toEqual({ model_calls: 1, tool_calls: 0, tokens: 1_010, cost_micros: COST });
    await checkRun(scenario.outsider, run);
  });

  it('is unknown, not nothing, where no price is', async () => {
    const run = await play('guesses');
    expect((await scenario.engine.queries.get(scenario.tenant, run))?.usage.cost_micros).toBeNull();
  });

  it.each([['without limits', undefined] as const, ['with a limit', { cost_micros: 1_000_000 }] as const])(
    'is the same number wherever it is shown, with the runs that it started: %s',
    async (_, budget) => {
      const run = await play('parent', budget);
      const { engine, tenant } = scenario;
      const used = { model_calls: 2, tool_calls: 0, tokens: 2_020, cost_micros: 2 * COST };
      expect((await engine.queries.get(tenant, run))?.usage).toEqual(used);
      expect((await engine.queries.timeline(tenant, run, Date.now()))?.usage).toEqual(used);
      const all = await listed({ all: [] });
      expect(all.find(({ id }) => id === run)?.usage).toEqual(used);
      const tests: readonly RunTest[] = [
        { field: 'model_calls', bounds: atLeast(2) },
        { field: 'tokens', bounds: atLeast(2_020) },
      ];
      for (const test of tests) expect((await listed({ test })).map(({ id }) => id)).toContain(run);
    },
  );
});
