import { createTenant, type Database, openDatabase } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { activatePolicy, AuthorityStore, decide, parseBundle } from '@writ/policy';
import { Client } from 'pg';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { until } from '../support/until';
import { SHOP, toolCall } from './parts';

const BUILT = resolve('dist/libs/policy/src/direct/thread.js');

let fresh: FreshDatabase;
let db: Database;
let owner: Client;
const stores: AuthorityStore[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
  owner = new Client(fresh.ownerUrl);
  await owner.connect();
});

afterAll(async () => {
  await Promise.all(stores.map((store) => store.stop()));
  await owner.end();
  await db.close();
  await fresh.drop();
});

async function storeOf(thread: string): Promise<{ readonly store: AuthorityStore; readonly tenant: TenantId }> {
  const tenant = newId('tenant');
  const bundle = parseBundle(SHOP);
  if (!bundle.ok) throw new Error(bundle.failure.message);
  await db.withTenant(tenant, async (tx) => {
    await createTenant(tx, { tenant, name: 'a shop' });
    await activatePolicy(tx, { tenant, bundle: bundle.value, author: 'user:admin' });
  });
  const store = new AuthorityStore(db, { thread });
  stores.push(store);
  return { store, tenant };
}

/** Decides so often that the next look is due. */
async function decisions(store: AuthorityStore, tenant: TenantId): Promise<readonly string[]> {
  const authority = await store.get(tenant);
  const initiator = { tenant, kind: 'user', id: 'user:cleo', roles: ['clerk'] } as const;
  const request = toolCall({ tenant, initiator, chain: [] });
  return Array.from({ length: 1_000 }, () => decide(authority, request).verdict);
}

/** Evidence of disagreements in a tenant's own stream. */
async function eventsOf(tenant: TenantId): Promise<readonly unknown[]> {
  const { rows } = await owner.query<{ events: string }>(
    `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
    [tenant],
  );
  const events = rows.flatMap((row) => row.events.split('\n')).map((line) => JSON.parse(line) as { type: string });
  return events.filter(({ type }) => type === 'policy.matchers_disagreed');
}

describe('a snapshot of a policy in force', () => {
  it('comes to go by our own matcher once a thread has held it against Casbin, and stays with it when asked again', async () => {
    const { store, tenant } = await storeOf(BUILT);
    const { matching } = (await store.get(tenant)).snapshot!;
    expect(matching.by).toBe('casbin');
    const before = await decisions(store, tenant);
    await until('the proof', () => matching.by === 'direct');
    const after = [...(await decisions(store, tenant)), ...(await decisions(store, tenant))];
    expect(new Set([...before, ...after])).toEqual(new Set(['allow']));
    expect([matching.by, await eventsOf(tenant)]).toEqual(['direct', []]);
  });

  it('goes by Casbin again when the thread finds a disagreement, which becomes evidence once', async () => {
    // A thread that proves everything, and disagrees with whatever it is asked again.
    const file = join(mkdtempSync(join(tmpdir(), 'writ-thread-')), 'thread.js');
    writeFileSync(
      file,
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', ({ id, kind }) => parentPort.postMessage({ id, found: kind === 'prove' ? null : 'rule own-order' }));`,
    );
    const { store, tenant } = await storeOf(file);
    const { matching } = (await store.get(tenant)).snapshot!;
    await decisions(store, tenant);
    await until('the proof', () => matching.by === 'direct');
    await decisions(store, tenant);
    await until('the freeze', () => matching.by === 'casbin');
    await decisions(store, tenant);
    await until('the evidence', async () => (await eventsOf(tenant)).length > 0);
    expect(await eventsOf(tenant)).toHaveLength(1);
    expect(new Set(await decisions(store, tenant))).toEqual(new Set(['allow']));
  });

  it('stays with Casbin where the thread cannot answer', async () => {
    const { store, tenant } = await storeOf(resolve('dist/no-such-thread.js'));
    const { matching } = (await store.get(tenant)).snapshot!;
    for (let i = 0; i < 3; i++) await decisions(store, tenant);
    expect(matching.by).toBe('casbin');
  });
});
