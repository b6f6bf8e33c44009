import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { type Child, effectsOf, shortenLeases, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';
import { reconcileAll } from '../support/reconcile-all';
import { openScenario, type Scenario } from '../support/scenario';
import { describeWithRedis, type PrivateRedis, startRedis } from '../support/redis';
import { seeded } from '../support/seeded';
import { verifyLog } from '../support/verify-log';

const SOAK = process.env['WRIT_SOAK'] === '1';
const KILLS = SOAK ? 2_000 : 40;
const WORKERS = SOAK ? 8 : 3;
const UNPAID = ['s1', 's3'];

/** No effect lost, none doubled, every run whole. */
async function expectExact(scenario: Scenario, counter: string, runs: readonly RunId[]): Promise<void> {
  const effects = await effectsOf(counter);
  for (const run of runs) {
    const { events, status } = await checkRun(scenario.outsider, run);
    expect(status).toBe('succeeded');
    const steps = new Map<number, string>();
    for (const event of events) if (event.type === 'step_intended') steps.set(event.step, event.path);
    for (const [step, path] of steps) {
      const counted = effects[`${run}.${step}`]?.effects ?? 0;
      if (counted !== 1)
        throw new Error(`${run} step ${step} (${UNPAID.includes(path) ? 'pay' : 'note'}): ${counted} effects`);
    }
    expect(steps.size).toBe(5);
  }
}

async function startRuns(scenario: Scenario, count: number): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (let i = 0; i < count; i++) {
    const { tenant, caller } = scenario;
    const started = await scenario.engine.commands.start({ tenant, caller, workflow: 'five', input: { i } });
    if (!started.ok) throw new Error(started.failure.message);
    runs.push(started.value.run);
  }
  return runs;
}

async function unfinished(scenario: Scenario): Promise<number> {
  const { rows } = await scenario.outsider.query<{ n: number }>(
    `select count(*)::int n from writ.run where finished_at is null`,
  );
  return rows[0]?.n ?? 0;
}

describe('random kills', () => {
  it(
    `[I2] [I4] [I5] ${KILLS} workers killed at random moments: no effect is lost, no unrepeatable one doubled`,
    async () => {
      const random = seeded('random kills');
      const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
      await shortenLeases(scenario.ownerUrl, 3);
      const counter = await startCounter();
      const setup = { url: scenario.ownerUrl, counter: counter.ready };
      const workers: Child[] = await Promise.all(Array.from({ length: WORKERS }, () => startWorkerProcess(setup)));
      const home = logHome();
      const sealing = await openSequencer(scenario.ownerUrl, home);
      const runs: RunId[] = [];
      for (let kills = 0; kills < KILLS;) {
        runs.push(...(await startRuns(scenario, 3)));
        await new Promise((resolve) => setTimeout(resolve, 10 + random() * 250));
        // One, two or all of them at once.
        const victims = [...workers.keys()].filter(() => random() < 0.6).slice(0, KILLS - kills);
        await Promise.all(
          victims.map(async (victim) => {
            await workers[victim]!.kill('SIGKILL');
            workers[victim] = await startWorkerProcess(setup);
          }),
        );
        kills += victims.length;
        if (SOAK && kills % 50 < victims.length) process.stdout.write(`${kills} of ${KILLS} kills\n`);
        await reconcileAll(scenario, counter.ready);
      }
      await until(
        'every run to end',
        async () => {
          await reconcileAll(scenario, counter.ready);
          return (await unfinished(scenario)) === 0;
        },
        400_000,
      );
      await expectExact(scenario, counter.ready, runs);
      await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
      await until('every event to be sealed', async () => (await unsealedUnits(scenario.outsider)) === 0);
      await sealing.close();
      await verifyLog(scenario.outsider, { outside: home.checkpoints, allSealed: true });
      home.remove();
      await scenario.close();
    },
    SOAK ? 3_600_000 : 400_000,
  );
});

describeWithRedis('Redis as the doorbell', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('[I8] flushed while runs are queued and led, and then gone: every run still ends, each effect once', async () => {
    const { BullWakeUp } = await import('@writ/engine');
    const scenario = await openScenario({
      documents: payOrNote,
      policy: crashPolicy,
      wakeUp: new BullWakeUp(redis.url),
    });
    const counter = await startCounter();
    const setup = { url: scenario.ownerUrl, counter: counter.ready, redis: redis.url };
    const runs = await startRuns(scenario, 20);
    const workers = await Promise.all([startWorkerProcess(setup), startWorkerProcess(setup)]);
    redis.command('FLUSHALL');
    runs.push(...(await startRuns(scenario, 20)));
    redis.command('FLUSHALL');
    await until('every run to end', async () => (await unfinished(scenario)) === 0);
    await redis.stop();
    runs.push(...(await startRuns(scenario, 10)));
    await until('every run to end without Redis', async () => (await unfinished(scenario)) === 0);
    await expectExact(scenario, counter.ready, runs);
    await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  }, 400_000);
});
