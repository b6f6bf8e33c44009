import { functionTransport } from '@writ/gateways';
import type { Principal, RunId } from '@writ/kernel';
import { type PolicyBundle, setStop } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { until } from '../support/crash-world';
import { logHome, type LogHome, openSequencer } from '../support/log-world';
import { openScenario, type Scenario } from '../support/scenario';
import { verifyLog } from '../support/verify-log';

const accountable = { owner: 'desk', purpose: 'pays' };
const tool = (name: string, effect: string): object => ({
  kind: 'tool',
  name,
  effect,
  endpoint: { type: 'function', function: name },
});
const sequence = (name: string, tools: readonly string[]): object => ({
  kind: 'workflow',
  name,
  ...accountable,
  root: {
    type: 'sequence',
    steps: tools.map((each, i) => ({ id: `s${i}`, node: { type: 'tool', tool: each, args: {} } })),
  },
});
const documents = [
  tool('look', 'read'),
  tool('note', 'idempotent'),
  tool('pay', 'irreversible'),
  sequence('looks', ['look', 'look']),
  sequence('looks_and_pays', ['look', 'pay']),
  sequence('notes', ['note']),
];
const policy: PolicyBundle = {
  rules: [
    'p, user:caller, {tenant}, workflow:*, run.start, , allow',
    'p, user:caller, {tenant}, tool:*, tool.invoke, , allow',
    'p, user:boss, {tenant}, run:*, run.cancel, , allow',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

describe('effects beside a log that is behind', () => {
  let scenario: Scenario;
  let home: LogHome;
  const reached: string[] = [];
  const act = (name: string) => (): string => (reached.push(name), name);

  beforeEach(async () => {
    reached.length = 0;
    home = logHome();
    scenario = await openScenario({
      documents,
      policy,
      doors: (open) => ({
        models: { complete: () => Promise.reject(new Error('no model here')) },
        tools: functionTransport({ open, functions: { look: act('look'), note: act('note'), pay: act('pay') } }),
      }),
      options: { concurrency: 16, heartbeatMs: 200, sweepMs: 100, mailMs: 50 },
      watch: { mostLagMs: 300, lookMs: 50 },
    });
    // The scenario's own events wait since its beginning: nobody seals.
    await behind();
  });

  afterEach(async () => {
    await scenario.close();
    home.remove();
  });

  const behind = (): Promise<unknown> =>
    until('the log to be too far behind', async () => scenario.log!.blocks(scenario.tenant) !== null);

  async function start(workflow: string): Promise<RunId> {
    const { tenant, caller } = scenario;
    const started = await scenario.engine.commands.start({ tenant, caller, workflow, input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  const stands = (run: RunId, status: string): Promise<unknown> =>
    until(`${run} to be ${status}`, async () => {
      const { rows } = await scenario.outsider.query<{ status: string }>(`select status from writ.run where id = $1`, [
        run,
      ]);
      return rows[0]?.status === status;
    });

  it('[I14] that change something wait, others go on; what takes rights away never waits; all go on after a checkpoint', async () => {
    const { tenant, outsider } = scenario;
    const boss: Principal = { tenant, kind: 'user', id: 'user:boss', roles: [] };
    const [paying, noting, given] = [
      await start('looks_and_pays'),
      await start('notes'),
      await start('looks_and_pays'),
    ];
    const looking = await start('looks');
    await stands(looking, 'succeeded');
    await until('what changes nothing to be done', async () => reached.length >= 4);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(reached.filter((name) => name !== 'look')).toEqual([]);
    expect(reached).toHaveLength(4);
    const cancelled = await scenario.engine.commands.cancel({ tenant, caller: boss, run: given, reason: 'enough' });
    expect(cancelled.ok).toBe(true);
    await stands(given, 'cancelled');
    const stop = await scenario.db.withTenant(tenant, (tx) =>
      setStop(tx, { tenant, scope: 'tool', target: 'note', reason: 'drill', author: 'user:boss' }),
    );
    expect(stop.ok).toBe(true);
    await scenario.activate({
      ...policy,
      rules: `${policy.rules}\np, user:x, {tenant}, tool:look, tool.invoke, , allow`,
    });

    const sequencer = await openSequencer(scenario.ownerUrl, home);
    await stands(paying, 'succeeded');
    expect(reached.filter((name) => name === 'pay')).toHaveLength(1);
    // The one that waited for the log meets the stop that was set meanwhile.
    await stands(noting, 'paused');
    expect(reached).not.toContain('note');
    await stands(await start('looks_and_pays'), 'succeeded');
    for (const run of [paying, looking, given]) await checkRun(outsider, run);
    await sequencer.close();
    await verifyLog(outsider, { outside: home.checkpoints, allSealed: false });
  });

  it('[I14] held in the middle of a round, and let go: the effects wait that long and no longer', async () => {
    let release: () => void = () => undefined;
    let holding = false;
    const held = new Promise<void>((resolve) => (release = resolve));
    const sequencer = await openSequencer(scenario.ownerUrl, home, {
      faults: { at: (point) => (point === 'placed' && holding ? held : undefined) },
    });
    await stands(await start('looks_and_pays'), 'succeeded');
    holding = true;
    await start('looks');
    await behind();
    const waiting = await start('looks_and_pays');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(reached.filter((name) => name === 'pay')).toHaveLength(1);
    holding = false;
    release();
    await stands(waiting, 'succeeded');
    expect(reached.filter((name) => name === 'pay')).toHaveLength(2);
    await sequencer.close();
    await verifyLog(scenario.outsider, { outside: home.checkpoints });
  });
});
