import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { openDatabase, roleUrl, runMigrations } from '@writ/database';
import { MIGRATIONS } from '../../migrations';
import { asAdmin, emptyDatabase, type FreshDatabase } from '../support/database';
import { until } from '../support/until';

let fresh: FreshDatabase;
let owner: Client;

beforeEach(async () => {
  fresh = await emptyDatabase();
  owner = new Client(fresh.url);
  await owner.connect();
});

afterEach(async () => {
  await owner?.end();
  await fresh?.drop();
});

const levels = async (): Promise<number> =>
  (await owner.query<{ n: number }>('select max(level) as n from writ.schema_level')).rows[0]!.n;

/** Under whom an address enters, or the SQLSTATE with which it does not. */
async function enters(url: string): Promise<string> {
  const client = new Client(url);
  try {
    await client.connect();
    return (await client.query<{ who: string }>('select current_user as who')).rows[0]!.who;
  } catch (error) {
    return (error as { code?: string }).code ?? 'lost';
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('an owner', () => {
  it('that is no superuser, as hosted servers have it, migrates and lets the services in', async () => {
    await runMigrations(fresh.url);
    await owner.query('drop schema writ cascade');
    const name = new URL(fresh.url).pathname.slice(1);
    const hosted = `owner_${name}`;
    await asAdmin(async (admin) => {
      await admin.query(`create role ${hosted} login createrole password 'hosted'`);
      await admin.query(`alter database ${name} owner to ${hosted}`);
    });
    const url = new URL(fresh.url);
    url.username = hosted;
    url.password = 'hosted';
    // The roles are the cluster's and other suites use them: their passwords follow from the cluster's own owner.
    process.env['WRIT_SECRET'] = decodeURIComponent(new URL(fresh.url).password);
    try {
      await runMigrations(url.href);
      expect(await levels()).toBe(MIGRATIONS.length);
      const db = await openDatabase({ url: url.href, role: 'reader', allowUnsafeDurability: true });
      await db.ping();
      await db.close();
    } finally {
      delete process.env['WRIT_SECRET'];
      await owner.query('drop schema if exists writ cascade');
      await asAdmin(async (admin) => {
        await admin.query(`alter database ${name} owner to current_user`);
        await admin.query(`drop role ${hosted}`);
      });
    }
  });

  it('whose migrator is stopped between two levels has whole levels, and the next migrator goes on from there', async () => {
    await owner.query('create schema writ; create table writ.stop (in_the_way boolean)');
    await expect(runMigrations(fresh.url)).rejects.toThrow(/already exists/);
    expect(await levels()).toBe(2);
    await owner.query('drop table writ.stop');
    await runMigrations(fresh.url);
    expect(await levels()).toBe(MIGRATIONS.length);
  });

  /** Ends every connection to the database but the asker's and `but`; how many there were. */
  async function breakOthers(but = 0): Promise<number> {
    const { rows } = await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and pid <> $1`,
      [but],
    );
    return rows.length;
  }

  it('whose migrator loses its connections gets an error, not an ended process, and migrates the next time', async () => {
    const holder = new Client(fresh.url);
    await holder.connect();
    const { processID } = holder as unknown as { processID: number };
    // Whoever migrates waits for this lock, with its gate and its work open.
    await holder.query('create schema writ; begin; create table writ.tenant (in_the_way boolean)');
    const migrating = runMigrations(fresh.url);
    const failed = expect(migrating).rejects.toThrow();
    await until('the migrator to wait', async () => {
      const { rows } = await owner.query('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        processID,
      ]);
      return rows.length > 0;
    });
    await breakOthers(processID);
    await failed;
    await holder.end();
    await runMigrations(fresh.url);
    expect(await levels()).toBe(MIGRATIONS.length);
  });

  it('whose migrators lose every connection, whatever they are doing, gets errors and migrates the next time', async () => {
    const begun = performance.now();
    await runMigrations(fresh.url);
    const whole = performance.now() - begun;
    let broken = 0;
    for (let part = 0; part < 20; part++) {
      await owner.query('drop schema if exists writ cascade');
      let under = true;
      const over = (): void => void (under = false);
      const migrating = runMigrations(fresh.url).then(over, over);
      // Twenty moments spread over the whole of it: in some the roles are made, in most one level or another.
      await sleep((whole * part) / 20);
      while (under) broken += await breakOthers();
      await migrating;
    }
    expect(broken).toBeGreaterThan(0);
    await runMigrations(fresh.url);
    expect(await levels()).toBe(MIGRATIONS.length);
  });
});

describe('the addresses of the services', () => {
  it("follow from the owner's, and each enters under its own role", async () => {
    await runMigrations(fresh.url);
    for (const role of ['writer', 'sequencer', 'reader'] as const) {
      expect(await enters(roleUrl(fresh.url, role))).toBe(`writ_${role}`);
    }
  });

  it('have no password that anybody could work out where there is neither a secret nor an owner with a password', () => {
    const bare = 'postgres://postgres@127.0.0.1:5432/writ';
    expect(() => roleUrl(bare, 'writer')).toThrow(expect.objectContaining({ code: 'no_role_secret' }));
    process.env['WRIT_SECRET'] = 'a secret';
    try {
      expect(new URL(roleUrl(bare, 'writer')).password).toMatch(/^[0-9a-f]{64}$/);
    } finally {
      delete process.env['WRIT_SECRET'];
    }
  });
});
