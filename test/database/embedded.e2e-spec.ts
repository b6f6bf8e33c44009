import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@writ/database';
import { until } from '../support/until';

const ROOT = join(__dirname, '..', '..');
const STARTER = join(ROOT, 'dist', 'test', 'support', 'embedded-starter.js');

interface Started {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly url: string;
  readonly attached: boolean;
}

/** The same start in a process of its own, which a test may kill. */
async function startElsewhere(dir: string): Promise<Started> {
  const child = spawn(process.execPath, [STARTER, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const said = JSON.parse(line) as Omit<Started, 'process'> & { readonly error?: string };
  if (said.error !== undefined) throw new Error(said.error);
  return { process: child, ...said };
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const ended = (pid: number): Promise<void> => until(`process ${pid} to end`, () => !alive(pid));

async function ask<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

// Most of these make a durable cluster of their own.
describe('the private Postgres', () => {
  let dir: string;
  const servers = new Set<number>();

  const start = async (): Promise<EmbeddedPostgres> => {
    const cluster = await startEmbeddedPostgres({ dir });
    servers.add(cluster.pid);
    return cluster;
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'writ-embedded-'));
  });

  afterEach(async () => {
    for (const pid of servers) {
      if (alive(pid)) process.kill(pid, 'SIGQUIT');
      await ended(pid);
    }
    servers.clear();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is durable, reachable from this machine only, and opened by its stored password alone', async () => {
    const cluster = await start();
    expect(cluster.attached).toBe(false);
    const settings = await ask<{ name: string; setting: string }>(
      cluster.url,
      `select name, setting from pg_settings where name in
        ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories') order by name`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      synchronous_commit: 'on',
      unix_socket_directories: '',
    });
    expect(statSync(join(dir, 'data', 'writ.password')).mode & 0o777).toBe(0o600);
    const guess = new URL(cluster.url);
    guess.password = 'guess';
    await expect(ask(guess.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await cluster.stop();
    expect(alive(cluster.pid)).toBe(false);
  });

  it('never runs as root, and keeps its secrets out of its log', async () => {
    const cluster = await start();
    const asked = spawnSync('ps', ['-o', 'uid=', '-p', String(cluster.pid)], { encoding: 'utf8' });
    expect(Number(asked.stdout)).toBeGreaterThan(0);
    expect(readFileSync(join(dir, 'postgres.log'), 'utf8')).not.toContain(new URL(cluster.url).password);
  });

  it('keeps its data over a stop, and is attached to while it runs', async () => {
    const first = await start();
    await ask(first.url, 'create table kept (n int)');
    await ask(first.url, 'insert into kept values (7)');
    const second = await start();
    expect(second).toMatchObject({ attached: true, pid: first.pid });
    await second.stop();
    expect(alive(first.pid)).toBe(true);
    await first.stop();
    const third = await start();
    expect(third.attached).toBe(false);
    expect(await ask(third.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('is stopped by whoever leaves last: neither its own connections count nor those of the dead', async () => {
    const server = await start();
    const other = spawn('sleep', ['60']);
    const left = [`writ (${process.pid})`, `writ commit 1 (${other.pid})`].map(
      (name) => new Client({ connectionString: server.url, application_name: name }),
    );
    const person = new Client({ connectionString: server.url, application_name: 'psql' });
    for (const one of [...left, person]) {
      one.on('error', () => undefined);
      await one.connect();
    }
    await server.leave();
    expect(alive(server.pid)).toBe(true);
    await killed(other);
    await server.leave();
    expect(alive(server.pid)).toBe(true);
    await person.end();
    // It is told that it ended before the server has taken it off its list.
    await until(
      'the person to be gone',
      async () => (await ask(server.url, `select from pg_stat_activity where application_name = 'psql'`)).length === 0,
    );
    await server.leave();
    await ended(server.pid);
  });

  it('outlives the process that started it: killed, the next start attaches and finds everything', async () => {
    const elsewhere = await startElsewhere(dir);
    servers.add(elsewhere.pid);
    await ask(elsewhere.url, 'create table kept as select 7 as n');
    await killed(elsewhere.process);
    const next = await start();
    expect(next).toMatchObject({ attached: true, pid: elsewhere.pid });
    expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('loses no committed row when it is killed itself', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 7 as n');
    process.kill(first.pid, 'SIGKILL');
    await ended(first.pid);
    const next = await start();
    expect(next.attached).toBe(false);
    expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('is one cluster, however many start it at once, on an empty folder and on a stopped one', async () => {
    for (const round of ['empty', 'stopped']) {
      const started = await Promise.all([startElsewhere(dir), startElsewhere(dir), startElsewhere(dir), start()]);
      started.forEach(({ pid }) => servers.add(pid));
      expect({ round, pids: new Set(started.map(({ pid }) => pid)).size }).toEqual({ round, pids: 1 });
      expect({ round, owners: started.filter(({ attached }) => !attached).length }).toEqual({ round, owners: 1 });
      for (const { url } of started) await ask(url, 'select 1');
      for (const one of started) if ('process' in one) await killed(one.process);
      process.kill(started[0].pid, 'SIGINT');
      await ended(started[0].pid);
    }
    expect(readdirSync(dir).sort()).toEqual(['data', 'postgres.log']);
  });

  it('starts although another program now has the number in its pid file', async () => {
    const first = await start();
    await first.stop();
    const sleeper = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid: statSync(join(dir, 'data')).uid } : {});
    writeFileSync(join(dir, 'data', 'postmaster.pid'), `${sleeper.pid}\n${dir}/data\n1\n1\n\n127.0.0.1\n\nready\n`);
    const next = await start();
    expect(next.attached).toBe(false);
    expect(sleeper.exitCode).toBeNull();
    await killed(sleeper);
  });

  it('a start that was killed half way leaves nothing the next one stumbles over', async () => {
    // A machine that is busy elsewhere may let the start go on too far: then it is caught another time.
    for (let caught = false; !caught;) {
      const child = spawn(process.execPath, [STARTER, dir], { stdio: 'ignore' });
      await until('a cluster to be made', () => readdirSync(dir).some((name) => /^data([.].*[0-9a-f])?$/.test(name)));
      await killed(child);
      caught = !existsSync(join(dir, 'data'));
      if (caught) continue;
      const { pid } = await start();
      process.kill(pid, 'SIGQUIT');
      await ended(pid);
      rmSync(dir, { recursive: true, force: true });
      dir = mkdtempSync(join(tmpdir(), 'writ-embedded-'));
    }
    expect(existsSync(join(dir, 'data'))).toBe(false);
    const next = await start();
    expect(await ask(next.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses data of a version that is not installed, and says what to do', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(join(dir, 'data', 'PG_VERSION'), '9\n');
    await expect(startEmbeddedPostgres({ dir })).rejects.toMatchObject({
      code: 'no_postgres_binaries',
      message: expect.stringMatching(/Postgres 9.*DATABASE_URL/s) as string,
    });
  });

  it('a folder that cannot be one is named in a clear failure', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(startEmbeddedPostgres({ dir: join(dir, 'file') })).rejects.toMatchObject({
      code: 'embedded_folder_unusable',
      message: expect.stringMatching(/WRIT_HOME/) as string,
    });
  });
});
