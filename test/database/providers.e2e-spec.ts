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
/** Open for longer than any statement here takes. */
const longOpen = (endpoint: { readonly key: string }): Promise<unknown> =>
  ledger.outsider.query(`update writ.provider set open_until = open_until + interval '1 minute' where key = $1`, [
    endpoint.key,
  ]);
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
  probeMs: 60_000,
});
/** What an endpoint waits for is over now. */
const over = (
  endpoint: { readonly key: string },
  what: 'paused_until' | 'open_until' | 'probe_until',
): Promise<unknown> =>
  ledger.outsider.query(`update writ.provider set ${what} = now() - interval '1 ms' where key = $1`, [endpoint.key]);

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
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => providers.enter(endpoint, asked(worker, limits))),
    );
    const went = answers.filter(({ reason }) => reason === null).length;
    expect(went).toBeGreaterThanOrEqual(6);
    // Those that waited for the row were asked a little later.
    expect(went).toBeLessThanOrEqual(6 + Math.ceil((performance.now() - began) / limits.everyMs));
    for (const { waitMs } of answers.filter(({ reason }) => reason === 'rate')) {
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(limits.everyMs);
    }
    await ledger.outsider.query(`update writ.provider set next_at = next_at - interval '100 ms' where key = $1`, [
      endpoint.key,
    ]);
    expect((await providers.enter(endpoint, asked(worker, limits))).reason).toBeNull();
  });
});

describe('an endpoint', () => {
  it('that asked to be left alone is left alone by every worker for that long', async () => {
    const endpoint = fresh();
    const [one, other] = [await alive(), await alive()];
    await providers.leave(endpoint, { worker: one, counted: false, end: { kind: 'limited', pauseMs: 60_000 } });
    expect(await providers.enter(endpoint, asked(other))).toMatchObject({ reason: 'paused' });
    expect((await providers.troubled()).find(({ key }) => key === endpoint.key)!.pausedMs).toBeGreaterThan(0);
    await over(endpoint, 'paused_until');
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
    await longOpen(endpoint);
    expect(await providers.enter(endpoint, asked(worker))).toMatchObject({ reason: 'open' });
    await over(endpoint, 'open_until');
    const probes = await Promise.all(Array.from({ length: 8 }, () => providers.enter(endpoint, asked(worker))));
    expect(probes.filter(({ reason }) => reason === null)).toHaveLength(1);
    expect(probes.filter(({ reason }) => reason === 'probing')).toHaveLength(7);
    // Twice as long as the first time: at least so long from the beginning of the transaction that says so.
    await ledger.outsider.query('begin');
    await ledger.outsider.query(`select writ.leave_provider($1, $2, $3, false, 'failed', 0)`, [
      endpoint.key,
      endpoint.name,
      worker,
    ]);
    const { rows } = await ledger.outsider.query<{ seconds: number }>(
      `select extract(epoch from open_until - now())::float8 as seconds from writ.provider where key = $1`,
      [endpoint.key],
    );
    await ledger.outsider.query('commit');
    expect(rows[0]!.seconds).toBeGreaterThanOrEqual(2);
    await longOpen(endpoint);
    expect(await providers.enter(endpoint, asked(worker))).toMatchObject({ reason: 'open' });
    await over(endpoint, 'open_until');
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
    await providers.leave(endpoint, { worker, counted: false, end: { kind: 'ok' } });
    const well = await Promise.all(Array.from({ length: 8 }, () => providers.enter(endpoint, asked(worker))));
    expect(well.every(({ reason }) => reason === null)).toBe(true);
  });

  it('whose probe was never heard of again is probed by the next', async () => {
    const endpoint = fresh();
    const worker = await alive();
    for (let i = 0; i < 5; i++) await providers.leave(endpoint, { worker, counted: false, end: { kind: 'failed' } });
    await over(endpoint, 'open_until');
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
    expect((await providers.enter(endpoint, asked(worker))).reason).toBe('probing');
    await over(endpoint, 'probe_until');
    expect((await providers.enter(endpoint, asked(worker))).reason).toBeNull();
  });
});
