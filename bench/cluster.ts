import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '@writ/database';

const SHOWN = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'wal_level',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'max_connections',
] as const;

/** The durable Postgres everything is measured on, and the counters it keeps. */
export interface Cluster {
  readonly source: 'embedded' | 'DATABASE_URL';
  readonly settings: Readonly<Record<string, string>>;
  /** Administrator's connection to the cluster's own database; statements here are not in any system's counters. */
  readonly admin: Client;
  /** Process id of the postmaster when it runs on this machine and we started it. */
  readonly postmaster: number | null;
  /** False when the server does not preload pg_stat_statements: statement counts are then not taken. */
  readonly countsStatements: boolean;
  /** Drops and makes a database, writes everything out, and returns its url. */
  fresh(name: string): Promise<string>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an embedded cluster of its own with default durability, or uses DATABASE_URL. */
export async function openCluster(): Promise<Cluster> {
  const given = process.env['DATABASE_URL'];
  if (given) return overUrl(given, { source: 'DATABASE_URL', postmaster: null, stop: () => Promise.resolve() });
  const dir = mkdtempSync(join(tmpdir(), 'writ-bench-'));
  // The server runs under an unprivileged account when this process is root, and must be able to enter.
  chmodSync(dir, 0o755);
  const options = { dir, maxConnections: 250 } as const;
  const first = await startEmbeddedPostgres(options);
  const client = new Client({ connectionString: first.url });
  await client.connect();
  await client.query(`alter system set shared_preload_libraries = 'pg_stat_statements'`);
  await client.end();
  await first.stop();
  const server = await startEmbeddedPostgres(options);
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    return await overUrl(server.url, { source: 'embedded', postmaster: server.pid, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

type Origin = Pick<Cluster, 'source' | 'postmaster' | 'stop'>;

async function overUrl(url: string, { source, postmaster, stop }: Origin): Promise<Cluster> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const settings: Record<string, string> = {};
  for (const name of SHOWN) {
    settings[name] = (
      await admin.query<{ value: string }>(`select current_setting($1) as value`, [name])
    ).rows[0]!.value;
  }
  if (settings['fsync'] !== 'on' || settings['synchronous_commit'] === 'off') {
    await admin.end();
    throw new Error('the benchmarks measure durable commits: start Postgres with fsync and synchronous_commit on');
  }
  const drop = async (name: string): Promise<void> => {
    await admin.query(`drop database if exists ${name} with (force)`);
  };
  return {
    source,
    settings,
    admin,
    postmaster,
    countsStatements: await statementCounter(admin),
    drop,
    async fresh(name) {
      await drop(name);
      await admin.query(`create database ${name}`);
      // Later windows then start from the same place: no old dirty pages, every page's first image still to come.
      await admin.query('checkpoint');
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.toString();
    },
    async stop() {
      await admin.end();
      await stop();
    },
  };
}

/** Off while timing, so that nobody pays for being counted; the counting of P4 switches it on. */
async function statementCounter(admin: Client): Promise<boolean> {
  const { rows } = await admin.query<{ value: string }>(`select current_setting('shared_preload_libraries') as value`);
  if (!rows[0]!.value.includes('pg_stat_statements')) return false;
  await admin.query('create extension if not exists pg_stat_statements');
  await trackStatements(admin, false);
  return true;
}

export async function trackStatements(admin: Client, on: boolean): Promise<void> {
  await admin.query(`alter system set pg_stat_statements.track = '${on ? 'top' : 'none'}'`);
  await admin.query('select pg_reload_conf()');
}
