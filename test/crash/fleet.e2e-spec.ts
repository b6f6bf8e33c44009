import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { BullWakeUp } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote, payOrNoteOverHttp } from '../support/crash-documents';
import { type Effects, effectsOf, shortenLeases, startCounter, until } from '../support/crash-world';
import { Fleet, ownPostgres, reconcileAll, startMany, unfinished } from '../support/fleet';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';
import { describeWithRedis, type PrivateRedis, startRedis } from '../support/redis';
import { openScenario } from '../support/scenario';
import { seeded } from '../support/seeded';
import { verifyLog } from '../support/verify-log';

const SOAK = process.env['WRIT_SOAK'] === '1';
const RUNS = SOAK ? Number(process.env['WRIT_SOAK_RUNS'] ?? 20_000) : 500;
const STEPS = 5;
const WORKERS = 4;
/** Of a dead worker, in this test. */
const LEASE_MS = 3_000;
const KILL_EACH_MS = SOAK ? 4_000 : 2_500;
/** Of this many runs or fewer each is checked whole, of more a sample drawn by the seed. */
const CHECKED = SOAK ? 2_000 : 100;

/** Steps whose effect did not happen exactly once, over all runs. */
function notOnce(runs: readonly RunId[], effects: Effects): string[] {
  return runs.flatMap((run) =>
    Array.from({ length: STEPS }, (_, i) => `${run}.${i + 1}`)
      .filter((step) => effects[step]?.effects !== 1)
      .map((step) => `${step}: ${effects[step]?.effects ?? 0}`),
  );
}

const pick = (runs: readonly RunId[], random: () => number): readonly RunId[] =>
  runs.length <= CHECKED ? runs : Array.from({ length: CHECKED }, () => runs[Math.floor(random() * runs.length)]!);

const jobsOf = (redis: PrivateRedis): number => Number(redis.command('GET', 'bull:writ-runs:id').trim() || 0);

describeWithRedis('four workers over Redis', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(
    `[I2] [I4] [I5] [I8] ${RUNS} runs while workers are killed, one is frozen past its lease, Redis is flushed and Postgres crashes: all end, each effect once`,
    async () => {
      const random = seeded('fleet');
      const postgres = await ownPostgres();
      const counter = await startCounter();
      const scenario = await openScenario({
        documents: payOrNoteOverHttp(new URL(counter.ready).origin),
        policy: crashPolicy,
        ownerUrl: postgres.url,
        wakeUp: new BullWakeUp(redis.url),
      });
      await shortenLeases(postgres.url, LEASE_MS / 1_000);
      const home = logHome();
      const sealing = await openSequencer(postgres.url, home);
      const began = performance.now();
      const fleet = await Fleet.start({ url: postgres.url, counter: counter.ready, redis: redis.url }, WORKERS);

      let outsider: Client = scenario.outsider;
      let over = false;
      let kills = 0;
      const killing = (async () => {
        while (!over) {
          await sleep(KILL_EACH_MS * (0.5 + random()));
          if (over) return;
          // The first is frozen for a while, not killed.
          await fleet.kill(1 + Math.floor(random() * (WORKERS - 1)));
          kills += 1;
        }
      })();
      const starting = startMany(scenario, RUNS, { tenant: scenario.tenant, workflow: 'five' });
      await until(
        'a fifth of the runs to end',
        async () => (await ended(outsider)) >= RUNS / 5,
        SOAK ? 1_200_000 : 400_000,
      );
      redis.command('FLUSHALL');
      await fleet.workers[0]!.kill('SIGSTOP');
      await until(
        'half of the runs to end',
        async () => {
          await reconcileAll(scenario, counter.ready, outsider);
          return (await ended(outsider)) >= RUNS / 2;
        },
        SOAK ? 1_200_000 : 400_000,
      );
      await postgres.crash();
      outsider = await scenario.reconnect();
      const runs = await starting;
      await sleep(LEASE_MS);
      await fleet.workers[0]!.kill('SIGCONT');
      await until(
        'every run to end',
        async () => {
          await reconcileAll(scenario, counter.ready, outsider).catch(() => undefined);
          await sleep(LOOK_MS);
          return (await unfinished(outsider)) === 0;
        },
        SOAK ? 3_600_000 : 400_000,
      );
      const seconds = (performance.now() - began) / 1000;
      over = true;
      await killing;

      expect(new Set(runs).size).toBe(RUNS);
      const { rows } = await outsider.query<{ status: string; n: number }>(
        `select status, count(*)::int n from writ.run group by status`,
      );
      expect(rows).toEqual([{ status: 'succeeded', n: RUNS }]);
      expect(notOnce(runs, await effectsOf(counter.ready))).toEqual([]);
      for (const run of pick(runs, random)) await checkRun(outsider, run);
      await fleet.end();
      await counter.kill('SIGKILL');
      await until('every event to be sealed', async () => (await unsealedUnits(outsider)) === 0, 120_000);
      await sealing.close();
      await verifyLog(outsider, { outside: home.checkpoints, allSealed: true });
      process.stdout.write(
        `fleet: ${RUNS} runs, ${kills} kills, one flush, one crash of Postgres, ${seconds.toFixed(1)} s\n`,
      );
      home.remove();
      await scenario.close();
      await postgres.close();
    },
    SOAK ? 7_200_000 : 600_000,
  );

  it('[I8] rings at most twice for a run, however many steps it has', async () => {
    redis.command('FLUSHALL');
    const scenario = await openScenario({
      documents: payOrNote,
      policy: crashPolicy,
      wakeUp: new BullWakeUp(redis.url),
    });
    const counter = await startCounter();
    const fleet = await Fleet.start({ url: scenario.ownerUrl, counter: counter.ready, redis: redis.url }, 2);
    const count = 200;
    await startMany(scenario, count, { tenant: scenario.tenant, workflow: 'nothing_five', abreast: 16 });
    await until('every run to end', async () => (await unfinished(scenario.outsider)) === 0);
    const jobs = jobsOf(redis);
    process.stdout.write(`fleet: ${jobs} jobs for ${count} runs of ${STEPS} steps\n`);
    expect(jobs).toBeLessThanOrEqual(2 * count);
    await fleet.end();
    await counter.kill('SIGKILL');
    await scenario.close();
  });
});

/** Twenty thousand rows are not counted twenty times a second: that alone would keep a core busy. */
const LOOK_MS = SOAK ? 500 : 0;

async function ended(outsider: Client): Promise<number> {
  await sleep(LOOK_MS);
  const { rows } = await outsider.query<{ n: number }>(
    `select count(*)::int n from writ.run where finished_at is not null`,
  );
  return rows[0]!.n;
}
