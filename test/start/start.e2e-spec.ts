import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, startEmbeddedPostgres } from '@writ/database';
import { newId, systemClock } from '@writ/kernel';
import { openTenant } from '../../apps/control-plane/src';
import { until } from '../support/until';
import { DevServer, freshHome, isAlive, json, writ } from './dev-server';

const postmaster = (home: string): number =>
  Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** It is told to stop before the last program goes; a slow disk may take longer than that program waits. */
const gone = (database: number): Promise<void> => until('the database to be gone', () => !isAlive(database));

const answers = async (url: string): Promise<number> => (await fetch(`${url}/ready`)).status;

describe('npm start', () => {
  const { home, env, remove } = freshHome();
  const running: DevServer[] = [];
  const start = (args?: readonly string[]): DevServer => {
    const server = DevServer.start(env, args);
    running.push(server);
    return server;
  };
  afterEach(async () => {
    for (const server of running.splice(0)) {
      if (server.child.exitCode === null && server.child.signalCode === null) await server.sendToGroup('SIGKILL');
    }
  });
  afterAll(async () => {
    // A failed test may have left the database running; one clean start and stop takes it along.
    const last = DevServer.start(env);
    await last.untilReady();
    await last.send('SIGTERM');
    remove();
  });

  it('makes a database, a tenant and a key the first time, says the key once, and stops whole on SIGTERM', async () => {
    const server = start();
    const ready = await server.untilReady();
    expect(ready.api_key).toMatch(/^writ_/);
    expect(ready.database_started).toBe(true);
    expect(await answers(ready.url)).toBe(200);
    expect(statSync(ready.login_file).mode & 0o777).toBe(0o600);
    expect(json(env, 'doctor')).toMatchObject({
      data: expect.arrayContaining([expect.objectContaining({ check: 'login', ok: true })]) as unknown,
    });
    const database = postmaster(home);
    expect(await server.send('SIGTERM')).toMatchObject({ code: 0, signal: null });
    await gone(database);
  });

  it('finds its data and its key the next time, and stops whole on Ctrl-C', async () => {
    const first = start();
    await first.untilReady();
    json(env, 'keys', 'create', 'kept over a restart', '--scope', 'run.read');
    expect(await first.sendToGroup('SIGINT')).toMatchObject({ code: 0 });
    const second = start();
    expect((await second.untilReady()).api_key).toBeNull();
    const { data } = json(env, 'keys', 'list') as { data: readonly { readonly label: string }[] };
    expect(data.map(({ label }) => label)).toEqual(['kept over a restart', 'first administrator']);
    const database = postmaster(home);
    expect(await second.sendToGroup('SIGINT')).toMatchObject({ code: 0 });
    await gone(database);
  });

  it('starts again after it was killed, over the database that lived on, and then stops that too', async () => {
    const first = start();
    await first.untilReady();
    const database = postmaster(home);
    await first.sendToGroup('SIGKILL');
    expect(isAlive(database)).toBe(true);
    const second = start();
    const ready = await second.untilReady();
    expect({ started: ready.database_started, key: ready.api_key }).toEqual({ started: false, key: null });
    expect(await answers(ready.url)).toBe(200);
    expect(await second.send('SIGTERM')).toMatchObject({ code: 0 });
    await gone(database);
  });

  it('shares one database between two at once; the last to go stops it', async () => {
    const [one, two] = [start(), start()];
    const [first, second] = [await one.untilReady(), await two.untilReady()];
    expect(first.url).not.toBe(second.url);
    const database = postmaster(home);
    json(env, 'keys', 'list', '--url', second.url === urlOfLogin(first.login_file) ? second.url : first.url);
    expect(await one.send('SIGTERM')).toMatchObject({ code: 0 });
    expect(isAlive(database)).toBe(true);
    expect(await answers(second.url)).toBe(200);
    expect(await two.send('SIGTERM')).toMatchObject({ code: 0 });
    await gone(database);
  });

  it('says who has the port, and leaves that one alone', async () => {
    const first = start();
    const { url } = await first.untilReady();
    const port = new URL(url).port;
    const { code, out, err } = await start(['--port', port]).ended;
    expect({ code, out }).toEqual({ code: 7, out: '' });
    expect(err).toContain('is already running there');
    expect(err).toContain('WRIT_PORT=');
    expect(await answers(url)).toBe(200);
    await first.send('SIGTERM');
  });

  it('refuses a port that is none', async () => {
    expect(await start(['--port', 'http']).ended).toMatchObject({ code: 3 });
  });

  it('makes another key when the kept one was revoked', async () => {
    const first = start();
    await first.untilReady();
    const { data } = json(env, 'keys', 'list') as { data: readonly { readonly id: string; readonly label: string }[] };
    const own = data.find(({ label }) => label === 'first administrator');
    json(env, 'keys', 'revoke', String(own?.id));
    expect(writ(env, 'keys', 'list').code).toBe(4);
    await first.send('SIGTERM');
    const second = start();
    expect((await second.untilReady()).api_key).toMatch(/^writ_/);
    expect(writ(env, 'keys', 'list').code).toBe(0);
    await second.send('SIGTERM');
  });

  it('goes on with the tenant of the kept key, such as the one a demo left, and keeps that key', async () => {
    const postgres = await startEmbeddedPostgres({ dir: home });
    const database = await openDatabase({ url: postgres.url, role: 'writer' });
    const tenant = newId('tenant');
    const opened = await openTenant(database, { tenant, name: 'demo', now: systemClock.now() });
    await database.close();
    await postgres.stop();
    const api_key = opened.ok ? opened.value.token : null;
    const file = join(home, 'login.json');
    writeFileSync(file, JSON.stringify({ url: 'http://127.0.0.1:1', api_key, tenant }));
    const server = start();
    expect(await server.untilReady()).toMatchObject({ tenant, api_key: null });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ tenant, api_key });
    expect(writ(env, 'keys', 'list').code).toBe(0);
    await server.send('SIGTERM');
  });
});

const urlOfLogin = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
