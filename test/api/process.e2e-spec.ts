import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type EmbeddedPostgres, openDatabase, runMigrations, startEmbeddedPostgres } from '@writ/database';
import { mintKey } from '@writ/identity';
import { newId } from '@writ/kernel';
import { openTenant } from '../../apps/control-plane/src';
import { until } from '../support/until';

const HERE = join(__dirname, '../..');
const ROOT = basename(HERE) === 'dist' ? join(HERE, '..') : HERE;
const MAIN = join(ROOT, 'dist/apps/control-plane/src/main.js');

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: () => string;
  readonly exited: Promise<number | null>;
}

async function boot(env: Record<string, string>): Promise<Started> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: { ...process.env, WRIT_PORT: '0', WRIT_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const found = /"url":"(http:[^"]+)"/.exec(log)?.[1];
      if (found) resolve(found);
    });
    void exited.then((code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
  });
  return { child, url, log: () => log, exited };
}

// The server takes a database that could lose acknowledged commits for a mistake, and the shared test cluster is one.
let cluster: EmbeddedPostgres;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'writ-api-'));
  cluster = await startEmbeddedPostgres({ dir });
  await runMigrations(cluster.url);
});
afterAll(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('the process', () => {
  it('listens where it is told, finishes what it has begun when it is asked to end, and ends well', async () => {
    const tenant = newId('tenant');
    const database = await openDatabase({ url: cluster.url, role: 'writer' });
    const opened = await openTenant(database, { tenant, name: 'test', now: Date.now() });
    await database.close();
    const token = opened.ok ? opened.value.token! : '';
    const server = await boot({ DATABASE_URL: cluster.url });
    const health = await fetch(`${server.url}/health`);
    expect(await health.json()).toMatchObject({ status: 'up' });
    const ready = await fetch(`${server.url}/ready`);
    expect(ready.status).toBe(503);

    // Half of a request is in when the signal comes; its other half is still read and answered.
    const body = JSON.stringify({ scope: 'tool', target: 'pay', reason: 'r' });
    const answered = new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const url = new URL('/v1/stops', server.url);
      const half = request(
        url,
        { method: 'POST', headers: { ...headers, 'content-length': body.length, expect: '100-continue' } },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
        },
      );
      half.once('error', reject);
      half.flushHeaders();
      // It has read the head of the request, and waits for its body.
      half.once('continue', () => {
        half.write(body.slice(0, 10));
        server.child.kill('SIGTERM');
        const isClosing = (): boolean => server.log().includes('"msg":"closing"');
        void until('it to be closing', isClosing).then(() => half.end(body.slice(10)), reject);
      });
    });
    expect(await answered).toBe(201);
    expect(await server.exited).toBe(0);
    expect(server.log()).not.toContain('"level":"error"');
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it('refuses everything while its database is away, says so, and stays up', async () => {
    const server = await boot({ DATABASE_URL: cluster.url });
    await cluster.stop();
    const refused = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${mintKey().token}` } });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'unavailable', retryable: true });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    const ready = await fetch(`${server.url}/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ checks: [{ name: 'database', ok: false }] });
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('ends with a reason when it is not told what it needs', async () => {
    for (const [env, reason] of [
      [{ DATABASE_URL: '' }, 'DATABASE_URL is not set'],
      [{ DATABASE_URL: cluster.url, WRIT_PORT: 'http' }, 'WRIT_PORT is http'],
      [{ DATABASE_URL: cluster.url, WRIT_CURSOR_SECRET: 'short' }, 'WRIT_CURSOR_SECRET'],
    ] as const) {
      await expect(boot(env)).rejects.toThrow(reason);
    }
  });
});
