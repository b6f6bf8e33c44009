import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '@writ/database';
import { until } from '../support/until';

const STARTER = join(__dirname, '..', '..', 'dist', 'test', 'support', 'embedded-starter.js');
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the private Postgres', () => {
  let dir: string;
  const servers: number[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'writ-account-'));
  });

  afterEach(async () => {
    for (const pid of servers.splice(0)) {
      if (alive(pid)) process.kill(pid, 'SIGQUIT');
      await until('the server to end', () => !alive(pid));
    }
    rmSync(dir, { recursive: true, force: true });
  });

  it('started by an ordinary user runs as that user, and its folder needs no one else', async () => {
    if (isRoot) chownSync(dir, NOBODY, NOBODY);
    const uid = isRoot ? NOBODY : process.getuid!();
    const child = spawn(process.execPath, [STARTER, dir], {
      ...(isRoot && { uid: NOBODY, gid: NOBODY }),
      env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const said = JSON.parse(line) as { readonly pid: number; readonly url: string; readonly error?: string };
    expect(said.error).toBeUndefined();
    servers.push(said.pid);
    const asked = spawnSync('ps', ['-o', 'uid=', '-p', String(said.pid)], { encoding: 'utf8' });
    expect(Number(asked.stdout)).toBe(uid);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    // Whoever may read the folder attaches: here root, or the same user again.
    expect(await startEmbeddedPostgres({ dir })).toMatchObject({ attached: true, pid: said.pid });
  });

  it('is never taken for gone because the system cannot say what a process is', async () => {
    const first = await startEmbeddedPostgres({ dir });
    servers.push(first.pid);
    const password = readFileSync(join(dir, 'data', 'writ.password'), 'utf8');
    // A server that does not let us in, and a `ps` that knows none of our options, as in small containers.
    writeFileSync(join(dir, 'data', 'writ.password'), 'wrong\n');
    const bin = mkdtempSync(join(tmpdir(), 'writ-ps-'));
    writeFileSync(join(bin, 'ps'), '#!/bin/sh\necho "ps: unrecognized option: p" >&2\nexit 1\n');
    chmodSync(join(bin, 'ps'), 0o755);
    const before = readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8');
    const child = spawn(process.execPath, [STARTER, dir], {
      env: { PATH: `${bin}:${process.env['PATH']}` },
      stdio: 'ignore',
    });
    const log = (): string => readFileSync(join(dir, 'postgres.log'), 'utf8');
    await until('a second server to be refused, or to start', () =>
      /lock file|ready to accept[^]*ready to accept/.test(log()),
    );
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(bin, { recursive: true, force: true });
    expect(log()).toMatch(/lock file "postmaster.pid" already exists/);
    expect(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8')).toBe(before);
    expect(alive(first.pid)).toBe(true);
    writeFileSync(join(dir, 'data', 'writ.password'), password);
    const client = new Client({ connectionString: first.url });
    await client.connect();
    await client.end();
  });
});
