import { appendTenantEvent } from '@writ/audit';
import { createTenant, type Database, openDatabase } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import {
  activatePolicy,
  activePolicy,
  AuthorityStore,
  decide,
  explaining,
  guarding,
  parseBundle,
  type PolicyBundle,
  type PolicyChange,
} from '@writ/policy';
import { Client } from 'pg';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { contentFaults } from '../verify/content-faults';
import { toolCall } from './parts';

let fresh: FreshDatabase;
let db: Database;
let owner: Database;
let outsider: Client;
const stores: AuthorityStore[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.ownerUrl, role: 'writer', allowUnsafeDurability: true });
  owner = await openDatabase({ url: fresh.ownerUrl, role: 'owner', allowUnsafeDurability: true, poolSize: 2 });
  outsider = new Client(fresh.url);
  await outsider.connect();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.stop()));
  await put(null);
});
afterAll(async () => {
  await outsider.end();
  await owner.close();
  await db.close();
  await fresh.drop();
});

const bundleOf = (text: string): PolicyBundle => {
  const parsed = parseBundle(text);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
};
const open = bundleOf(`rules: ['p, *, {tenant}, *, *, , allow']`);
const other = bundleOf(`rules: ['p, *, {tenant}, tool:*, *, , allow']`);
const NO_DROP = `guardrails: { absolute: { no_drop: { actions: [tool.invoke], objects: ['tool:drop_*'] } } }`;
const NO_SHIP = `guardrails: { absolute: { no_ship: { actions: [tool.invoke], objects: ['tool:ship'] } } }`;

async function put(text: string | null) {
  const parsed = text === null ? null : guarding.platform.parse(text);
  if (parsed?.ok === false) throw new Error(parsed.failure.message);
  const document = parsed?.value ?? guarding.platform.none;
  const done = await owner.platform((tx) =>
    guarding.platform.put(tx, { document, author: 'user:operator', reason: 'a test' }, (change) =>
      recorded(tx, change),
    ),
  );
  if (!done.ok) throw new Error(done.failure.message);
  return done.value;
}

const recorded = (tx: Parameters<typeof appendTenantEvent>[0], { tenant, ...change }: PolicyChange): Promise<void> =>
  appendTenantEvent(tx, tenant as TenantId, change);

const activate = (tenant: TenantId, bundle: PolicyBundle, expected?: string) =>
  db.withTenant(tenant, (tx) =>
    activatePolicy(
      tx,
      { tenant, bundle, author: 'user:admin', ...(expected !== undefined && { expected }) },
      (change) => recorded(tx, change),
    ),
  );

async function newTenant(): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant(tenant, (tx) => createTenant(tx, { tenant, name: 'a shop' }));
  const done = await activate(tenant, open);
  if (!done.ok) throw new Error(done.failure.message);
  return tenant;
}

async function storeOf(): Promise<AuthorityStore> {
  const store = new AuthorityStore(db);
  stores.push(store);
  await store.start();
  return store;
}

async function verdictOf(store: AuthorityStore, tenant: TenantId, tool: string) {
  const initiator = { tenant, kind: 'user', id: 'user:ann', roles: [] } as const;
  const request = toolCall({ tenant, initiator, chain: [], object: { type: 'tool', id: tool } });
  const { verdict, reason, snapshot } = decide(await store.refresh(tenant), request);
  return { said: [verdict, reason], snapshot };
}

