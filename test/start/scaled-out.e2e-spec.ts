import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, liveWorkers, openDatabase, startEmbeddedPostgres } from '@writ/database';
import { newId } from '@writ/kernel';
import { WritClient } from '@writ/sdk';
import { openTenant } from '../../apps/control-plane/src';
import { describeWithRedis, type PrivateRedis, startRedis } from '../support/redis';
import { eventually } from '../support/until';
import { freshHome, json, ROOT, writ } from './dev-server';
import { Service } from './service';

const GUIDE = 'docs/guides/first-workflow';
const RUNS = 24;

/** The shape of docker-compose.yml on one machine: the services as their own processes, as their images start them. */
function scaledOut(redis: () => PrivateRedis | null): void {
  const dir = mkdtempSync(join(tmpdir(), 'writ-scaled-'));
  const fresh = freshHome();
  const services: Service[] = [];
  let postgres: EmbeddedPostgres;
  let env: NodeJS.ProcessEnv;
  const start = (app: string): Service => {
    const main = join(ROOT, 'dist', 'apps', app, 'src', 'main.js');
    const service = new Service(['node', '--enable-source-maps', main], { ...env, WRIT_LOG_LEVEL: 'info' });
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    // The services below are started from dist; any command of the CLI builds what is stale first.
    writ(fresh.env, 'version');
    postgres = await startEmbeddedPostgres({ dir });
    const server = redis();
    env = { ...fresh.env, DATABASE_URL: postgres.url, WRIT_PORT: '0', ...(server ? { REDIS_URL: server.url } : {}) };
  });
  afterAll(async () => {
    for (const service of services) await service.send('SIGKILL');
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
    fresh.remove();
  });

  it('refuses to begin on a database that nobody migrated, and says what to do', async () => {
    const worker = start('worker');
    expect(await worker.ended).toBe(1);
    expect(worker.log).toContain('writ migrate');
  });

  it('[I8] loses no run when workers are stopped and killed and every ring is thrown away', async () => {
    expect(writ(env, 'migrate')).toMatchObject({ code: 0 });
    const database = await openDatabase({ url: postgres.url, role: 'writer' });
    const opened = await openTenant(database, { tenant: newId('tenant'), name: 'scaled', now: Date.now() });
    if (!opened.ok) throw new Error(opened.failure.message);
    const url = await start('control-plane').says(/"url":"(http:[^"]+)"/);
    const client = { ...env, WRIT_URL: url, WRIT_API_KEY: opened.value.token ?? '' };
    const [one, two, three] = [start('worker'), start('worker'), start('worker')];
    for (const worker of [one, two, three]) await worker.says(/"leading"/);
    expect(await liveWorkers(database)).toBe(3);
    json(client, 'config', 'apply', GUIDE);

    const started: string[] = [];
    const api = new WritClient({ url, apiKey: opened.value.token ?? '' });
    for (let i = 0; i < RUNS; i++) {
      const run = await api.runs.start({ workflow: 'look_up_order', input: { id: 'W1001' } });
      started.push(run.id);
      if (i === RUNS / 3) void one.send('SIGTERM');
      if (i === RUNS / 2) void two.send('SIGKILL');
      redis()?.command('FLUSHALL');
    }
    for (const run of started) {
      await eventually(async () => expect(await api.runs.get(run)).toMatchObject({ status: 'succeeded' }), 100_000);
    }
    expect(await one.ended).toBe(0);
    expect(one.log).not.toContain('"level":"error"');
    expect(await three.send('SIGTERM')).toBe(0);
    await database.close();
  }, 300_000);
}

describe('control plane and workers as processes of their own, without Redis', () => scaledOut(() => null));

describeWithRedis('control plane and workers as processes of their own, with Redis', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  scaledOut(() => redis);
});
