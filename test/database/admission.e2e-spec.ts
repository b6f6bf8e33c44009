import { Admissions, beat, claimRun, insertMail, releaseWorker, type RunLoad, sweep, type Unit } from '@writ/database';
import { newId, type RunId, type TenantId, type WorkerId } from '@writ/kernel';
import { Ledger, newTenant } from '../support/ledger';
import { creating, following } from '../support/units';

const NO_LIMITS = { mostActive: null, mostInLine: null, reason: 'a test', author: 'user:test' } as const;
const unrecorded = async (): Promise<void> => undefined;

let ledger: Ledger;
let lines: Admissions;
let worker: WorkerId;

beforeEach(async () => {
  ledger = await Ledger.open();
  lines = new Admissions(ledger.db);
  worker = newId('worker');
});
afterEach(() => ledger?.close());

const places = (count: number): Promise<void> => beat(ledger.db, { worker, build: 'test', places: count });
const queued = (tenant: TenantId, wakeAt: number | null): Unit =>
  creating(tenant, { leaseEpoch: 0, status: 'queued', wakeAt, create: { leaseOwner: null } });
async function stand(tenant: TenantId, count: number): Promise<RunId[]> {
  const units = Array.from({ length: count }, () => queued(tenant, Infinity));
  await Promise.all(units.map((unit) => ledger.put(unit)));
  return units.map(({ run }) => run);
}
async function lead(tenant: TenantId, run: RunId): Promise<number> {
  const claimed = await claimRun(ledger.db, { tenant, run, worker });
  if (!claimed) throw new Error(`${run} is not free`);
  return claimed.leaseEpoch;
}
const count = (of: readonly { readonly tenant: TenantId }[], tenant: TenantId): number =>
  of.filter((each) => each.tenant === tenant).length;
const swept = async (): Promise<RunId[]> => (await sweep(ledger.db, { limit: 1000 })).map(({ run }) => run);

describe('a run that stands in line', () => {
  it('[I8] is neither swept nor led before its turn, and both from then on', async () => {
    const [run] = await stand(ledger.tenant, 1);
    await places(1);
    expect(await swept()).toEqual([]);
    expect(await claimRun(ledger.db, { tenant: ledger.tenant, run: run!, worker })).toBeNull();
    expect(await lines.admit(10)).toEqual({ runs: [{ tenant: ledger.tenant, run }], more: false });
    expect(await swept()).toEqual([run]);
    expect(await lead(ledger.tenant, run!)).toBeGreaterThan(0);
  });

  it('is led to be cancelled, or once its deadline has passed, and for no other letter', async () => {
    const { tenant } = ledger;
    const [told, cancelled] = await stand(tenant, 2);
    const late = queued(tenant, Infinity);
    await ledger.put({ ...late, create: { ...late.create!, deadlineAt: Date.now() - 1_000 } });
    for (const [run, kind] of [
      [told!, 'signal'],
      [cancelled!, 'cancel'],
    ] as const) {
      const letter = { tenant, run, id: newId('mail'), kind, body: '{}', dedup: null, sender: 'user:somebody' };
      await ledger.db.withTenant(tenant, (tx) => insertMail(tx, letter));
    }
    await places(1);
    expect((await swept()).sort()).toEqual([cancelled!, late.run].sort());
    expect(await claimRun(ledger.db, { tenant, run: told!, worker })).toBeNull();
    expect(await lead(tenant, cancelled!)).toBeGreaterThan(0);
    expect(await lead(tenant, late.run)).toBeGreaterThan(0);
  });

  it('stays there while no worker is alive, and is let in when one comes', async () => {
    await stand(ledger.tenant, 1);
    expect(await lines.admit(10)).toEqual({ runs: [], more: true });
    await places(4);
    expect((await lines.admit(10)).runs).toHaveLength(1);
    await releaseWorker(ledger.db, worker);
    await stand(ledger.tenant, 1);
    expect(await lines.admit(10)).toEqual({ runs: [], more: true });
  });
});

