import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, liveWorkers, openDatabase, startEmbeddedPostgres } from '@writ/database';
import { newId } from '@writ/kernel';
import { WritClient } from '@writ/sdk';
import { openTenant } from '../../apps/control-plane/src';
import { describeWithRedis } from '../support/redis';
import { type ComposeService, inOrder, readCompose, readImage } from './compose';
import { json, ROOT, writ } from './dev-server';
import { Service } from './service';

const GUIDE = 'docs/guides/first-workflow';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

/**
 * docker-compose.yml without docker: each service's own command under its own environment and nothing else of this
 * machine's. Only what a network of containers would do is done here: names of services become addresses, and mounted
 * volumes folders.
 */
class Stack {
  readonly services = readCompose();
  readonly running = new Map<string, Service[]>();
  readonly folder = mkdtempSync(join(tmpdir(), 'writ-compose-'));
  /** As root the server runs under another account, which may not enter a folder of ours. */
  readonly #data = mkdtempSync(join(tmpdir(), 'writ-compose-data-'));
  #ports = new Map<string, number>();
  #postgres: EmbeddedPostgres | null = null;

  /** Name and port inside → the port it has here. */
  async open(): Promise<void> {
    for (const inside of ['postgres:5432', 'redis:6379', 'control-plane:8420'])
      this.#ports.set(inside, await freePort());
  }

  at(inside: string): number {
    return this.#ports.get(inside) ?? 0;
  }

  service(name: string): ComposeService {
    const found = this.services.get(name);
    if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
    return found;
  }

  /** Text of a service as it is outside: other services' names, its volumes' mount points. */
  #outside(service: ComposeService, text: string): string {
    let here = text;
    for (const [inside, port] of this.#ports) here = here.replaceAll(inside, `127.0.0.1:${port}`);
    for (const [volume, mount] of service.volumes) {
      const folder = join(this.folder, volume);
      mkdirSync(folder, { recursive: true });
      here = here.replaceAll(mount, folder);
    }
    return here;
  }