describe('guardrails of the platform', () => {
  it('[I3] are in force for every tenant at once, and for those who come later', async () => {
    const [first, second] = [await newTenant(), await newTenant()];
    const store = await storeOf();
    expect((await verdictOf(store, first, 'drop_all')).said).toEqual(['allow', 'allowed']);
    const before = (await store.get(first)).epochs.platform;
    const done = await put(NO_DROP);
    expect(done.tenants).toBeGreaterThanOrEqual(2);
    for (const tenant of [first, second, await newTenant()]) {
      expect((await verdictOf(store, tenant, 'drop_all')).said).toEqual(['deny', 'forbidden_absolutely']);
      expect((await verdictOf(store, tenant, 'look')).said).toEqual(['allow', 'allowed']);
    }
    expect((await store.get(first)).epochs.platform).toBe(before + 1);
    expect(await put(NO_DROP)).toMatchObject({ changed: false, tenants: 0 });
  });

  it('stay whatever a tenant activates, and leave its own bundle as it wrote it', async () => {
    const tenant = await newTenant();
    const store = await storeOf();
    const own = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    await put(NO_DROP);
    const held = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    expect([held!.digest, held!.bundle]).toEqual([own!.digest, own!.bundle]);
    expect(held!.inForce).not.toBe(own!.digest);
    expect((await verdictOf(store, tenant, 'drop_all')).snapshot).toBe(held!.inForce);
    const { data } = await db.withTenant(tenant, (tx) => explaining.versions(tx, tenant, { limit: 10 }));
    expect(data).toMatchObject([{ digest: own!.digest, active: true }]);
    const named = await db.withTenant(tenant, (tx) => explaining.version(tx, tenant, held!.inForce));
    expect(guarding.platform.apart(JSON.stringify(named!.bundle))).toMatchObject({
      digest: own!.digest,
      bundle: own!.bundle,
      platform: { guardrails: { absolute: { no_drop: expect.any(Object) } } },
    });
    // Whoever read the policy in force may replace it, and what the platform adds is not theirs to bring or to leave out.
    const next = await activate(tenant, { ...other, platform: guarding.platform.none }, own!.digest);
    expect(next).toMatchObject({ ok: true, value: { previous: own!.digest, changed: true } });
    expect((await verdictOf(store, tenant, 'drop_all')).said).toEqual(['deny', 'forbidden_absolutely']);
    await put(NO_SHIP);
    expect((await verdictOf(store, tenant, 'drop_all')).said).toEqual(['allow', 'allowed']);
    expect((await verdictOf(store, tenant, 'ship')).said).toEqual(['deny', 'forbidden_absolutely']);
    await put(null);
    const after = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
    expect([after!.digest, after!.inForce]).toEqual([next.ok && next.value.digest, after!.digest]);
    expect((await verdictOf(store, tenant, 'ship')).said).toEqual(['allow', 'allowed']);
  });

  it('stand in the log of every tenant, by whom and why, and in the versions of the platform', async () => {
    const tenant = await newTenant();
    const done = await put(NO_DROP);
    const { rows } = await outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [tenant],
    );
    const events = rows.flatMap((row) => row.events.split('\n')).map((line) => JSON.parse(line) as object);
    expect(events.at(-1)).toMatchObject({
      type: 'policy.activated',
      actor: 'user:operator',
      detail: { platform: done.digest, platform_epoch: expect.any(Number), reason: 'a test' },
    });
    expect(await contentFaults(outsider, tenant)).toEqual([]);
    const versions = await db.platform((tx) => guarding.platform.versions(tx));
    expect(versions.filter(({ inForce }) => inForce)).toMatchObject([{ digest: done.digest, author: 'user:operator' }]);
  });

  it('[I12] and tenants that publish and activate meanwhile never wait for one another, and nobody is left out', async () => {
    const tenants = [await newTenant(), await newTenant(), await newTenant()];
    const store = await storeOf();
    const publishing = tenants.map((tenant, i) =>
      db.withTenant(tenant, async (tx) => {
        // As somebody who publishes first: the stream's lock before that of policies.
        await appendTenantEvent(tx, tenant, { type: 'definition.published', actor: 'user:admin' });
        await tx.query('SELECT pg_sleep(0.05)');
        return activatePolicy(tx, { tenant, bundle: i === 0 ? open : other, author: 'user:admin' });
      }),
    );
    await Promise.all([...publishing, put(NO_DROP), newTenant().then((tenant) => tenants.push(tenant))]);
    for (const tenant of tenants) {
      expect((await verdictOf(store, tenant, 'drop_all')).said).toEqual(['deny', 'forbidden_absolutely']);
    }
  });

  it('are the owner’s to put: a service sees them and cannot change them', async () => {
    const tenant = await newTenant();
    const done = await put(NO_DROP);
    const seen = await db.withTenant(tenant, (tx) =>
      tx.query<{ digest: string }>(`SELECT digest FROM writ.policy_head WHERE tenant = '*'`),
    );
    expect(seen).toEqual([{ digest: done.digest }]);
    const changing = db.withTenant(tenant, (tx) =>
      tx.query<object>(`UPDATE writ.policy_head SET activated_by = 'user:x' WHERE tenant = '*' RETURNING tenant`),
    );
    expect(await changing).toEqual([]);
    const adding = db.withTenant(tenant, (tx) =>
      tx.query(`INSERT INTO writ.policy_bundle (tenant, digest, body, author) VALUES ('*', 'x', '{}', 'user:x')`),
    );
    await expect(adding).rejects.toMatchObject({ code: '42501' });
  });
});
