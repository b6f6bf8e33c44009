import { newId, type RunId, type TenantId } from '@writ/kernel';
import { BullWakeUp } from '@writ/engine';
import { until } from '../support/crash-world';
import { describeWithRedis, type PrivateRedis, startRedis } from '../support/redis';

const tenant = newId('tenant');
const runs = (count: number): RunId[] => Array.from({ length: count }, () => newId('run'));
const jobsOf = (redis: PrivateRedis): number => Number(redis.command('GET', 'bull:writ-runs:id').trim() || 0);

describeWithRedis('the doorbell over Bull', () => {
  let redis: PrivateRedis;
  const bells: BullWakeUp[] = [];
  const open = (concurrency?: number): BullWakeUp => {
    const bell = new BullWakeUp(redis.url, concurrency);
    bells.push(bell);
    return bell;
  };

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(bells.splice(0).map((bell) => bell.close()));
    await redis.stop();
  });

  it('rings of one turn travel together, and each is heard once', async () => {
    const heard: RunId[] = [];
    for (const bell of [open(), open()]) {
      await bell.listen((_tenant: TenantId, run) => {
        heard.push(run);
        return Promise.resolve();
      });
    }
    const rung = runs(40);
    const outside = open();
    for (const run of [...rung, ...rung.slice(0, 5)]) await outside.ring(tenant, run);
    await until('all rings', () => Promise.resolve(heard.length >= rung.length));
    expect(heard.toSorted()).toEqual(rung.toSorted());
    expect(jobsOf(redis)).toBeLessThan(rung.length);
  });

  it('a worker that has enough leaves what came along to others', async () => {
    const here: RunId[] = [];
    const there: RunId[] = [];
    const full = open(2);
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    await full.listen((_tenant, run) => {
      here.push(run);
      return over;
    });
    const outside = open();
    const first = runs(16);
    for (const run of first) await outside.ring(tenant, run);
    await until('the first runs', () => Promise.resolve(here.length >= first.length));
    const second = runs(16);
    for (const run of second) await outside.ring(tenant, run);
    await until('one more run', () => Promise.resolve(here.length > first.length));
    await open().listen((_tenant, run) => {
      there.push(run);
      return Promise.resolve();
    });
    await until('those left to others', () =>
      Promise.resolve(here.length + there.length >= first.length + second.length),
    );
    end();
    expect([...here, ...there].toSorted()).toEqual([...first, ...second].toSorted());
    expect(there.length).toBeGreaterThan(0);
  });
});
