import { Client } from 'pg';
import { createTenant, type Database, openDatabase, runRow } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { CuttingProxy } from '../support/cutting-proxy';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { Ledger, newTenant } from '../support/ledger';
import { eventually, until } from '../support/until';

let fresh: FreshDatabase;
let db: Database;
let owner: Client;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true, poolSize: 2 });
  owner = new Client(fresh.url);
  await owner.connect();
});

afterAll(async () => {
  await db?.close();
  await owner?.end();
  await fresh?.drop();
});

const names = (of: TenantId): Promise<{ name: string }[]> =>
  db.withTenant(of, (tx) => tx.query('select name from writ.tenant where tenant = $1', [of]));

/** Ends every connection of the database but this test's own, as a restarting server would. */
async function endConnections(like: string): Promise<number> {
  const { rows } = await owner.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and (application_name like $1 or query like $1)`,
    [like],
  );
  return rows.length;
}

describe('a transaction bound to tenants', () => {
  it('keeps what it wrote when it returns, and nothing when it throws', async () => {
    const tenant = await newTenant(db);
    expect(await names(tenant)).toHaveLength(1);
    const other = newId('tenant');
    const failed = db.withTenant(other, async (tx) => {
      await createTenant(tx, { tenant: other, name: 'never' });
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await names(other)).toEqual([]);
  });

  it('runs statements that are asked for together one after another, and ends as the first that fails', async () => {
    const tenant = await newTenant(db);
    const numbers = await db.withTenant(tenant, (tx) =>
      Promise.all([3, 1, 2].map((n) => tx.query<{ n: number }>(`select $1::int as n, pg_sleep($1::int * 0.01)`, [n]))),
    );
    expect(numbers.map(([row]) => row?.n)).toEqual([3, 1, 2]);
    const failed = db.withTenant(tenant, (tx) => Promise.all([tx.query('select 1/0'), tx.query('select 1')]));
    await expect(failed).rejects.toThrow('division by zero');
    // What nobody waited for is over before the transaction is: its row is there.
    const other = newId('tenant');
    await db.withTenant(other, async (tx) => void createTenant(tx, { tenant: other, name: 'not waited for' }));
    expect(await names(other)).toEqual([{ name: 'not waited for' }]);
  });

  it('[I11] leaves no binding behind on the pooled connection, whichever way it ends', async () => {
    const tenant = await newTenant(db);
    await db.withTenant(tenant, () => Promise.resolve());
    await db.withTenant(tenant, () => Promise.reject(new Error('on purpose'))).catch(() => undefined);
    for (let i = 0; i < 6; i += 1) {
      const rows = await db.withTenant([], (tx) => tx.query('select tenant from writ.tenant'));
      expect(rows).toEqual([]);
    }
  });

  it('[I11] bound to several sees those and no others', async () => {
    const [one, two, three] = [await newTenant(db), await newTenant(db), await newTenant(db)];
    const seen = await db.withTenant([one, two], (tx) =>
      tx.query<{ tenant: string }>('select tenant from writ.tenant where tenant = any ($1)', [[one, two, three]]),
    );
    expect(seen.map(({ tenant }) => tenant).sort()).toEqual([one, two].sort());
  });

  it.each(['', 'a b', '*,x', "'", 'ä', 'a'.repeat(65)])('[I11] is not bound to %j: it is no tenant', async (bad) => {
    await expect(db.withTenant(bad as TenantId, () => Promise.resolve())).rejects.toThrow(/no tenant id/);
  });

  it('[I11] an id that lists two tenants does not open both', async () => {
    const [one, two] = [await newTenant(db), await newTenant(db)];
    const both = `${one},${two}` as TenantId;
    await expect(db.withTenant(both, (tx) => runRow(tx, one, newId('run')))).rejects.toThrow(/no tenant id/);
  });

  it('goes on after the server ended its connections: the pool opens others', async () => {
    const tenant = await newTenant(db);
    expect(await endConnections('writ writer (%')).toBeGreaterThan(0);
    // Until the process has heard of it a statement may still meet one of them.
    await eventually(async () => expect(await names(tenant)).toHaveLength(1));
    for (let i = 0; i < 4; i += 1) expect(await names(tenant)).toHaveLength(1);
  });

  it('whose connection breaks in the middle fails, and the pool is none the poorer', async () => {
    const tenant = await newTenant(db);
    for (let i = 0; i < 5; i += 1) {
      const broken = db.withTenant(tenant, async (tx) => {
        await tx.query('select 1');
        await endConnections('writ writer (%');
        await tx.query('select 2');
      });
      await expect(broken).rejects.toThrow();
    }
    await eventually(async () =>
      expect(await Promise.all([names(tenant), names(tenant), names(tenant)])).toHaveLength(3),
    );
  });

  it('of a process that stopped in the middle is ended by the server, with its locks', async () => {
    const rows = await db.withTenant([], (tx) =>
      tx.query(
        `select setting::int > 0 as bounded from pg_settings where name = 'idle_in_transaction_session_timeout'`,
      ),
    );
    expect(rows).toEqual([{ bounded: true }]);
  });
});

describe('listening', () => {
  const notify = (channel: string, text: string): Promise<unknown> =>
    owner.query('select pg_notify($1, $2)', [channel, text]);

  it('hears again after its connection was ended', async () => {
    const heard: string[] = [];
    const stop = await db.listen('calls', (text) => heard.push(text));
    await notify('calls', 'one');
    await until('the first call', () => heard.includes('one'));
    expect(await endConnections('LISTEN "calls"')).toBe(1);
    await until('a call after that', async () => {
      await notify('calls', 'two');
      return heard.includes('two');
    });
    await stop();
  });

  it('stopped while it is trying to connect again, it leaves no connection behind', async () => {
    const proxy = await CuttingProxy.open(fresh.url);
    const far = await openDatabase({
      url: proxy.url(fresh.url),
      role: 'reader',
      allowUnsafeDurability: true,
      applicationName: 'far away',
    });
    const count = async (): Promise<number> =>
      (
        await owner.query<{ n: number }>(
          `select count(*)::int n from pg_stat_activity where query like 'LISTEN "far"%' and pid <> pg_backend_pid()`,
        )
      ).rows[0]!.n;
    const stop = await far.listen('far', () => undefined);
    expect(await count()).toBe(1);
    proxy.leadTo('postgres://127.0.0.1:9/');
    await endConnections('LISTEN "far"');
    await new Promise((resolve) => setTimeout(resolve, 400));
    const stopped = stop();
    proxy.leadTo(fresh.url);
    await stopped;
    await new Promise((resolve) => setTimeout(resolve, 700));
    // One that was closed is off the server's list a little later.
    await until('no connection to be left', async () => (await count()) === 0);
    await far.close();
    await proxy.close();
  });

  it('ends with its database', async () => {
    const other = await openDatabase({ url: fresh.url, role: 'reader', allowUnsafeDurability: true });
    await other.listen('endless', () => undefined);
    await other.close();
    await until('the connection to be gone', async () => {
      const { rows } = await owner.query(`select from pg_stat_activity where query like 'LISTEN "endless"%'`);
      return rows.length === 0;
    });
  });

  it('that cannot begin says so, and keeps no connection', async () => {
    await expect(db.listen('\u0000', () => undefined)).rejects.toThrow();
    await until('no connection to be left', async () => {
      const { rows } = await owner.query(
        `select from pg_stat_activity where datname = current_database() and application_name like '%listening%'`,
      );
      return rows.length === 0;
    });
  });
});

describe('opening', () => {
  it('[I2] a server that may lose acknowledged commits is refused by name of the setting', async () => {
    const other = await Ledger.open();
    const name = new URL(other.fresh.url).pathname.slice(1);
    await other.outsider.query(`alter database ${name} set synchronous_commit = off`);
    for (const role of ['writer', 'reader', 'sequencer'] as const) {
      await expect(openDatabase({ url: other.fresh.url, role })).rejects.toMatchObject({
        code: 'durability_off',
        message: expect.stringContaining('synchronous_commit=off') as string,
      });
    }
    await other.close();
  });

  it('says which server it could not reach', async () => {
    await expect(openDatabase({ url: 'postgres://u:p@127.0.0.1:9/none', role: 'reader' })).rejects.toThrow(
      /127.0.0.1:9/,
    );
  });
});
