import { type Database, openDatabase } from '@writ/database';
import { bootstrapTenant } from '@writ/identity';
import { newId, type TenantId } from '@writ/kernel';
import { activatePolicy, activePolicy, policiesDirectory, type PolicyBundle, readBundle } from '@writ/policy';
import { openTenant } from '../../apps/control-plane/src';
import { type FreshDatabase, freshDatabase } from '../support/database';

let fresh: FreshDatabase;
let db: Database;
let product: PolicyBundle;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
  const read = await readBundle(policiesDirectory());
  if (!read.ok) throw new Error(read.failure.message);
  product = read.value;
});

afterAll(async () => {
  await db?.close();
  await fresh?.drop();
});

const without = (bundle: PolicyBundle, ...words: readonly RegExp[]): PolicyBundle => ({
  ...bundle,
  rules: bundle.rules
    .split('\n')
    .filter((line) => !words.some((word) => word.test(line)))
    .join('\n'),
});

async function activate(tenant: TenantId, bundle: PolicyBundle, author: string): Promise<void> {
  const done = await db.withTenant(tenant, (tx) => activatePolicy(tx, { tenant, bundle, author }));
  if (!done.ok) throw new Error(done.failure.message);
}

/** A tenant as a build left it whose product knew no subscriptions. */
async function olderTenant(): Promise<TenantId> {
  const tenant = newId('tenant');
  const administrator = {
    label: 'first',
    principal: 'user:administrator',
    kind: 'user',
    roles: ['administrator'],
    scopes: ['*'],
    expiresAt: Date.now() + 86_400_000,
  } as const;
  const made = await db.withTenant(tenant, (tx) =>
    bootstrapTenant(tx, {
      tenant,
      name: 'older',
      administrator,
      now: Date.now(),
      activatePolicy: (within) =>
        activatePolicy(within, { tenant, bundle: without(product, /subscription/), author: 'service:bootstrap' }),
    }),
  );
  if (!made.ok) throw new Error(made.failure.message);
  return tenant;
}

async function open(tenant: TenantId): Promise<{ digest: string; by: string; rules: string }> {
  const opened = await openTenant(db, { tenant, name: 'older', now: Date.now() });
  if (!opened.ok) throw new Error(opened.failure.message);
  const active = await db.withTenant(tenant, (tx) => activePolicy(tx, tenant));
  return { digest: active!.digest, by: active!.activatedBy, rules: active!.bundle['rules'] as string };
}

const evidenceOf = async (tenant: TenantId): Promise<string[]> => {
  const rows = await db.withTenant(tenant, (tx) =>
    tx.query<{ events: string }>(
      `SELECT writ.audit_lines(u) as events FROM writ.audit_unit u WHERE tenant = $1 ORDER BY seq`,
      [tenant],
    ),
  );
  return rows.flatMap(({ events }) => events.split('\n'));
};

describe('the product’s rules in a tenant of an older build', () => {
  it('come with the next opening, as a change of record, and once', async () => {
    const tenant = await olderTenant();
    const opened = await open(tenant);
    expect(opened.rules).toMatch(/role:administrator.*subscription\.\*/);
    expect(opened.by).toBe('service:bootstrap');
    const changes = (await evidenceOf(tenant)).filter((line) => line.includes('policy.activated'));
    expect(changes.at(-1)).toContain(opened.digest);
    expect((await open(tenant)).digest).toBe(opened.digest);
    expect((await evidenceOf(tenant)).filter((line) => line.includes('policy.activated'))).toEqual(changes);
  });

  it('leave what the tenant decided itself: its own rules stay, and what it took out stays out', async () => {
    const tenant = await olderTenant();
    const own = without(product, /subscription/, /role:operator.*stop\./);
    await activate(
      tenant,
      { ...own, rules: `${own.rules}\np, user:ada, {tenant}, tool:*, tool.invoke, , deny` },
      'user:ada',
    );
    const opened = await open(tenant);
    expect(opened.rules).toMatch(/user:ada.*tool\.invoke/);
    expect(opened.rules).toMatch(/role:administrator.*subscription\.\*/);
    expect(opened.rules).not.toMatch(/role:operator.*stop\./);
    const fewer = without({ ...product, rules: opened.rules }, /subscription/);
    await activate(tenant, fewer, 'user:ada');
    const again = await open(tenant);
    expect(again.rules).not.toMatch(/subscription/);
    expect(again.by).toBe('user:ada');
  });
});
