import { setTimeout as sleep } from 'node:timers/promises';
import { createTenant } from '@writ/database';
import { readJournal } from '@writ/engine';
import { newId, type RunId, type TenantId } from '@writ/kernel';
import { activatePolicy } from '@writ/policy';
import { publish } from '@writ/registry';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { startCounter } from '../support/crash-world';
import { Fleet } from '../support/fleet';
import { describeWithRedis, type PrivateRedis, startRedis } from '../support/redis';
import { openScenario, type Scenario } from '../support/scenario';
import { Starter } from '../support/starter';

const SOAK = process.env['WRIT_SOAK'] === '1';
const FLOOD = SOAK ? Number(process.env['WRIT_SOAK_FLOOD'] ?? 50_000) : 2_500;
const PROBES = SOAK ? FLOOD / 50 : 80;
const EACH_MS = 50;
const WORKERS = 2;
/** Of all workers. */
const PLACES = 32;
const P99_MS = 250;
const TIMES = 5;

const atPercent = (values: readonly number[], percent: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? NaN;

/** A second tenant with the same policy and documents. */
async function another(scenario: Scenario): Promise<TenantId> {
  const tenant = newId('tenant');
  await scenario.db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: 'another' }));
  await scenario.db.withTenant(tenant, async (tx) => {
    const active = await activatePolicy(tx, { tenant, bundle: crashPolicy, author: 'user:author' });
    if (!active.ok) throw new Error(active.failure.message);
    const published = await publish(tx, { tenant, author: 'user:author', documents: payOrNote });
    if (!published.ok) throw new Error(published.failure.message);
  });
  return tenant;
}

/** Times of one run, epoch milliseconds: when it was asked for, when that was answered, when its first step was decided. */
interface Probe {
  readonly asked: number;
  readonly durable: number;
  readonly begun: number;
}

const delaysOf = (probes: readonly Probe[]): number[] => probes.map(({ asked, begun }) => begun - asked);

/** Starts runs at a steady pace and answers when each began. */
async function probe(
  { scenario, starter }: { readonly scenario: Scenario; readonly starter: Starter },
  tenant: TenantId,
  count: number,
): Promise<Probe[]> {
  const caller = { ...scenario.caller, tenant };
  const runs = await starter.start({ tenant, caller, workflow: 'nothing_five', count, abreast: 1, eachMs: EACH_MS });
  const probes: Probe[] = [];
  for (const { run, ...times } of runs) probes.push({ ...times, begun: await begunAt(scenario, tenant, run) });
  return probes;
}

/** When the runs of a tenant made the intent of their first step, in order. */
async function beginnings({ outsider }: Scenario, tenant: TenantId): Promise<number[]> {
  const { rows } = await outsider.query<{ at: string }>(
    `select (split_part(events, E'\\n', 1)::json ->> 'at') as at from writ.journal where tenant = $1 and seq = 1`,
    [tenant],
  );
  return rows.map(({ at }) => Number(at));
}

async function begunAt(scenario: Scenario, tenant: TenantId, run: RunId): Promise<number> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const events = await readJournal(scenario.db, tenant, run);
    const first = events.find((event) => event.type === 'step_intended');
    if (first) return first.at;
  }
  throw new Error(`${run} has not begun within a minute`);
}

describeWithRedis('one tenant floods', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(
    `${FLOOD} runs, and another tenant’s next run begins before them${SOAK ? `, within ${P99_MS} ms and ${TIMES} times what it takes alone` : ''}`,
    async () => {
      const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
      const other = await another(scenario);
      const counter = await startCounter();
      const setup = { url: scenario.ownerUrl, counter: counter.ready, redis: redis.url, concurrency: PLACES / WORKERS };
      const fleet = await Fleet.start(setup, WORKERS);
      const starter = await Starter.open({ url: scenario.ownerUrl, redis: redis.url });
      const world = { scenario, starter };
      await probe(world, other, PROBES / 4);
      const alone = delaysOf(await probe(world, other, PROBES));
      const { tenant, caller } = scenario;
      const flood = { tenant, caller, workflow: 'nothing_five', count: FLOOD, abreast: 8, eachMs: null };
      const flooding = starter.start(flood);
      await sleep(500);
      const probes = await probe(world, other, PROBES);
      const beside = delaysOf(probes);
      const begun = await beginnings(scenario, scenario.tenant);
      const overtaken = probes.map((one) => begun.filter((at) => at > one.asked && at < one.begun).length);
      const shown = (values: readonly number[]): string =>
        `p50 ${atPercent(values, 50)} ms, p99 ${atPercent(values, 99)} ms`;
      const durable = probes.map((one) => one.durable - one.asked);
      process.stdout.write(
        `fairness: until the start is durable ${shown(durable)}\n` +
          `fairness: alone ${shown(alone)}; beside ${FLOOD} runs ${shown(beside)}; ${FLOOD - begun.length} of them had not begun; ` +
          `of the flood at most ${Math.max(...overtaken)} began between asking for a run and its beginning\n`,
      );
      // Not by the clock: however busy the machine is, no more of the flood go before than there are places.
      expect(begun.length).toBeLessThan(FLOOD);
      expect(Math.max(...overtaken)).toBeLessThanOrEqual(2 * PLACES);
      // The clock is for a machine that does nothing else.
      if (SOAK) {
        expect(atPercent(beside, 99)).toBeLessThanOrEqual(P99_MS);
        expect(atPercent(beside, 99)).toBeLessThanOrEqual(TIMES * atPercent(alone, 99));
      }
      await flooding;
      await starter.close();
      await fleet.end();
      await counter.kill('SIGKILL');
      await scenario.close();
    },
    SOAK ? 3_600_000 : 400_000,
  );
});
