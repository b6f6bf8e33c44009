import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { defaultDataDir, startEmbeddedPostgres } from '@writ/database';
import { CliError } from '../cli-error';

type Variables = { readonly [name: string]: string | undefined };

/** The Postgres a command works on, as its owner. */
export interface OwnDatabase {
  readonly url: string;
  /** For people: where the data lies. */
  readonly place: string;
  /** False when the server ran before, or is not ours to run. */
  readonly started: boolean;
  /** Leaves the server as it should be: the last to go stops the embedded one. */
  close(): Promise<void>;
}

/**
 * DATABASE_URL if it is set, otherwise the embedded cluster of WRIT_HOME, which is started unless it runs.
 * Without `create`, a cluster that was never made is an error instead of an empty one.
 */
export async function ownDatabase(env: Variables, { create }: { readonly create: boolean }): Promise<OwnDatabase> {
  const given = env['DATABASE_URL'];
  if (given) return { url: given, place: placeOf(given), started: false, close: () => Promise.resolve() };
  const dir = defaultDataDir();
  if (!create && !existsSync(join(dir, 'data'))) {
    throw new CliError({
      exit: 'failed',
      code: 'no_database',
      what: 'There is no database to work on.',
      why: `DATABASE_URL is not set, and ${dir} holds no data of \`writ dev\`.`,
      next: 'Set DATABASE_URL to the owner’s address of the database, or run `npm start` first.',
    });
  }
  const server = await startEmbeddedPostgres({ dir });
  const place = `${dir} (Postgres ${server.version}${server.attached ? ', already running' : ''})`;
  return { url: server.url, place, started: !server.attached, close: () => stopIfLast(server) };
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'DATABASE_URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname} (DATABASE_URL)`;
}

/**
 * Several processes may share one embedded server, and any of them may have started it or have been killed: so not its
 * starter but whoever leaves last stops it. A server left running by mistake costs memory; the next start takes it over.
 */
async function stopIfLast(server: {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}): Promise<void> {
  if (await othersAt(server.url)) return;
  await server.stop();
  if (!alive(server.pid)) return;
  process.kill(server.pid, 'SIGINT');
  for (const until = Date.now() + 10_000; alive(server.pid) && Date.now() < until;) await sleep(20);
}

async function othersAt(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ others: number }>(
      `SELECT count(*)::int AS others FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return (rows[0]?.others ?? 0) > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
