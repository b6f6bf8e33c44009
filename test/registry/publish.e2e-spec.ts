import { Pool } from 'pg';
import { createTenant, type Database, openDatabase } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { getDefinition, listDefinitions, loadBill, loadPinnedBill, publish } from '@writ/registry';
import { freshDatabase } from '../support/database';

const model = { kind: 'model', name: 'small', model: 'gpt' };
const tool = { kind: 'tool', name: 'look', endpoint: { type: 'function', function: 'look' } };
const agent = (instructions: string) => ({
  kind: 'agent',
  name: 'a',
  owner: 'o',
  purpose: 'p',
  model: 'small',
  tools: ['look'],
  instructions,
});
const workflow = { kind: 'workflow', name: 'w', owner: 'o', purpose: 'p', root: { type: 'agent', agent: 'a' } };
const all = [model, tool, agent('first'), workflow];

// A database is made for this file; on a machine busy with other suites that takes a while.
describe('the registry', () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  let db: Database;
  let tenant: TenantId;

  beforeAll(async () => {
    fresh = await freshDatabase();
    db = await openDatabase({ url: fresh.ownerUrl, role: 'writer', allowUnsafeDurability: true });
  });

  beforeEach(async () => {
    tenant = await newTenant();
  });

  afterAll(async () => {
    await db?.close();
    await fresh?.drop();
  });

  async function newTenant(): Promise<TenantId> {
    const id = newId('tenant');
    await db.withTenant([id, '*' as TenantId], (tx) => createTenant(tx, { tenant: id, name: 'registry' }));
    return id;
  }

  const put = (documents: readonly unknown[], to: TenantId = tenant) =>
    db.withTenant(to, (tx) => publish(tx, { tenant: to, author: 'user:author', documents }));

  async function published(documents: readonly unknown[]): Promise<string[]> {
    const result = await put(documents);
    if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
    return result.value.map((one) => `${one.kind} ${one.name} ${one.version}${one.created ? ' new' : ''}`);
  }

  async function refusal(documents: readonly unknown[]): Promise<string> {
    const result = await put(documents);
    return result.ok ? 'published' : result.failure.code;
  }

  async function bill(of: { version?: number } = {}) {
    const result = await loadBill(db, { tenant, workflow: 'w', ...of });
    if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
    return result.value;
  }

  async function count(table: string): Promise<number> {
    const { rows } = await owner((pool) =>
      pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM writ.${table} WHERE tenant = $1`, [tenant]),
    );
    return rows[0]?.n ?? -1;
  }

  async function owner<T>(use: (pool: Pool) => Promise<T>): Promise<T> {
    const pool = new Pool({ connectionString: fresh.ownerUrl, max: 1 });
    try {
      return await use(pool);
    } finally {
      await pool.end();
    }
  }

  test('publishing twice is publishing once; a change is the next version', async () => {
    expect(await published(all)).toEqual(['model small 1 new', 'tool look 1 new', 'agent a 1 new', 'workflow w 1 new']);
    expect(await published(all)).toEqual(['model small 1', 'tool look 1', 'agent a 1', 'workflow w 1']);
    expect(await published([agent('second')])).toEqual(['agent a 2 new']);
    expect(await count('definition')).toBe(5);
  });

  test('going back to earlier content is a new version, and the one that new runs take', async () => {
    await published(all);
    const before = await bill();
    await published([agent('second')]);
    expect(await published([agent('first')])).toEqual(['agent a 3 new']);
    const after = await bill();
    expect(after.agents.get('a')).toMatchObject({ version: 3, digest: before.agents.get('a')?.digest });
    expect(after.digest).toBe(before.digest);
  });

  test('a set with one fault is refused whole', async () => {
    expect(await refusal([...all, { ...tool, name: 'other', endpoint: { type: 'mcp', server: 's', tool: 't' } }])).toBe(
      'reference_invalid',
    );
    expect(await refusal([...all, { kind: 'model', name: 'x' }])).toBe('definition_invalid');
    expect(await count('definition')).toBe(0);
    expect(await count('audit_unit')).toBe(0);
  });

  test('each new version is an event in the tenant’s stream; an unchanged one is none', async () => {
    await published(all);
    await published([...all.slice(0, 3), { ...workflow, purpose: 'another' }]);
    const { rows } = await owner((pool) =>
      pool.query<{ events: string }>(
        `SELECT writ.audit_lines(u) as events FROM writ.audit_unit u WHERE tenant = $1 ORDER BY seq`,
        [tenant],
      ),
    );
    const objects = rows
      .flatMap((row) => row.events.split('\n'))
      .map((line) => JSON.parse(line) as { type: string; actor: string; object: { type: string; version: number } })
      .filter((event) => event.type === 'definition.published')
      .map((event) => `${event.actor} ${event.object.type} ${event.object.version}`);
    expect(objects).toEqual([
      'user:author model 1',
      'user:author tool 1',
      'user:author agent 1',
      'user:author workflow 1',
      'user:author workflow 2',
    ]);
  });

  test('a version never changes: the role the services use can neither update nor delete one', async () => {
    await published(all);
    for (const statement of [
      `UPDATE writ.definition SET body = '{}' WHERE tenant = '${tenant}'`,
      `DELETE FROM writ.definition WHERE tenant = '${tenant}'`,
    ]) {
      await expect(db.withTenant(tenant, (tx) => tx.query(statement))).rejects.toThrow();
    }
    await expect(
      owner((pool) => pool.query(`UPDATE writ.definition SET body = '{}' WHERE tenant = $1`, [tenant])),
    ).rejects.toThrow();
  });

  test('a new run takes the newest versions; a running one keeps those it started with', async () => {
    await published(all);
    const before = await bill();
    await published([agent('second')]);
    const after = await bill();
    expect(after.agents.get('a')?.definition.instructions).toBe('second');
    expect(after.digest).not.toBe(before.digest);
    const manifest = before.manifest;
    const resumed = await loadPinnedBill(db, { tenant, manifest });
    expect(resumed.agents.get('a')?.definition.instructions).toBe('first');
    expect(resumed.digest).toBe(before.digest);
  });

  test('a bill with a part that is not stored is no bill', async () => {
    await published(all);
    const manifest = (await bill()).manifest.map(
      ([kind, name, digest]) => [kind, name, kind === 'tool' ? `${digest.slice(0, -1)}x` : digest] as const,
    );
    await expect(loadPinnedBill(db, { tenant, manifest })).rejects.toThrow(/lacks tool look/);
  });

  test('an old version of a workflow runs with the newest agents, while they fit', async () => {
    const peer = { ...agent('peer'), name: 'b', handoffs: ['a'] };
    const first = { ...agent('first'), handoffs: ['b'] };
    const swarm = { ...workflow, root: { type: 'swarm', entry: 'a', agents: ['a', 'b'] } };
    await published([model, tool, first, peer, swarm]);
    await published([workflow, { ...first, handoffs: [] }, { ...peer, handoffs: [] }]);
    const result = await loadBill(db, { tenant, workflow: 'w', version: 1 });
    expect(result.ok ? 'loaded' : result.failure.code).toBe('bill_inconsistent');
    expect((await bill({ version: 2 })).workflow.version).toBe(2);
  });

  test('what is not published is refused by name', async () => {
    const result = await loadBill(db, { tenant, workflow: 'nothing' });
    expect(result.ok ? null : result.failure.code).toBe('workflow_unknown');
  });

  test('two publishers at once count versions without a gap or a double', async () => {
    await published(all);
    await Promise.all(Array.from({ length: 12 }, (_, i) => put([agent(`prompt ${i}`)])));
    const { data } = await db.withTenant(tenant, (tx) =>
      listDefinitions(tx, { tenant, kind: 'agent', name: 'a', limit: 100 }),
    );
    expect(data.map((row) => row.version)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
  });

  test('lists the newest of each, in pages that neither skip nor repeat', async () => {
    await published(all);
    await published([agent('second')]);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await db.withTenant(tenant, (tx) => listDefinitions(tx, { tenant, limit: 3, after }));
      seen.push(...page.data.map((row) => `${row.kind} ${row.name} ${row.version}`));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(['agent a 2', 'model small 1', 'tool look 1', 'workflow w 1']);
  });

  test('[I11] another tenant’s definitions are not there, under any name, version or digest', async () => {
    await published(all);
    const manifest = (await bill()).manifest;
    const other = await newTenant();
    const foreign = await loadBill(db, { tenant: other, workflow: 'w' });
    expect(foreign.ok ? null : foreign.failure.code).toBe('workflow_unknown');
    await expect(loadPinnedBill(db, { tenant: other, manifest })).rejects.toThrow(/no stored workflow/);
    const found = await db.withTenant(other, (tx) => getDefinition(tx, { tenant, kind: 'agent', name: 'a' }));
    expect(found).toBeNull();
    expect(await db.withTenant(other, (tx) => listDefinitions(tx, { tenant, limit: 10 }))).toEqual({
      data: [],
      next: null,
    });
  });
});
