import { createTenant, type Database, openDatabase, raiseAuthority } from '@writ/database';
import { digestOf, type Failure, newId, type TenantId } from '@writ/kernel';
import {
  activatePolicy,
  activePolicy,
  AuthorityStore,
  decide,
  type PolicyBundle,
  parseBundle,
  type PolicyChange,
  setStop,
  type TenantAuthority,
} from '@writ/policy';
import type { Client } from 'pg';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { clientInLine } from '../support/in-line';
import { SHOP, toolCall } from './parts';

let fresh: FreshDatabase;
let db: Database;
let owner: Client;
const stores: AuthorityStore[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
  owner = clientInLine(fresh.ownerUrl);
  await owner.connect();
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.stop()));
});

afterAll(async () => {
  await owner.end();
  await db.close();
  await fresh.drop();
});

const bundleOf = (text: string): PolicyBundle => {
  const parsed = parseBundle(text);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
};
const one = bundleOf(`rules: ['p, role:customer, {tenant}, tool:*, tool.invoke, , allow']`);
const two = bundleOf(`rules: ['p, role:customer, {tenant}, tool:get_order, tool.invoke, , allow']`);

async function newTenant(bundle?: PolicyBundle): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant(tenant, async (tx) => {
    await createTenant(tx, { tenant, name: 'a shop' });
    if (bundle) await activatePolicy(tx, { tenant, bundle, author: 'user:admin' });
  });
  return tenant;
}

const activate = (tenant: TenantId, bundle: PolicyBundle, part: object = {}) =>
  db.withTenant(tenant, (tx) => activatePolicy(tx, { tenant, bundle, author: 'user:admin', ...part }));

async function storeOf(options: ConstructorParameters<typeof AuthorityStore>[1] = {}): Promise<AuthorityStore> {
  const store = new AuthorityStore(db, options);
  stores.push(store);
  await store.start();
  return store;
}