  environment(service: ComposeService): NodeJS.ProcessEnv {
    const own = Object.entries({ ...readImage().environment, ...service.environment });
    const env = Object.fromEntries(own.map(([name, value]) => [name, this.#outside(service, value)]));
    return { PATH: process.env['PATH'] ?? '', ...env };
  }

  /** Starts one process of the product's image. */
  start(name: string, more: NodeJS.ProcessEnv = {}): Service {
    const service = this.service(name);
    const command = service.command.length > 0 ? service.command : readImage().command;
    const process = new Service(command, { ...this.environment(service), ...more });
    this.running.set(name, [...(this.running.get(name) ?? []), process]);
    return process;
  }

  startRedis(): Service {
    const { command } = this.service('redis');
    const where = ['--port', String(this.at('redis:6379')), '--bind', '127.0.0.1', '--dir', this.folder];
    const redis = new Service([...command, ...where], this.environment(this.service('redis')));
    this.running.set('redis', [redis]);
    return redis;
  }

  /** A real server with the account and the database that the image makes of its environment. */
  async startPostgres(): Promise<void> {
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: db } = this.service('postgres').environment;
    this.#postgres = await startEmbeddedPostgres({ dir: this.#data });
    const client = new Client(this.#postgres.url);
    await client.connect();
    await client.query(`create role ${user} superuser login password '${password}'`);
    await client.query(`create database ${db} owner ${user}`);
    await client.end();
    this.#ports.set('postgres:5432', Number(new URL(this.#postgres.url).port));
  }

  /** A service's own health check, run as compose runs it: exit code 0 is healthy. */
  healthy(name: string): boolean {
    const service = this.service(name);
    const check = service.healthcheck;
    if (!check) throw new Error(`${name} has no health check`);
    const inside = { redis: '6379', 'control-plane': '8420' }[name] ?? '';
    const port = String(this.at(`${name}:${inside}`));
    const [command = '', ...args] = check.words.map((word) => word.replaceAll(`:${inside}`, `:${port}`));
    const words = command === 'redis-cli' ? ['-p', port, ...args] : args;
    const program = command === 'node' ? process.execPath : command;
    return spawnSync(program, words, { env: this.environment(service), timeout: 10_000 }).status === 0;
  }

  async close(): Promise<void> {
    for (const service of [...this.running.values()].flat()) await service.send('SIGKILL').catch(() => null);
    await this.#postgres?.stop();
    for (const folder of [this.folder, this.#data]) rmSync(folder, { recursive: true, force: true });
  }
}

/** The first event of a run, once the log has it. */
async function firstEvent(client: WritClient, run: string): Promise<string> {
  const { data } = await client.audit.events({ run }).page();
  const id = data[0]?.id ?? '';
  await until('the event to be sealed', async () => (await client.audit.event(id)).index !== null);
  return id;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 150_000; !(await holds());) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describeWithRedis('docker-compose.yml, each service as the process it says', () => {
  const stack = new Stack();
  let database: Awaited<ReturnType<typeof openDatabase>>;

  beforeAll(async () => {
    // Commands of the CLI build what is stale first.
    writ({ ...process.env }, 'version');
    await stack.open();
  });
  afterAll(async () => {
    await database?.close();
    await stack.close();
  });

  it('names services that this test knows, in an order in which they can start', () => {
    const order = inOrder(stack.services).map(({ name }) => name);
    expect([...order].sort()).toEqual(['control-plane', 'migrate', 'otel-collector', 'postgres', 'redis', 'worker']);
    expect(order.indexOf('migrate')).toBeLessThan(order.indexOf('worker'));
    expect(order.indexOf('postgres')).toBeLessThan(order.indexOf('migrate'));
    // Somebody else's image as it is: there is nothing of ours to run.
    expect(stack.service('otel-collector')).toMatchObject({ command: [], environment: {}, profiles: ['telemetry'] });
  });

  it('gives a container nothing that is not in the repository or made by its build', () => {
    const commands = [...stack.services.values(), readImage()].flatMap(({ command }) => command);
    const paths = commands.filter((word) => word.endsWith('.js')).map((word) => word.replace(/^--require=/, ''));
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) expect({ path, there: existsSync(join(ROOT, path)) }).toEqual({ path, there: true });
  });

  it('starts Redis and Postgres, and Redis is healthy by its own check', async () => {
    await stack.startPostgres();
    const redis = stack.startRedis();
    await redis.says(/Ready to accept connections/);
    expect(stack.healthy('redis')).toBe(true);
  });

  it('lets nothing of the product start before the migration, which ends well, also when it is run again', async () => {
    const early = stack.start('worker');
    expect(await early.ended).toBe(1);
    expect(early.log).toContain('writ migrate');
    expect(await stack.start('migrate').ended).toBe(0);
    expect(await stack.start('migrate').ended).toBe(0);
  });

  it('starts the control plane, healthy by its own check, and its workers', async () => {
    const port = String(stack.at('control-plane:8420'));
    const plane = stack.start('control-plane', { WRIT_PORT: port });
    await plane.says(/"listening"/);
    expect(stack.environment(stack.service('control-plane'))['WRIT_HOST']).toBe('0.0.0.0');
    await until('the control plane to be healthy', () => stack.healthy('control-plane'));
    const { replicas } = stack.service('worker');
    expect(replicas).toBeGreaterThan(1);
    for (let i = 0; i < replicas; i++) await stack.start('worker').says(/"leading"/);
    const url = stack.environment(stack.service('worker'))['DATABASE_URL'] ?? '';
    database = await openDatabase({ url, role: 'writer' });
    expect(await liveWorkers(database)).toBe(replicas);
  });

  it('[I9] runs what is asked of it over its own port, and seals it under a key and a checkpoint outside the database', async () => {
    const tenant = newId('tenant');
    const opened = await openTenant(database, { tenant, name: 'compose', now: Date.now() });
    if (!opened.ok) throw new Error(opened.failure.message);
    const url = `http://127.0.0.1:${stack.at('control-plane:8420')}`;
    const env = {
      PATH: process.env['PATH'],
      HOME: stack.folder,
      WRIT_URL: url,
      WRIT_API_KEY: opened.value.token ?? '',
    };
    json(env, 'config', 'apply', GUIDE);
    const run = String(json(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}')['id']);
    expect(json(env, 'runs', 'show', run, '--wait', '--timeout', '60')).toMatchObject({ status: 'succeeded' });
    const client = new WritClient({ url, apiKey: opened.value.token ?? '' });
    const { checkpoint } = await client.audit.proof(await firstEvent(client, run));
    expect(checkpoint).toContain(`writ/${tenant}`);
    const log = join(stack.folder, 'log');
    expect(statSync(join(log, 'key')).mode & 0o777).toBe(0o600);
    // It is kept outside once the database has it.
    const kept = join(log, 'checkpoints', `${tenant}.checkpoint`);
    await until('the checkpoint to be kept', () => existsSync(kept));
    expect(readFileSync(kept, 'utf8')).toContain(`writ/${tenant}`);
  });

  it('stops each service within its time', async () => {
    for (const name of ['worker', 'control-plane']) {
      for (const service of (stack.running.get(name) ?? []).slice(name === 'worker' ? 1 : 0)) {
        const asked = performance.now();
        expect({ name, code: await service.send('SIGTERM') }).toEqual({ name, code: 0 });
        expect(performance.now() - asked).toBeLessThan(stack.service(name).graceMs);
        expect(service.log).not.toContain('"level":"error"');
      }
    }
  }, 400_000);
});
