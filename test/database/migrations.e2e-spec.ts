import { Client } from 'pg';
import { checkSchema, openDatabase, openGroupCommit, roleUrl, runMigrations } from '@writ/database';
import { systemClock } from '@writ/kernel';
import { MIGRATIONS } from '../../migrations';
import { emptyDatabase, type FreshDatabase } from '../support/database';

const open = (url: string) => openDatabase({ url, role: 'writer', allowUnsafeDurability: true });

async function asOwner<T>(database: FreshDatabase, work: (owner: Client) => Promise<T>): Promise<T> {
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

describe('the migrations', () => {
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await emptyDatabase();
  });
  afterEach(() => database.drop());

  it('count up by one from 1, in the order of their names, and only go forward', async () => {
    const made = MIGRATIONS.map((Migration) => new Migration());
    expect(made.map(({ level }) => level)).toEqual(made.map((_, i) => i + 1));
    const stamps = MIGRATIONS.map(({ name }) => name.slice(-13));
    expect(stamps.every((stamp) => /^[0-9]{13}$/.test(stamp))).toBe(true);
    expect([...stamps].sort()).toEqual(stamps);
    await expect(made[0]!.down()).rejects.toThrow(/cannot be undone/);
  });

  it('of five migrators at once all succeed, and each change is made once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => runMigrations(database.ownerUrl)));
    await asOwner(database, async (owner) => {
      const { rows } = await owner.query<{ level: number }>('select level from writ.schema_level order by level');
      expect(rows.map(({ level }) => level)).toEqual(MIGRATIONS.map((_, i) => i + 1));
      const kept = await owner.query<{ n: number }>('select count(*)::int as n from writ.migration');
      expect(kept.rows[0]?.n).toBe(MIGRATIONS.length);
    });
  });

  it('of several databases of one cluster at once share the roles, which belong to the cluster', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, () => emptyDatabase()));
    await asOwner(database, (owner) => owner.query(`alter role writ_reader password 'changed behind our back'`));
    await Promise.all([database, ...others].map((one) => runMigrations(one.ownerUrl)));
    for (const one of [database, ...others]) {
      for (const role of ['writer', 'sequencer', 'reader'] as const) {
        const db = await openDatabase({ url: one.url, role, allowUnsafeDurability: true });
        await db.ping();
        await db.close();
      }
      await one.drop();
    }
  });

  it('run again change nothing', async () => {
    await runMigrations(database.ownerUrl);
    const read = (owner: Client) => owner.query('select level, applied_at from writ.schema_level order by level');
    const before = await asOwner(database, read);
    await runMigrations(database.ownerUrl);
    expect((await asOwner(database, read)).rows).toEqual(before.rows);
  });

  it('send no password to the server: what it keeps is a verifier that the derived password opens', async () => {
    await runMigrations(database.ownerUrl);
    const { rows } = await asOwner(database, (owner) =>
      owner.query<{ rolpassword: string }>(`select rolpassword from pg_authid where rolname like 'writ\\_%'`),
    );
    expect(rows.map(({ rolpassword }) => rolpassword.split('$')[0])).toEqual(rows.map(() => 'SCRAM-SHA-256'));
    expect(rows).toHaveLength(3);
    expect(new URL(roleUrl(database.url, 'writer')).password).toMatch(/^[0-9a-f]{64}$/);
  });

  describe('and the program', () => {
    it('refuses a database that was never migrated', async () => {
      await runMigrations(database.ownerUrl);
      await asOwner(database, (owner) => owner.query('drop schema writ cascade'));
      await expect(open(database.url)).rejects.toMatchObject({ code: 'schema_too_old' });
    });

    it('refuses an older schema, and says how to bring it up', async () => {
      await runMigrations(database.ownerUrl);
      await asOwner(database, (owner) =>
        owner.query('delete from writ.schema_level where level = $1', [MIGRATIONS.length]),
      );
      await expect(open(database.url)).rejects.toMatchObject({
        code: 'schema_too_old',
        message: expect.stringContaining('writ migrate') as string,
      });
      await expect(
        openGroupCommit({ url: database.url, role: 'writer', allowUnsafeDurability: true }, { clock: systemClock }),
      ).rejects.toMatchObject({ code: 'schema_too_old' });
    });

    it('works on a newer schema, unless a later change is marked as breaking', async () => {
      await runMigrations(database.ownerUrl);
      const next = MIGRATIONS.length + 1;
      const mark = (level: number, breaking: boolean) =>
        asOwner(database, (owner) =>
          owner.query('insert into writ.schema_level values (default, $1, $2)', [level, breaking]),
        );
      await mark(next, false);
      const db = await open(database.url);
      expect(await checkSchema(db)).toEqual({ ok: true, value: next });
      await mark(next + 1, true);
      // A running program notices too: readiness asks again.
      expect(await checkSchema(db)).toMatchObject({ ok: false, failure: { code: 'schema_too_new' } });
      await db.close();
      await expect(open(database.url)).rejects.toMatchObject({ code: 'schema_too_new' });
      await expect(runMigrations(database.ownerUrl)).rejects.toMatchObject({ code: 'schema_too_new' });
    });

    it('refuses a server that may lose acknowledged commits, unless a test says it may', async () => {
      await runMigrations(database.ownerUrl);
      await asOwner(database, (owner) => owner.query(`alter database ${owner.database} set synchronous_commit = off`));
      await expect(openDatabase({ url: database.url, role: 'writer' })).rejects.toMatchObject({
        code: 'durability_off',
        message: expect.stringContaining('synchronous_commit=off') as string,
      });
      await (await open(database.url)).close();
    });

    it('[I11] refuses to serve under a role that row-level security does not bind', async () => {
      await runMigrations(database.ownerUrl);
      process.env['WRIT_READER_URL'] = database.ownerUrl;
      try {
        await expect(
          openDatabase({ url: database.url, role: 'reader', allowUnsafeDurability: true }),
        ).rejects.toMatchObject({ code: 'role_too_strong' });
      } finally {
        delete process.env['WRIT_READER_URL'];
      }
    });
  });
});
