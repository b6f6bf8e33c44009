import { Client } from 'pg';
import { roleUrl } from '@writ/database';
import { newId } from '@writ/kernel';
import { type FreshDatabase, freshDatabase } from '../support/database';
import { readCatalog } from './catalog';
import { seedTables } from './seed';

const A = newId('tenant');
const ROLES = ['writer', 'sequencer', 'reader'] as const;
const EVIDENCE = [
  'journal',
  'audit_unit',
  'payload',
  'policy_bundle',
  'definition',
  'log_span',
  'log_tile',
  'log_checkpoint',
  'approval_vote',
  'approval_proof',
];
/**
 * Functions that run with the owner's rights: each a door through row security that answers one question only, the four
 * that commit units, the only way into the journal, and the one that takes the leases of runs it is told with their tenant.
 */
const DOORS = [
  'admit_runs',
  'commit_resumed',
  'commit_start',
  'commit_step',
  'commit_units',
  'find_api_key',
  'find_api_keys',
  'find_budget_work',
  'find_due_batches',
  'find_due_runs',
  'find_due_subscriptions',
  'find_due_triggers',
  'find_hook',
  'find_odd_logs',
  'find_session',
  'find_unsealed',
  'forget_said',
  'forget_workers',
  'log_waits_since',
  'review_load',
  'run_load',
  'run_load',
  'take_runs',
  'wake_stopped',
];

let fresh: FreshDatabase;
let owner: Client;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = new Client(fresh.url);
  await owner.connect();
  await seedTables(owner, { tables: await readCatalog(owner), tenants: [A] });
});

afterAll(async () => {
  await owner?.end();
  await fresh?.drop();
});

const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );

describe('the roles of the services', () => {
  it('[I11] have no power over the cluster, and are members of nothing', async () => {
    const { rows } = await owner.query(
      `select rolname from pg_roles r where rolname = any ($1)
          and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
               or exists (select from pg_auth_members m where m.member = r.oid))`,
      [ROLES.map((role) => `writ_${role}`)],
    );
    expect(rows).toEqual([]);
  });

  it('[I11] own nothing', async () => {
    const { rows } = await owner.query(
      `select d.objid from pg_shdepend d join pg_roles r on r.oid = d.refobjid
        where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and r.rolname = any ($1)
          and d.dbid in (0, (select oid from pg_database where datname = current_database()))`,
      [ROLES.map((role) => `writ_${role}`)],
    );
    expect(rows).toEqual([]);
  });

  it('[I11] may make nothing in the schema, and everybody else may not even enter it', async () => {
    const { rows } = await owner.query(
      `select r.rolname from pg_roles r where r.rolname like 'writ\\_%' and has_schema_privilege(r.oid, 'writ', 'create')
       union all
       select 'public' from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'writ' and a.grantee = 0`,
    );
    expect(rows).toEqual([]);
  });

  it('[I11] share no function with everybody, and only the doors run with the rights of the owner, on a fixed path', async () => {
    const { rows } = await owner.query<{ name: string; definer: boolean; path: boolean; everybody: boolean }>(
      `select p.proname as name, p.prosecdef as definer,
              coalesce('search_path=writ, pg_temp' = any (p.proconfig), false) as path,
              p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0) as everybody
         from pg_proc p where p.pronamespace = 'writ'::regnamespace`,
    );
    expect(rows.filter(({ everybody }) => everybody)).toEqual([]);
    const doors = rows.filter(({ definer }) => definer);
    expect(doors.map(({ name }) => name).sort()).toEqual(DOORS);
    expect(doors.every(({ path }) => path)).toBe(true);
  });

  it.each(ROLES)('[I2] as %s, no run is made and no journal line written but by the fenced commit', async (role) => {
    const client = new Client(roleUrl(fresh.url, role));
    await client.connect();
    await client.query(`select set_config('writ.tenants', $1, false)`, [A]);
    for (const table of ['run', 'journal']) {
      expect(await codeOf(client.query(`insert into writ.${table} select * from writ.${table}`))).toBe('42501');
    }
    await client.end();
  });

  it('remove nothing but answers kept for a repeated request, sessions long over, reservations that are settled, snapshots of runs that are over, tries long past, messages that were taken after all, what applications are known for and were denied, and proofs that grew old', async () => {
    const { rows } = await owner.query(
      `select c.relname, r.rolname from pg_class c, pg_roles r
        where c.relnamespace = 'writ'::regnamespace and c.relkind = 'r' and r.rolname = any ($1)
          and (has_table_privilege(r.oid, c.oid, 'delete') or has_table_privilege(r.oid, c.oid, 'truncate'))
        order by c.relname`,
      [ROLES.map((role) => `writ_${role}`)],
    );
    expect(rows).toEqual([
      { relname: 'access_denial', rolname: 'writ_writer' },
      { relname: 'budget_reservation', rolname: 'writ_writer' },
      { relname: 'dead_letter', rolname: 'writ_writer' },
      { relname: 'delivery', rolname: 'writ_writer' },
      { relname: 'directory_entry', rolname: 'writ_writer' },
      { relname: 'idempotency', rolname: 'writ_writer' },
      { relname: 'proof', rolname: 'writ_writer' },
      { relname: 'run_snapshot', rolname: 'writ_writer' },
      { relname: 'session', rolname: 'writ_writer' },
    ]);
  });

  it.each(ROLES)('[I9] as %s, evidence and what was published cannot be changed, removed or emptied', async (role) => {
    const client = new Client(roleUrl(fresh.url, role));
    await client.connect();
    await client.query(`select set_config('writ.tenants', $1, false)`, [A]);
    for (const table of EVIDENCE) {
      const { rows } = await owner.query<{ column: string }>(
        `select attname as column from pg_attribute where attrelid = format('writ.%I', $1::text)::regclass and attnum > 0`,
        [table],
      );
      expect(rows.length).toBeGreaterThan(3);
      for (const { column } of rows) {
        expect(await codeOf(client.query(`update writ.${table} set ${column} = ${column}`))).toBe('42501');
      }
      expect(await codeOf(client.query(`delete from writ.${table}`))).toBe('42501');
      expect(await codeOf(client.query(`truncate writ.${table}`))).toBe('42501');
      expect(await codeOf(client.query(`alter table writ.${table} disable trigger all`))).toBe('42501');
    }
    await client.end();
  });

  it('[I3] cannot lower an authority epoch, give it to another tenant, or skip the numbers in between unseen', async () => {
    const client = new Client(roleUrl(fresh.url, 'writer'));
    await client.connect();
    await client.query(`select set_config('writ.tenants', $1, false)`, [A]);
    expect(await codeOf(client.query('update writ.authority_head set epoch = epoch - 1'))).toBe('23514');
    expect(await codeOf(client.query('update writ.authority_head set epoch = epoch'))).toBe('23514');
    expect(await codeOf(client.query(`update writ.authority_head set tenant = 'other'`))).toBe('42501');
    await client.end();
  });
});

describe('the owner', () => {
  it.each(EVIDENCE)(
    '[I9] is stopped by a trigger from changing, removing or emptying writ.%s by accident',
    async (table) => {
      const { rows } = await owner.query(`select from writ.${table} where tenant = $1`, [A]);
      expect(rows).toHaveLength(1);
      for (const text of [
        `update writ.${table} set tenant = tenant where false`,
        `delete from writ.${table} where tenant = '${A}'`,
        `truncate writ.${table} cascade`,
      ]) {
        expect(await codeOf(owner.query(text))).toBe('23001');
      }
    },
  );
});
