import { setTimeout as sleep } from 'node:timers/promises';
import { beat, Providers, type ProviderLimits } from '@writ/database';
import { newId, type WorkerId } from '@writ/kernel';
import { Ledger } from '../support/ledger';

let ledger: Ledger;
let providers: Providers;

beforeAll(async () => {
  ledger = await Ledger.open();
  providers = new Providers(ledger.db);
});
afterAll(() => ledger?.close());

const FREE: ProviderLimits = { most: null, everyMs: null, burstMs: 0 };
let made = 0;
const fresh = () => ({ key: `endpoint ${(made += 1)}`, name: 'a-model' });
async function alive(): Promise<WorkerId> {
  const worker = newId('worker');
  await beat(ledger.db, { worker, build: 'test', places: 1 });
  return worker;
}
const asked = (worker: WorkerId, limits: Partial<ProviderLimits> = {}) => ({
  worker,
  limits: { ...FREE, ...limits },
  probeMs: 400,
});

describe('calls under way', () => {
  it('[I12] are never more than the limit, however many workers ask at once, and one that ends makes room', async () => {
    const endpoint = fresh();
    const workers = await Promise.all(Array.from({ length: 6 }, alive));
    const answers = await Promise.all(
      workers.flatMap((worker) =>
        Array.from({ length: 5 }, () => providers.enter(endpoint, asked(worker, { most: 7 }))),
      ),
    );
    expect(answers.filter(({ reason }) => reason === null)).toHaveLength(7);
    expect(answers.filter(({ reason, waitMs }) => reason === 'concurrency' && waitMs > 0)).toHaveLength(23);
    const { rows } = await ledger.outsider.query<{ worker: WorkerId }>(
      `select worker from writ.provider_calls where key = $1 and calls > 0 limit 1`,
      [endpoint.key],
    );
    await providers.leave(endpoint, { worker: rows[0]!.worker, counted: true, end: { kind: 'ok' } });
    expect((await providers.enter(endpoint, asked(workers[0]!, { most: 7 }))).reason).toBeNull();
    expect((await providers.enter(endpoint, asked(workers[0]!, { most: 7 }))).reason).toBe('concurrency');
  });

  it('of a worker that died do not count', async () => {
    const endpoint = fresh();
    const [dead, living] = [await alive(), await alive()];
    expect((await providers.enter(endpoint, asked(dead, { most: 1 }))).reason).toBeNull();
    expect((await providers.enter(endpoint, asked(living, { most: 1 }))).reason).toBe('concurrency');
    await ledger.outsider.query(`update writ.worker set beat_at = now() - interval '1 minute' where id = $1`, [dead]);
    expect((await providers.enter(endpoint, asked(living, { most: 1 }))).reason).toBeNull();
  });
});

describe('the rate', () => {
  it('[I12] is kept over all workers: of forty asking at once, as many go as fit, and the others are told when', async () => {
    const endpoint = fresh();
    const worker = await alive();
    // One call each 100 ms, and half a second ahead of that: six at once.
    const limits = { everyMs: 100, burstMs: 500 };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => providers.enter(endpoint, asked(worker, limits))),
    );
    const went = answers.filter(({ reason }) => reason === null).length;
    expect(went).toBeGreaterThanOrEqual(6);
    // Those that waited for the row were asked a little later.
    expect(went).toBeLessThanOrEqual(10);
    const told = answers.find(({ reason }) => reason === 'rate')!;
    expect(told.waitMs).toBeGreaterThan(0);
    expect(told.waitMs).toBeLessThanOrEqual(100);
    await sleep(120);
    expect((await providers.enter(endpoint, asked(worker, limits))).reason).toBeNull();
  });
});

describe('an endpoint', () => {
  it('that asked to be left alone is left alone by every worker for that long', async () => {
    const endpoint = fresh();
    const [one, other] = [await alive(), await alive()];
    await providers.leave(endpoint, { worker: one, counted: false, end: { kind: 'limited', pauseMs: 300 } });
    expect(await providers.enter(endpoint, asked(other))).toMatchObject({ reason: 'paused' });
    expect((await providers.troubled()).find(({ key }) => key === endpoint.key)!.pausedMs).toBeGreaterThan(0);
    await sleep(320);
    expect((await providers.enter(endpoint, asked(other))).reason).toBeNull();
    expect((await providers.troubled()).find(({ key }) => key === endpoint.key)).toBeUndefined();
  });

  it('that failed five times in a row is not called, then by one probe at a time, and again once a probe went well', async () => {
    const endpoint = fresh();
    const worker = await alive();
    const fail = () => providers.leave(endpoint, { worker, counted: false, end: { kind: 'failed' } });
    for (let i = 0; i < 4; i++) await fail();
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
    await fail();
    expect(await providers.enter(endpoint, asked(worker))).toMatchObject({ reason: 'open' });
    const expire = () =>
      ledger.outsider.query(`update writ.provider set open_until = now() - interval '1 ms' where key = $1`, [
        endpoint.key,
      ]);
    await expire();
    const probes = await Promise.all(Array.from({ length: 8 }, () => providers.enter(endpoint, asked(worker))));
    expect(probes.filter(({ reason }) => reason === null)).toHaveLength(1);
    expect(probes.filter(({ reason }) => reason === 'probing')).toHaveLength(7);
    await fail();
    const again = await providers.enter(endpoint, asked(worker));
    expect(again.reason).toBe('open');
    expect(again.waitMs).toBeGreaterThan(1_500);
    await expire();
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
    await providers.leave(endpoint, { worker, counted: false, end: { kind: 'ok' } });
    const well = await Promise.all(Array.from({ length: 8 }, () => providers.enter(endpoint, asked(worker))));
    expect(well.every(({ reason }) => reason === null)).toBe(true);
  });

  it('whose probe was never heard of again is probed by the next', async () => {
    const endpoint = fresh();
    const worker = await alive();
    for (let i = 0; i < 5; i++) await providers.leave(endpoint, { worker, counted: false, end: { kind: 'failed' } });
    await ledger.outsider.query(`update writ.provider set open_until = now() where key = $1`, [endpoint.key]);
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
    expect((await providers.enter(endpoint, asked(worker))).reason).toBe('probing');
    await sleep(450);
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
  });
});
