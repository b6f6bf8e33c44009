import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseFault } from '../fault';
import { type Account, serviceAccount, spawnOptions } from './account';
import { attach, dataFolder, dropForeignPid, postmaster, type RunningServer } from './attach';
import { type Binaries, findBinaries } from './binaries';
import { initialise, prepareFolder } from './initialise';
import { stopIfLast } from './leave';
import { choosePort } from './port';

/**
 * A server may lose a race for its port or its folder, or find that the last backends of one that was killed still hold
 * its shared memory. One that fails this often fails for good.
 */
const MOST_LAUNCHES = 10;
const RELAUNCH_MS = 200;

export interface EmbeddedOptions {
  /** Where the cluster lives; made when missing. Must be reachable by the account Postgres runs under. */
  readonly dir: string;
  readonly maxConnections?: number;
  /** Test clusters only: a crash of the machine may lose or corrupt the data. */
  readonly fsync?: 'on' | 'off';
  /** How long to wait for the server, milliseconds. Recovery after a crash counts. */
  readonly timeoutMs?: number;
  /** Which installation; by default the npm package's, else the system's. */
  readonly source?: 'package' | 'system';
}

export interface EmbeddedPostgres {
  /** Connects as the cluster's superuser, to its `postgres` database. */
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  /** True when the server was already running: other processes may be using it. */
  readonly attached: boolean;
  /** Stops a server that this call started (fast shutdown); leaves an attached one to whoever started it. */
  stop(): Promise<void>;
  /** Stops the server, whoever started it, unless another process that lives is connected to it. */
  leave(): Promise<void>;
}

/**
 * Where the data of `npm start` lives: WRIT_HOME, else a folder of the user; as root a system folder, because the
 * unprivileged account cannot enter root's home. Never inside the project.
 */
export function defaultDataDir(): string {
  const chosen = process.env['WRIT_HOME'];
  if (chosen) return chosen;
  if (process.getuid?.() === 0) return '/var/lib/writ';
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'writ');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'writ');
}

/** Starts the server in a session of its own: a Ctrl-C in the terminal must not stop it before its clients are done. */
function launch(options: EmbeddedOptions, binaries: Binaries, start: { account: Account | undefined; port: number }) {
  const logPath = join(options.dir, 'postgres.log');
  const full = existsSync(logPath) && statSync(logPath).size > 8_388_608;
  const log = openSync(logPath, full ? 'w' : 'a', 0o600);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${options.maxConnections ?? 60}`,
    `fsync=${options.fsync ?? 'on'}`,
  ];
  const args = ['-D', dataFolder(options.dir), '-p', String(start.port), ...settings.flatMap((each) => ['-c', each])];
  const child = spawn(join(binaries.bin, 'postgres'), args, {
    ...spawnOptions(start.account),
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  // A program that cannot be executed shows as exited; the log and the fault below say the rest.
  child.on('error', () => undefined);
  child.unref();
  return child;
}

const exited = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

/** Waits until the server answers, or its process ends (another start holds the directory, or it cannot run). */
async function answered(dir: string, child: ChildProcess, until: number): Promise<RunningServer | undefined> {
  while (Date.now() < until) {
    const running = await attach(dir);
    if (running) return running;
    if (exited(child)) return undefined;
    await sleep(15);
  }
  return undefined;
}

/** The server of another start, once it answers; undefined when there is none, or it goes away again. */
async function comingUp(dir: string, until: number): Promise<RunningServer | undefined> {
  while (Date.now() < until && postmaster(dir)) {
    const running = await attach(dir);
    if (running) return running;
    await sleep(25);
  }
  return undefined;
}

function known(server: RunningServer, child?: ChildProcess): EmbeddedPostgres {
  const stop = () => (child ? stopped(child) : Promise.resolve());
  return { ...server, attached: !child, stop, leave: () => stopIfLast(server, stop) };
}

/**
 * Starts the private Postgres of a folder, or attaches to the one already running there.
 * INVARIANT: one cluster per folder. postmaster.pid is the lock, Postgres' own: of two servers started at once one
 * refuses to run, and its starter attaches to the other. Killing the starter leaves the server; the next start attaches.
 * Throws `no_postgres_binaries`, `embedded_folder_unusable`, `embedded_init_failed` or `embedded_start_failed`.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dir } = options;
  const until = Date.now() + (options.timeoutMs ?? 60_000);
  const running = await attach(dir);
  if (running) return known(running);

  const account = serviceAccount();
  prepareFolder(dir, account);
  const versionFile = join(dataFolder(dir), 'PG_VERSION');
  const dataMajor = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : undefined;
  const binaries = findBinaries({ dir, account, dataMajor, source: options.source });
  if (dataMajor === undefined) initialise({ dir, binaries, account, sync: options.fsync !== 'off' });

  for (let launches = 0; launches < MOST_LAUNCHES && Date.now() < until; launches++) {
    dropForeignPid(dir);
    const child = launch(options, binaries, { account, port: await choosePort(dir) });
    const server = await answered(dir, child, until);
    if (server && server.pid === child.pid) return known(server, child);
    if (server) return known(server);
    if (!exited(child)) child.kill('SIGINT');
    // Our server refused to run. If another start's server is coming up there, it is that one's directory.
    const other = await comingUp(dir, until);
    if (other) return known(other);
    await sleep(RELAUNCH_MS);
  }
  throw new DatabaseFault({
    code: 'embedded_start_failed',
    class: 'permanent',
    message: `Postgres did not start in ${dir}: ${lastLines(join(dir, 'postgres.log'))}`,
    next: 'Read postgres.log in that folder, or set DATABASE_URL to a server of your own.',
  });
}

function lastLines(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').slice(-5).join(' | ') : 'it left no log.';
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (exited(child)) return resolve();
    child.ref();
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}
