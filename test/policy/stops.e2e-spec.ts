import { createTenant, type Database, openDatabase, sweep } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { listStops, type PolicyChange, releaseStop, setStop } from '@writ/policy';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { Ledger, newTenant } from '../support/ledger';
import { creating } from '../support/units';

let fresh: FreshDatabase;
let db: Database;
let tenant: TenantId;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
});

beforeEach(async () => {
  tenant = newId('tenant');
  await db.withTenant(tenant, (tx) => createTenant(tx, { tenant, name: 'a shop' }));
});

afterAll(async () => {
  await db.close();
  await fresh.drop();
});

const author = 'user:operator';
const set = async (part: object = {}, recorded?: PolicyChange[]) =>
  db.withTenant(tenant, (tx) =>
    setStop(
      tx,
      { tenant, scope: 'tool', target: 'refund', reason: 'it refunds too much', author, ...part },
      recorded && (async (change) => void recorded.push(change)),
    ),
  );
const list = (state: 'in_force' | 'all', part: object = {}) =>
  db.withTenant(tenant, (tx) => listStops(tx, { tenant, state, limit: 10, ...part }));

describe('a stop', () => {
  it('is set and released once, each raising the authority epoch and recorded first', async () => {
    const recorded: PolicyChange[] = [];
    const made = await set({}, recorded);
    if (!made.ok) throw new Error(made.failure.message);
    const { stop, epoch } = made.value;
    expect(stop).toMatchObject({ tenant, scope: 'tool', target: 'refund', setBy: author, releasedBy: null });
    expect(epoch).toBe(2);
    const release = () =>
      db.withTenant(tenant, (tx) =>
        releaseStop(tx, { tenant, id: stop.id, reason: 'mended', author: 'user:second' }, async (change) => {
          recorded.push(change);
        }),
      );
    expect(await release()).toMatchObject({ ok: true, value: { stop: { releasedBy: 'user:second' }, epoch: 3 } });
    expect(await release()).toMatchObject({ ok: false, failure: { code: 'stop_released' } });
    expect(recorded.map(({ type, actor, object }) => [type, actor, object.id])).toEqual([
      ['stop.set', author, stop.id],
      ['stop.released', 'user:second', stop.id],
    ]);
  });

  it.each([
    [{ scope: 'tool', target: '' }],
    [{ scope: 'agent', target: null }],
    [{ scope: 'tenant', target: 'something' }],
    [{ scope: 'all', target: 'something' }],
  ])('with a target that does not fit its scope is refused: %j', async (part) => {
    expect(await set(part)).toMatchObject({ ok: false, failure: { code: 'stop_target' } });
  });

  it('is listed newest first, by pages, with or without those released', async () => {
    const ids: string[] = [];
    for (const target of ['a', 'b', 'c']) {
      const made = await set({ target });
      if (made.ok) ids.unshift(made.value.stop.id);
    }
    await db.withTenant(tenant, (tx) => releaseStop(tx, { tenant, id: ids[1]!, reason: 'x', author }));
    expect((await list('in_force')).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect((await list('all')).map(({ id }) => id)).toEqual(ids);
    expect((await list('all', { limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await list('all', { limit: 2, after: ids[1] })).map(({ id }) => id)).toEqual([ids[2]]);
  });

  it('[I11] of another tenant is neither seen nor released', async () => {
    const made = await set();
    if (!made.ok) throw new Error(made.failure.message);
    const other = newId('tenant');
    const foreign = await db.withTenant(other, async (tx) => {
      await createTenant(tx, { tenant: other, name: 'another shop' });
      const seen = await listStops(tx, { tenant, state: 'all', limit: 10 });
      const released = await releaseStop(tx, { tenant, id: made.value.stop.id, reason: 'x', author });
      return { seen, released };
    });
    expect(foreign.seen).toEqual([]);
    expect(foreign.released).toMatchObject({ ok: false, failure: { code: 'stop_not_found' } });
  });

  it('of the platform is seen by every tenant, and released by none of them', async () => {
    const input = { tenant: '*', scope: 'model', target: 'default', reason: 'an outage', author } as const;
    const made = await db.platform((tx) => setStop(tx, input));
    if (!made.ok) throw new Error(made.failure.message);
    const { id } = made.value.stop;
    expect((await list('in_force')).map((stop) => [stop.id, stop.tenant])).toEqual([[id, '*']]);
    const tried = await db.withTenant(tenant, (tx) => releaseStop(tx, { tenant: '*', id, reason: 'x', author }));
    expect(tried.ok).toBe(false);
    const released = await db.platform((tx) => releaseStop(tx, { tenant: '*', id, reason: 'over', author }));
    expect(released.ok).toBe(true);
  });

  it('of the platform, once released, makes the runs it held due at once, of every tenant; a tenant’s own those of its own', async () => {
    const ledger = await Ledger.open();
    try {
      const tenants = [ledger.tenant, await newTenant(ledger.db)];
      const look = Date.now() + 3_600_000;
      const wait = '{"for":"stop","step":1,"target":"refund"}';
      const rests = { leaseEpoch: 0, release: true, wakeAt: look, create: { leaseOwner: null } } as const;
      const held = { ...rests, status: 'paused', wait } as const;
      const beside = { ...rests, status: 'waiting_approval', wait: `{"also":[${wait}],"for":"approval"}` } as const;
      const asked = { ...rests, status: 'waiting_approval', wait: '{"for":"approval"}' } as const;
      const runs: string[][] = [];
      for (const tenant of tenants) {
        const own: string[] = [];
        for (const standing of [held, beside, asked]) {
          const { run } = await ledger.put(creating(tenant, standing));
          own.push(run);
        }
        runs.push(own);
      }
      const due = async (): Promise<Set<string>> =>
        new Set((await sweep(ledger.db, { limit: 100 })).map(({ run }) => run));
      const stopAndRelease = async (tenant: TenantId | '*', scope: 'all' | 'tenant'): Promise<void> => {
        const made = await ledger.db.withTenant(tenant, (tx) => setStop(tx, { tenant, scope, reason: 'x', author }));
        if (!made.ok) throw new Error(made.failure.message);
        const { id } = made.value.stop;
        const release = { tenant, id, reason: 'over', author: 'user:second' } as const;
        await ledger.db.withTenant(tenant, (tx) => releaseStop(tx, release));
      };
      expect(await due()).toEqual(new Set());
      await stopAndRelease(tenants[1]!, 'tenant');
      expect(await due()).toEqual(new Set(runs[1]!.slice(0, 2)));
      await stopAndRelease('*', 'all');
      expect(await due()).toEqual(new Set(runs.flatMap((own) => own.slice(0, 2))));
      const foreign = ledger.db.withTenant(tenants[0]!, (tx) => tx.query(`select writ.wake_stopped('*', 'all', '')`));
      await expect(foreign).rejects.toThrow('not bound');
    } finally {
      await ledger.close();
    }
  });
});
