import { createTenant, type Database, openDatabase } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { activatePolicy, parseBundle, type PolicyBundle } from '@writ/policy';
import { createInterface } from 'node:readline';
import { type Child, spawnChild } from '../support/crash-world';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { until } from '../support/until';

const SOAK = process.env['WRIT_SOAK'] === '1';
const CHANGES = SOAK ? 200 : 12;
const PROCESSES = 4;
const RULES = 1_000;
/** Milliseconds from a change to the last process that goes by it, 99 of 100 times. */
const GOAL_MS = 250;

/** A policy of a thousand rules; no two of them are the same policy. */
function bundleOf(change: number): PolicyBundle {
  const rules = Array.from(
    { length: RULES },
    (_, i) => `p, role:r${i % 50}, {tenant}, tool:t${i === 0 ? `_${change}` : i}, tool.invoke, own, allow`,
  );
  const bundle = parseBundle(JSON.stringify({ rules, conditions: { own: { eq: ['args./n', 1] } } }));
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

interface Held {
  readonly epoch: number;
  readonly rules: number;
  readonly at: number;
}

let fresh: FreshDatabase;
let db: Database;
let tenant: TenantId;
let children: readonly Child[] = [];
/** Of each process, all it said. */
const said: Held[][] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
  tenant = newId('tenant');
  await db.withTenant(tenant, async (tx) => {
    await createTenant(tx, { tenant, name: 'a shop' });
    await activatePolicy(tx, { tenant, bundle: bundleOf(0), author: 'user:admin' });
  });
  const env = { WRIT_FOLLOWER: JSON.stringify({ url: fresh.url, tenant }) };
  children = await Promise.all(
    Array.from({ length: PROCESSES }, () => spawnChild('test/policy/authority-follower.js', env)),
  );
  for (const child of children) {
    const lines: Held[] = [];
    said.push(lines);
    createInterface({ input: child.process.stdout! }).on('line', (line) => lines.push(JSON.parse(line) as Held));
  }
});

afterAll(async () => {
  await Promise.all(children.map((child) => child.kill('SIGTERM')));
  await db.close();
  await fresh.drop();
});

/** Puts another policy in force, and answers when its transaction was about to commit and which epoch it made. */
async function change(i: number): Promise<{ readonly epoch: number; readonly at: number }> {
  return db.withTenant(tenant, async (tx) => {
    const activated = await activatePolicy(tx, { tenant, bundle: bundleOf(i), author: 'user:admin' });
    if (!activated.ok || activated.value.epoch === null) throw new Error('the policy did not change');
    return { epoch: activated.value.epoch, at: performance.timeOrigin + performance.now() };
  });
}

describe('a policy that is put in force', () => {
  it(`is what each of ${PROCESSES} processes goes by, every one of ${CHANGES} times, told by notification alone`, async () => {
    const took: number[] = [];
    for (let i = 1; i <= CHANGES; i++) {
      const { epoch, at } = await change(i);
      const reached = () => said.map((lines) => lines.find((held) => held.epoch >= epoch));
      await until(`epoch ${epoch} in every process`, () => reached().every((held) => held !== undefined), 60_000);
      for (const held of reached()) expect(held!.rules).toBe(RULES);
      took.push(Math.max(...reached().map((held) => held!.at - at)));
    }
    took.sort((a, b) => a - b);
    const quantile = (q: number): number => took[Math.floor(q * (took.length - 1))]!;
    process.stdout.write(
      `a policy of ${RULES} rules to the last of ${PROCESSES} processes: p50 ${quantile(0.5).toFixed(1)} ms, p99 ${quantile(0.99).toFixed(1)} ms over ${CHANGES} changes\n`,
    );
    if (SOAK) expect(quantile(0.99)).toBeLessThanOrEqual(GOAL_MS);
  }, 600_000);
});
