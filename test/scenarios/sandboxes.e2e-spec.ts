import { join } from 'node:path';
import { readJournal } from '@writ/engine';
import { fromModule, functionTransport, ToolGateway } from '@writ/gateways';
import type { RunId } from '@writ/kernel';
import { parseBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScenario, type Scenario } from '../support/scenario';
import { until } from '../support/until';

const MODULE = join(__dirname, '../gateways/peers/confined.mjs');
const accountable = { owner: 'user:emma', purpose: 'runs code it does not trust' };
const tool = (name: string): object => ({
  kind: 'tool',
  name,
  effect: 'read',
  endpoint: { type: 'function', function: name },
  timeout_ms: 60_000,
  max_attempts: 1,
});
const workflow = (name: string): object => ({
  kind: 'workflow',
  name,
  ...accountable,
  root: { type: 'tool', tool: name, args: {} },
});
const TOOLS = ['told', 'spawns', 'closure'];

describe('an act that must run confined', () => {
  let scenario: Scenario;
  let ran = 0;
  beforeAll(async () => {
    const policy = parseBundle(`
rules: |
  p, user:*, {tenant}, workflow:*, run.start, , allow
  p, user:*, {tenant}, tool:*, tool.invoke, , allow, confined
obligations:
  confined: { type: sandbox, values: { network: open, time_ms: 50000 } }
`);
    if (!policy.ok) throw new Error(policy.failure.message);
    const never = () => Promise.reject(new Error('not here'));
    scenario = await openScenario({
      documents: TOOLS.flatMap((name) => [tool(name), workflow(name)]),
      policy: policy.value,
      doors: (open) => ({
        models: { complete: never },
        tools: new ToolGateway({
          function: functionTransport({
            open,
            functions: {
              told: fromModule(MODULE, 'told'),
              spawns: fromModule(MODULE, 'spawns'),
              closure: () => (ran += 1),
            },
          }),
          mcp: { invoke: never, close: () => Promise.resolve() },
          http: { invoke: never, close: () => Promise.resolve() },
        }),
      }),
      options: { concurrency: 4, heartbeatMs: 1_000, sweepMs: 50, mailMs: 50 },
    });
  });
  afterAll(() => scenario.close());

  async function play(name: string) {
    const { tenant, engine, outsider, db } = scenario;
    const caller = { tenant, kind: 'user', id: 'user:emma', roles: [] } as const;
    const started = await engine.commands.start({ tenant, caller, workflow: name, input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    const run: RunId = started.value.run;
    const status = async (): Promise<RunStatus> => {
      const { rows } = await outsider.query<{ status: RunStatus }>('select status from writ.run where id = $1', [run]);
      return rows[0]!.status;
    };
    await until(`${run} to end`, async () => isFinal(await status()), 90_000);
    await checkRun(outsider, run);
    return { status: await status(), events: await readJournal(db, tenant, run) };
  }

  it('runs in a process that has nothing of ours, and its answer is one like any other', async () => {
    const { status, events } = await play('told');
    expect(status).toBe('succeeded');
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', output: { variables: [], attempt: 1 } });
  });

  it('fails at what its sandbox withholds', async () => {
    const { status, events } = await play('spawns');
    expect(status).toBe('failed');
    expect(events.at(-1)).toMatchObject({ failure: { code: 'sandbox_denied' } });
  });

  it('[I7] is denied where nobody can confine it, and nothing of it is begun', async () => {
    const { status, events } = await play('closure');
    expect([status, ran]).toEqual(['denied', 0]);
    expect(events.some(({ type }) => type === 'step_intended')).toBe(false);
    const missing = expect.stringMatching(/must run in a sandbox, and cannot/) as string;
    expect(events.find(({ type }) => type === 'step_denied')).toMatchObject({
      decision: { reason: 'unknown_obligation', nearMisses: [{ missing }] },
    });
  });
});