describe('places', () => {
  it('are filled, and a quarter more; the next is let in when one ends or rests, and not before', async () => {
    const { tenant } = ledger;
    await stand(tenant, 20);
    await places(8);
    const { runs } = await lines.admit(100);
    expect(runs).toHaveLength(10);
    expect((await lines.admit(100)).runs).toEqual([]);
    const [first, second] = runs;
    const led = async (run: RunId): Promise<Unit> => ({
      ...queued(tenant, null),
      run,
      leaseEpoch: await lead(tenant, run),
    });
    await ledger.put(following(await led(first!.run), { status: 'succeeded', release: true }));
    expect((await lines.admit(100)).runs).toHaveLength(1);
    await ledger.put(following(await led(second!.run), { status: 'waiting_external', wait: '{}', release: true }));
    expect((await lines.admit(100)).runs).toHaveLength(1);
    expect(await lines.admit(100)).toEqual({ runs: [], more: true });
  });

  it('[I12] of twenty looks at the lines at once, no two give the same place away', async () => {
    await stand(ledger.tenant, 40);
    await places(8);
    const admitted = (await Promise.all(Array.from({ length: 20 }, () => lines.admit(100)))).flatMap(
      ({ runs }) => runs,
    );
    expect(admitted).toHaveLength(10);
    expect(new Set(admitted.map(({ run }) => run)).size).toBe(10);
  });

  it('go to tenants by weight while all want more', async () => {
    const other = await newTenant(ledger.db);
    await ledger.db.withTenant(other, (tx) => lines.grant(tx, { ...NO_LIMITS, tenant: other, weight: 3 }, unrecorded));
    await stand(ledger.tenant, 40);
    await stand(other, 40);
    await places(16);
    const { runs } = await lines.admit(100);
    expect([count(runs, ledger.tenant), count(runs, other)]).toEqual([5, 15]);
  });

  it('are found for a tenant below its share also when another holds them all', async () => {
    const { tenant } = ledger;
    const other = await newTenant(ledger.db);
    await stand(tenant, 40);
    await places(8);
    expect((await lines.admit(100)).runs).toHaveLength(10);
    await stand(other, 40);
    const { runs } = await lines.admit(100);
    expect([count(runs, tenant), count(runs, other)]).toEqual([0, 5]);
  });

  it('of a tenant with a limit of its own are no more than that', async () => {
    const { tenant } = ledger;
    await ledger.db.withTenant(tenant, (tx) => lines.limit(tx, { ...NO_LIMITS, tenant, mostActive: 3 }, unrecorded));
    await stand(tenant, 10);
    await places(16);
    expect((await lines.admit(100)).runs).toHaveLength(3);
    expect(await lines.admit(100)).toEqual({ runs: [], more: true });
  });
});

describe('a line', () => {
  it('is ordered by priority, then by who came first', async () => {
    const { tenant } = ledger;
    const [first, second, third] = await stand(tenant, 3);
    await lines.setPriority(tenant, third!, 5);
    await places(1);
    const order: RunId[] = [];
    for (let i = 0; i < 3; i++) {
      const { runs } = await lines.admit(1);
      order.push(...runs.map(({ run }) => run));
      await ledger.outsider.query(`update writ.run set wake_at = now() + interval '1 hour' where id = any ($1)`, [
        order,
      ]);
      await ledger.outsider.query(`update writ.run set status = 'paused' where id = any ($1)`, [order]);
    }
    expect(order).toEqual([third, first, second]);
  });

  it('is counted with what is under way, per tenant, and with the places of the living', async () => {
    const { tenant } = ledger;
    const other = await newTenant(ledger.db);
    await stand(tenant, 12);
    await stand(other, 2);
    await places(4);
    const { runs } = await lines.admit(4);
    await lead(runs[0]!.tenant, runs[0]!.run);
    const load = await lines.load();
    expect(load.places).toBe(4);
    const mine = load.tenants.get(tenant)!;
    const theirs = load.tenants.get(other)!;
    expect([mine.active + theirs.active, mine.inLine + theirs.inLine]).toEqual([4, 10]);
    expect(mine.waitedMs).toBeGreaterThan(0);
    expect(mine.linedUpMs).toBeGreaterThan(0);
    expect(load.tenants.get(await newTenant(ledger.db))).toBeUndefined();
  });

  it('is the same at a short look, with lines counted no further than asked', async () => {
    const { tenant } = ledger;
    const other = await newTenant(ledger.db);
    const lone = await newTenant(ledger.db);
    await stand(tenant, 9);
    await stand(other, 2);
    await ledger.put(queued(lone, null));
    await places(2);
    const { runs } = await lines.admit(2);
    for (const { tenant: whose, run } of runs) await lead(whose, run);
    const plain = ({ tenants }: RunLoad) =>
      [...tenants].map(([whose, { waitedMs, linedUpMs, ...load }]) => ({
        ...load,
        whose,
        waits: waitedMs > 0,
        linedUp: linedUpMs > 0,
      }));
    const byTenant = (a: { readonly whose: TenantId }, b: { readonly whose: TenantId }) => (a.whose < b.whose ? -1 : 1);
    const exact = plain(await lines.load()).sort(byTenant);
    const most = 3;
    expect(exact.some(({ inLine }) => inLine > most)).toBe(true);
    expect(plain(await lines.load(most)).sort(byTenant)).toEqual(
      exact.map((load) => ({ ...load, inLine: Math.min(load.inLine, most) })),
    );
    expect(plain(await lines.load(1_000)).sort(byTenant)).toEqual(exact);
  });
});

describe('a worker that is gone', () => {
  it('is forgotten once it is long silent and holds no lease, and not before', async () => {
    const { tenant } = ledger;
    await places(4);
    const { run } = await ledger.put(queued(tenant, null));
    await lead(tenant, run);
    const silent = (seconds: number) =>
      ledger.outsider.query(`update writ.worker set beat_at = now() - make_interval(secs => $1)`, [seconds]);
    await silent(50);
    expect(await lines.forgetWorkers()).toBe(0);
    await silent(120);
    expect(await lines.forgetWorkers()).toBe(0);
    const heir = newId('worker');
    await beat(ledger.db, { worker: heir, build: 'test', places: 1 });
    expect(await claimRun(ledger.db, { tenant, run, worker: heir })).toMatchObject({ takenOver: true });
    expect(await lines.forgetWorkers()).toBe(1);
    const { rows } = await ledger.outsider.query(`select id from writ.worker`);
    expect(rows).toEqual([{ id: heir }]);
  });
});
