import { Client } from 'pg';
import { newId } from '@writ/kernel';
import { roleUrl } from '@writ/database';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { clientInLine } from '../support/in-line';
import { readCatalog, type Table } from './catalog';
import { seedTables } from './seed';

const A = newId('tenant');
const B = newId('tenant');
const ROLES = ['writer', 'sequencer', 'reader'] as const;

/** Tables whose rows belong to the platform alone (a check says so), and why every role may read them. */
const PLATFORM_ONLY: Readonly<Record<string, string>> = {
  schema_level: 'a program asks for the schema it meets before it knows any tenant',
  worker: 'who is alive decides about the leases of every tenant',
  log_lease: 'one sequencer seals the logs of every tenant',
  provider: 'an endpoint is one account at one address, whichever tenant calls it',
  provider_calls: 'calls at once are limited over all tenants of an endpoint',
};
/** The migration runner's own table, without a tenant: no service may read or write it at all. */
const OF_THE_OWNER = ['migration'];
/** Unique keys that do not begin with the tenant, and why they cannot. */
const KEYS_BEYOND_TENANTS: Readonly<Record<string, string>> = {
  api_key_hash_once: 'a key is presented before its tenant is known',
  session_hash_once: 'a cookie is presented before its tenant is known',
  schema_level_pkey: 'the platform is its only tenant',
};

let fresh: FreshDatabase;
let owner: Client;
let tables: readonly Table[];
let ofTenants: readonly Table[];
const services = new Map<string, Client>();

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = clientInLine(fresh.url);
  await owner.connect();
  tables = await readCatalog(owner);
  ofTenants = tables.filter(({ name }) => !OF_THE_OWNER.includes(name) && !(name in PLATFORM_ONLY));
  await seedTables(owner, { tables, tenants: [A, B] });
  for (const role of ROLES) {
    const client = new Client(roleUrl(fresh.url, role));
    await client.connect();
    services.set(role, client);
  }
});

afterAll(async () => {
  for (const client of services.values()) await client.end();
  await owner?.end();
  await fresh?.drop();
});

const DENIED = '42501';

interface Attempt {
  readonly role: string;
  /** What the transaction is bound to; null for nothing. */
  readonly tenants: string | null;
}

/** What a statement does for a role: its rows, `denied`, or `reached` when only a constraint stopped it. Rolled back. */
async function attempt(
  { role, tenants }: Attempt,
  text: string,
): Promise<{ readonly tenant: string }[] | 'denied' | 'reached'> {
  const client = services.get(role)!;
  await client.query('begin');
  try {
    if (tenants !== null) await client.query(`select set_config('writ.tenants', $1, true)`, [tenants]);
    return (await client.query<{ tenant: string }>(text)).rows;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === DENIED) return 'denied';
    if (code?.startsWith('23') === true) return 'reached';
    throw new Error(`${role} bound to ${tenants ?? 'nothing'}: ${text}`, { cause: error });
  } finally {
    await client.query('rollback');
  }
}

/** Everything a transaction may be bound to that is not A, close misses included. */
const BINDINGS = [B, null, '', '*', `${B},*`, `x${A}`, `${A}x`, A.toUpperCase(), '%'];

const readText = (table: Table): string => `select tenant from writ.${table.name}`;

const changeText = (table: Table, column: string): string =>
  `update writ.${table.name} set ${column} = ${column} where tenant = '${A}' returning tenant`;

/** A copy of the row of A: row security is checked before any key, so it shows as well as a new one. */
async function addText(table: Table): Promise<string> {
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  const { rows } = await owner.query<{ row: string }>(
    `select quote_literal(row_to_json(t)::text) as row from writ.${table.name} t where tenant = $1 limit 1`,
    [A],
  );
  return `insert into writ.${table.name} (${columns.join(', ')})
          select ${columns.join(', ')} from json_populate_record(null::writ.${table.name}, ${rows[0]!.row})`;
}

