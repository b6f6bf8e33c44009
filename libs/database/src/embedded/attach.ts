import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
}

export const dataFolder = (dir: string): string => join(dir, 'data');
/** Inside the data directory, so that cluster and password are published together by one rename. */
export const passwordFile = (dir: string): string => join(dataFolder(dir), 'writ.password');

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const pidFile = (dir: string): string => join(dataFolder(dir), 'postmaster.pid');

/** Whether a process is a Postgres server; undefined when the system does not say (no `ps`, or one without `-p`). */
function isPostgres(pid: number): boolean | undefined {
  const asked = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.trim() !== '' ? asked.stdout.includes('postgres') : undefined;
}

/** The postmaster of a data directory, from line 1 (pid) and line 4 (port) of postmaster.pid; undefined if none lives. */
export function postmaster(dir: string): { readonly pid: number; readonly port: number } | undefined {
  const lines = readLines(pidFile(dir));
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 && alive(pid) ? { pid, port } : undefined;
}

/**
 * Removes a postmaster.pid whose process is alive and no Postgres: after the machine restarted, another program has the
 * number, and the server would take it for a twin and refuse to start. A dead process's file the server removes itself.
 * INVARIANT: never on a guess. A server whose file is gone shuts down at once, and nothing keeps a second one out.
 */
export function dropForeignPid(dir: string): void {
  const pid = Number(readLines(pidFile(dir))[0]);
  if (pid > 0 && alive(pid) && isPostgres(pid) === false) rmSync(pidFile(dir), { force: true });
}

/**
 * The running server of a data directory, if its stored password opens it: a pid that was reused by another program, or
 * a foreign server on the port, does not know it. Undefined also while it still starts or recovers.
 */
export async function attach(dir: string): Promise<RunningServer | undefined> {
  const server = postmaster(dir);
  const password = readLines(passwordFile(dir))[0];
  if (server === undefined || !password) return undefined;
  const url = `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres`;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ server_version: string }>('show server_version');
    return { url, pid: server.pid, version: answer.rows[0]?.server_version ?? '' };
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}