async function until<T>(look: () => T | undefined | false, what: string): Promise<T> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never happened: ${what}`);
}

const refund = (authority: TenantAuthority) =>
  decide(authority, {
    ...toolCall({ chain: [], object: { type: 'tool', id: 'refund' } }),
    tenant: authority.tenant,
    initiator: { tenant: authority.tenant, kind: 'user', id: 'user:ann', roles: ['customer'] },
  });

describe('activating a policy', () => {
  it('stores the canonical text under its digest, and raises the authority epoch', async () => {
    const tenant = await newTenant();
    const first = await activate(tenant, one);
    expect(first).toMatchObject({ ok: true, value: { previous: null, changed: true, rules: 1, epoch: 2 } });
    const second = await activate(tenant, two);
    expect(second).toMatchObject({
      ok: true,
      value: { previous: first.ok && first.value.digest, changed: true, epoch: 3 },
    });
    const active = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    expect(active).toMatchObject({ digest: second.ok && second.value.digest, activatedBy: 'user:admin' });
    const { rows } = await owner.query('SELECT digest, body FROM writ.policy_bundle WHERE tenant = $1', [tenant]);
    expect(rows).toHaveLength(2);
    for (const { digest, body } of rows as { digest: string; body: string }[]) expect(digestOf(body)).toBe(digest);
  });

  it('that says what is in force already changes nothing, also when it is written otherwise', async () => {
    const tenant = await newTenant(one);
    const same = bundleOf(`rules: "# as before\\np,role:customer,{tenant},tool:*,tool.invoke,,allow"`);
    expect(await activate(tenant, same)).toMatchObject({ ok: true, value: { changed: false, epoch: null } });
    const { rows } = await owner.query('SELECT epoch FROM writ.authority_head WHERE tenant = $1', [tenant]);
    expect(rows).toEqual([{ epoch: '2' }]);
  });

  it('that cannot be built leaves everything as it was', async () => {
    const tenant = await newTenant(one);
    const before = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    const broken = { ...two, rules: `${two.rules}\np, role:x, {tenant}, tool:y, tool.invoke, nothing, allow` };
    expect(await activate(tenant, broken)).toMatchObject({ ok: false, failure: { code: 'unknown_condition' } });
    expect(await db.withTenant(tenant, (tx) => activePolicy(tx, tenant))).toEqual(before);
  });

  it('refuses to overwrite what its author has not seen', async () => {
    const tenant = await newTenant(one);
    const stale = await activate(tenant, two, { expected: 'sha256:another' });
    expect(stale).toMatchObject({ ok: false, failure: { code: 'version_mismatch' } });
    const seen = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    expect(await activate(tenant, two, { expected: seen!.digest })).toMatchObject({ ok: true });
  });

  it('[I12] ten times at once takes effect once', async () => {
    const tenant = await newTenant();
    const all = await Promise.all(Array.from({ length: 10 }, () => activate(tenant, one)));
    expect(all.filter((result) => result.ok && result.value.changed)).toHaveLength(1);
    const { rows } = await owner.query('SELECT epoch FROM writ.authority_head WHERE tenant = $1', [tenant]);
    expect(rows).toEqual([{ epoch: '2' }]);
  });

  it('is recorded in the same transaction: what cannot be recorded does not happen', async () => {
    const tenant = await newTenant(one);
    const seen: PolicyChange[] = [];
    const input = { tenant, bundle: two, author: 'user:admin' };
    await db.withTenant(tenant, (tx) => activatePolicy(tx, input, async (change) => void seen.push(change)));
    expect(seen).toEqual([
      {
        type: 'policy.activated',
        tenant,
        actor: 'user:admin',
        object: { type: 'policy', id: expect.stringMatching(/^sha256:/) },
        detail: { previous: expect.stringMatching(/^sha256:/), rules: 1 },
      },
    ]);
    const refusing = db.withTenant(tenant, (tx) =>
      activatePolicy(tx, { ...input, bundle: one }, async () => Promise.reject(new Error('the audit store is gone'))),
    );
    await expect(refusing).rejects.toThrow('audit store');
    const active = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    expect(active!.digest).toBe(seen[0]!.object.id);
  });
});

describe('the authority store', () => {
  it('answers at once with what it holds, and reads what it does not', async () => {
    const tenant = await newTenant(one);
    const store = await storeOf();
    expect(store.current(tenant)).toBeUndefined();
    const authority = await store.get(tenant);
    expect(authority).toMatchObject({ tenant, epochs: { tenant: 2, platform: expect.any(Number) }, stops: [] });
    expect(store.current(tenant)).toBe(authority);
    expect(await store.get(tenant)).toBe(authority);
    expect(refund(authority).verdict).toBe('allow');
  });

  it('hears of a change, and hands out the new authority as one piece', async () => {
    const tenant = await newTenant(one);
    const store = await storeOf({ pollMs: 600_000 });
    const before = await store.get(tenant);
    await activate(tenant, two);
    const after = await until(() => store.current(tenant) !== before && store.current(tenant), 'the notification');
    expect(after.epochs.tenant).toBe(before.epochs.tenant + 1);
    expect(refund(before).verdict).toBe('allow');
    expect(refund(after)).toMatchObject({ verdict: 'deny', snapshot: after.snapshot!.digest });
  });

  it('finds a change by itself when its notification never came', async () => {
    const tenant = await newTenant(one);
    const store = await storeOf({ pollMs: 20 });
    const before = await store.get(tenant);
    // As the owner, without NOTIFY: what a broken listening connection looks like from here.
    await owner.query('UPDATE writ.authority_head SET epoch = epoch + 1 WHERE tenant = $1', [tenant]);
    await until(() => store.current(tenant)!.epochs.tenant > before.epochs.tenant, 'the poll');
  });

  it('follows the platform for every tenant it holds', async () => {
    const tenants = await Promise.all([newTenant(one), newTenant(two)]);
    const store = await storeOf({ pollMs: 600_000 });
    await Promise.all(tenants.map((tenant) => store.get(tenant)));
    const input = { tenant: '*', scope: 'tool', target: 'get_order', reason: 'a drill', author: 'user:root' } as const;
    await db.platform((tx) => setStop(tx, input));
    for (const tenant of tenants) {
      await until(() => store.current(tenant)!.stops.length === 1, 'the platform stop');
      const call = { ...toolCall(), tenant, initiator: { ...toolCall().initiator, tenant } };
      expect(decide(store.current(tenant)!, call)).toMatchObject({ reason: 'stopped' });
    }
    await owner.query(`UPDATE writ.stop SET released_by = 'user:root', released_at = now() WHERE tenant = '*'`);
  });

  it('shares one snapshot among tenants with the same policy', async () => {
    const [a, b] = await Promise.all([newTenant(one), newTenant(one)]);
    const store = await storeOf();
    expect((await store.get(a!)).snapshot).toBe((await store.get(b!)).snapshot);
  });

  it('keeps the old snapshot when the new policy cannot be built, reports it, and allows nothing', async () => {
    const tenant = await newTenant(one);
    const reported: [TenantId, Failure][] = [];
    const store = await storeOf({ report: (who, failure) => void reported.push([who, failure]) });
    const before = await store.get(tenant);
    const put = async (digest: string, body: string): Promise<TenantAuthority> => {
      const epoch = store.current(tenant)!.epochs.tenant;
      await owner.query(`INSERT INTO writ.policy_bundle VALUES ($1, $2, $3, 'user:x')`, [tenant, digest, body]);
      await owner.query('UPDATE writ.policy_head SET digest = $2 WHERE tenant = $1', [tenant, digest]);
      await db.withTenant(tenant, (tx) => raiseAuthority(tx, tenant));
      return until(() => store.current(tenant)!.epochs.tenant > epoch && store.current(tenant), 'the broken policy');
    };
    const body = '{"rules":"p, nonsense"}';
    const broken = await put(digestOf(body), body);
    expect(broken.snapshot).toBe(before.snapshot);
    expect(broken.failure).toMatchObject({ code: 'malformed_rule' });
    expect(refund(broken)).toMatchObject({ verdict: 'deny', reason: 'policy_unavailable' });
    // A text that is not what its digest says was changed behind our back.
    const forged = await put('sha256:forged', '{"rules":"p, role:customer, {tenant}, *, *, , allow"}');
    expect(forged.failure).toMatchObject({ code: 'bundle_corrupt' });
    expect(reported.map(([who, { code }]) => [who, code])).toEqual([
      [tenant, 'malformed_rule'],
      [tenant, 'bundle_corrupt'],
    ]);
    await activate(tenant, two);
    const mended = await until(() => !store.current(tenant)!.failure && store.current(tenant), 'the mended policy');
    expect(mended.snapshot).not.toBe(before.snapshot);
  });

  it('gives a tenant without a policy an authority that allows nothing, and does not remember strangers', async () => {
    const store = await storeOf();
    expect(refund(await store.get(await newTenant()))).toMatchObject({ reason: 'policy_unavailable' });
    const stranger = newId('tenant');
    expect(await store.get(stranger)).toMatchObject({ snapshot: null, epochs: { tenant: 0 } });
    expect(store.current(stranger)).toBeUndefined();
  });

  it('[I3] never shows an epoch beside stops or a policy of another moment', async () => {
    const tenant = await newTenant(one);
    const store = await storeOf({ pollMs: 600_000 });
    let writing = true;
    // Odd epochs have a stop and policy two, even ones neither: each change is one transaction.
    const writer = (async () => {
      for (let i = 0; i < 40; i++) {
        await db.withTenant(tenant, async (tx) => {
          if (i % 2 === 0) {
            await tx.query(
              `INSERT INTO writ.stop (tenant, id, scope, reason, set_by) VALUES ($1, $2, 'tenant', 'x', 'user:x')`,
              [tenant, newId('stop')],
            );
          } else {
            await tx.query(`UPDATE writ.stop SET released_by = 'user:x', released_at = now() WHERE tenant = $1`, [
              tenant,
            ]);
          }
          await activatePolicy(tx, { tenant, bundle: i % 2 === 0 ? two : one, author: 'user:x' });
        });
      }
      writing = false;
    })();
    const seen = new Set<number>();
    const digests = new Map<number, Set<string>>();
    while (writing) {
      const { epochs, stops, snapshot } = await store.refresh(tenant);
      seen.add(epochs.tenant);
      expect(stops.length).toBe(epochs.tenant % 2);
      const parity = digests.get(epochs.tenant % 2) ?? new Set<string>();
      digests.set(epochs.tenant % 2, parity.add(snapshot!.digest));
    }
    await writer;
    expect(seen.size).toBeGreaterThan(3);
    expect([...digests.values()].map((set) => set.size)).toEqual([1, 1]);
  });

  it('refreshes after what the caller knows of, not with a read that began before it', async () => {
    const tenant = await newTenant(one);
    const store = await storeOf({ pollMs: 600_000 });
    for (let i = 0; i < 20; i++) {
      void store.refresh(tenant);
      const epoch = await db.withTenant(tenant, (tx) => raiseAuthority(tx, tenant));
      expect((await store.refresh(tenant)).epochs.tenant).toBeGreaterThanOrEqual(epoch);
    }
  });

  it('goes on with what it holds while the database is away', async () => {
    const tenant = await newTenant(bundleOf(SHOP));
    const away = await openDatabase({ url: fresh.url, role: 'reader', allowUnsafeDurability: true });
    const store = new AuthorityStore(away, { pollMs: 10 });
    await store.start();
    const held = await store.get(tenant);
    await away.close();
    await expect(store.refresh(tenant)).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(store.current(tenant)).toBe(held);
    await store.stop();
  });
});