async function mayWrite(table: Table, right: 'insert' | `update of ${string}`): Promise<boolean> {
  const [verb, , column] = right.split(' ');
  const { rows } = await owner.query<{ may: boolean }>(
    verb === 'insert'
      ? `select has_table_privilege('writ_writer', $1, 'insert') as may`
      : `select has_column_privilege('writ_writer', $1, $2, 'update') as may`,
    verb === 'insert' ? [`writ.${table.name}`] : [`writ.${table.name}`, column],
  );
  return rows[0]!.may;
}

describe('tenants', () => {
  it('[I11] every table of the schema belongs to tenants, to the platform or to the owner, and holds a row of each', async () => {
    const without = tables.filter(({ columns }) => !columns.some(({ name }) => name === 'tenant'));
    expect(without.map(({ name }) => name)).toEqual(OF_THE_OWNER);
    const missing: string[] = [];
    for (const table of tables) {
      const expected = OF_THE_OWNER.includes(table.name) ? [] : table.name in PLATFORM_ONLY ? ['*'] : [A, B];
      for (const tenant of expected) {
        const { rows } = await owner.query(`select from writ.${table.name} where tenant = $1`, [tenant]);
        if (rows.length === 0) missing.push(`${table.name} has no row of ${tenant}`);
      }
    }
    expect(missing).toEqual([]);
    expect(ofTenants.length).toBeGreaterThan(10);
  });

  it('[I11] every table has row security, and no service is or can become its owner, whom it does not bind', async () => {
    expect(tables.filter(({ rowSecurity }) => !rowSecurity).map(({ name }) => name)).toEqual([]);
    const { rows } = await owner.query(
      `select c.relname, r.rolname from pg_class c, pg_roles r
        where c.relnamespace = 'writ'::regnamespace and r.rolname like 'writ\\_%'
          and (pg_has_role(r.oid, c.relowner, 'member') or r.rolbypassrls or r.rolsuper)`,
    );
    expect(rows).toEqual([]);
  });

  it('[I11] there is no view, which would read with the rights of its owner', async () => {
    const { rows } = await owner.query(
      `select relname from pg_class where relnamespace = 'writ'::regnamespace and relkind in ('v', 'm', 'f')`,
    );
    expect(rows).toEqual([]);
  });

  it('[I11] a role reaches the rows of the tenant it is bound to: the refusals below are not for want of rights', async () => {
    const own = { role: 'writer', tenants: A };
    const faults: string[] = [];
    for (const table of ofTenants) {
      const seen = await Promise.all(ROLES.map((role) => attempt({ role, tenants: A }, readText(table))));
      const readable = seen.filter((rows) => typeof rows !== 'string');
      if (readable.length === 0) faults.push(`${table.name} is read by nobody`);
      if (readable.some((rows) => !rows.some(({ tenant }) => tenant === A)))
        faults.push(`${table.name} hides A from A`);
      if ((await mayWrite(table, 'insert')) && (await attempt(own, await addText(table))) === 'denied') {
        faults.push(`${table.name} takes no row of A from A`);
      }
      for (const { name } of table.columns) {
        if (!(await mayWrite(table, `update of ${name}`))) continue;
        const rows = await attempt(own, changeText(table, name));
        if (rows === 'denied' || rows.length === 0) faults.push(`${table.name}.${name} of A is closed to A`);
      }
    }
    expect(faults).toEqual([]);
  });

  it.each(ROLES)('[I11] the %s bound to anybody else sees no row of a tenant in any table', async (role) => {
    const leaks: string[] = [];
    for (const tenants of BINDINGS) {
      const bound = (tenants ?? '').split(',');
      for (const table of ofTenants) {
        const rows = await attempt({ role, tenants }, readText(table));
        if (typeof rows === 'string') continue;
        const allowed = (of: string): boolean => bound.includes(of) || (of === '*' && table.platformReadable);
        leaks.push(...rows.filter(({ tenant }) => !allowed(tenant)).map(({ tenant }) => `${table.name}: ${tenant}`));
      }
    }
    expect(leaks).toEqual([]);
  });

  it.each(ROLES)(
    '[I11] the %s bound to anybody else changes and deletes no row of a tenant',
    async (role) => {
      const changed: string[] = [];
      for (const tenants of BINDINGS) {
        for (const table of ofTenants) {
          const changeable = table.columns.filter(({ generated }) => !generated);
          const texts = changeable.map(({ name }) => changeText(table, name));
          texts.push(`delete from writ.${table.name} where tenant = '${A}' returning tenant`);
          for (const text of texts) {
            const rows = await attempt({ role, tenants }, text);
            if (rows !== 'denied' && rows.length > 0) changed.push(`${tenants ?? 'nothing'}: ${text}`);
          }
        }
      }
      expect(changed).toEqual([]);
    },
    400_000,
  );

  it.each(ROLES)('[I11] the %s bound to anybody else adds no row of a tenant', async (role) => {
    const added: string[] = [];
    for (const table of ofTenants) {
      const text = await addText(table);
      for (const tenants of BINDINGS) {
        if ((await attempt({ role, tenants }, text)) !== 'denied')
          added.push(`${table.name} by ${tenants ?? 'nobody'}`);
      }
    }
    expect(added).toEqual([]);
  });

  it('[I11] no role can move a row to another tenant: nobody may write the tenant column', async () => {
    const { rows } = await owner.query(
      `select c.relname, r.rolname from pg_class c, pg_roles r
        where c.relnamespace = 'writ'::regnamespace and c.relkind = 'r' and r.rolname like 'writ\\_%'
          and c.relname <> all ($1) and has_column_privilege(r.oid, c.oid, 'tenant', 'update')`,
      [OF_THE_OWNER],
    );
    expect(rows).toEqual([]);
  });

  it('[I11] platform rows are written by nobody who is bound to a tenant', async () => {
    for (const table of tables.filter(({ platformReadable }) => platformReadable)) {
      for (const { name } of table.columns) {
        const text = `update writ.${table.name} set ${name} = ${name} where tenant = '*' returning tenant`;
        for (const role of ROLES) expect([[], 'denied']).toContainEqual(await attempt({ role, tenants: B }, text));
      }
    }
  });

  it('[I11] every foreign key between tables of tenants leads with the tenant on both sides', async () => {
    const { rows } = await owner.query<{ conname: string }>(
      `select k.conname from pg_constraint k
         join pg_attribute f on f.attrelid = k.conrelid and f.attnum = k.conkey[1]
         join pg_attribute t on t.attrelid = k.confrelid and t.attnum = k.confkey[1]
        where k.contype = 'f' and k.connamespace = 'writ'::regnamespace and (f.attname <> 'tenant' or t.attname <> 'tenant')`,
    );
    expect(rows).toEqual([]);
  });

  it('[I11] every primary and unique key leads with the tenant, or there is a reason', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `select i.relname as name from pg_index x
         join pg_class i on i.oid = x.indexrelid
         join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
        where i.relnamespace = 'writ'::regnamespace and x.indisunique and a.attname <> 'tenant'
          and x.indrelid <> all (select format('writ.%I', name)::regclass from unnest($1::text[]) name)`,
      [OF_THE_OWNER],
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(KEYS_BEYOND_TENANTS).sort());
  });
});

describe('the walk itself', () => {
  afterEach(() => owner.query('drop table writ.open'));

  it('[I11] finds a table without row security, and one that it cannot seed', async () => {
    await owner.query('create table writ.open (tenant text not null, odd point not null)');
    const found = (await readCatalog(owner)).find(({ name }) => name === 'open')!;
    expect(found.rowSecurity).toBe(false);
    await expect(seedTables(owner, { tables: [found], tenants: [A] })).rejects.toThrow(/open\.odd/);
  });

  it('[I11] finds what a table without row security gives away', async () => {
    await owner.query('create table writ.open (tenant text not null)');
    await owner.query('grant select on writ.open to writ_reader');
    await owner.query(`insert into writ.open values ('${A}')`);
    expect(await attempt({ role: 'reader', tenants: B }, 'select tenant from writ.open')).toEqual([{ tenant: A }]);
  });
});
