import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { runMigrations } from '@writ/database';

export interface FreshDatabase {
  /** The owner's address: what a program is configured with. */
  readonly url: string;
  readonly ownerUrl: string;
  drop(): Promise<void>;
}

/** Whoever of the parallel test processes comes first makes the template; the others wait for it here. */
const TEMPLATE_LOCK = 1465010518;

function cluster(): string {
  const url = process.env['WRIT_TEST_CLUSTER'];
  if (!url) throw new Error('there is no test cluster: run this suite in the `system` project');
  return url;
}

export function databaseUrl(name: string): string {
  const url = new URL(cluster());
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs `work` on the cluster's maintenance database, as its superuser. */
export async function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(cluster());
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Named by what it is migrated to: a server that outlives a run keeps no template of an older schema. */
function templateName(): string {
  const folder = join(__dirname, '..', '..', 'migrations');
  const digest = createHash('sha256');
  for (const file of readdirSync(folder).sort()) digest.update(readFileSync(join(folder, file)));
  return `writ_template_${digest.digest('hex').slice(0, 12)}`;
}

async function makeTemplate(): Promise<string> {
  const name = templateName();
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rows } = await admin.query<{ datistemplate: boolean }>(
      'select datistemplate from pg_database where datname = $1',
      [name],
    );
    if (rows[0]?.datistemplate) return;
    if (rows[0]) await admin.query(`drop database ${name} with (force)`);
    await admin.query(`create database ${name}`);
    await runMigrations(databaseUrl(name));
    // Also refuses connections: one forgotten session would make every later clone fail.
    await admin.query(`alter database ${name} with is_template true allow_connections false`);
  });
  return name;
}

let template: Promise<string> | null = null;

/** A database of the suite's own with nothing in it; call `drop` in `afterAll`. */
export async function emptyDatabase(from = 'template0'): Promise<FreshDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name} template ${from} strategy file_copy`));
  const url = databaseUrl(name);
  return {
    url,
    ownerUrl: url,
    drop: async () => void (await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`))),
  };
}

/** A migrated database of the suite's own: a file copy of one template, a twentieth of the time that migrating takes. */
export async function freshDatabase(): Promise<FreshDatabase> {
  return emptyDatabase(await (template ??= makeTemplate()));
}
