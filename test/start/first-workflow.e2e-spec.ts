import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until';
import { DevServer, freshHome, json, writ } from './dev-server';

const GUIDE = 'docs/guides/first-workflow';

/** The guide of the same name, step by step, as its reader types it. */
describe('the first workflow of the guides', () => {
  const { env, remove } = freshHome();
  let server: DevServer;
  beforeAll(async () => {
    server = DevServer.start(env);
    await server.untilReady();
  });
  afterAll(async () => {
    await server.send('SIGTERM');
    remove();
  });

  it('is published with its policy, once', () => {
    expect(json(env, 'config', 'apply', GUIDE, '--dry-run')).toMatchObject({ data: expect.any(Array) as unknown });
    const first = json(env, 'config', 'apply', GUIDE) as { data: readonly { readonly changed: boolean }[] };
    const again = json(env, 'config', 'apply', GUIDE) as { data: readonly { readonly changed: boolean }[] };
    expect(first.data.length).toBeGreaterThan(4);
    expect(first.data.every(({ changed }) => changed)).toBe(true);
    expect(again.data.some(({ changed }) => changed)).toBe(false);
  });

  it('decides what its table of cases expects, and says what a change of its policy would mean', () => {
    expect(writ(env, 'policy', 'test', GUIDE).code).toBe(0);
    expect(json(env, 'policy', 'diff', GUIDE)).toMatchObject({ changes: [] });
    expect(writ(env, 'policy', 'show').out).toContain('administrators-read-orders');
  });

  it('runs what a rule allows to its end', () => {
    const run = json(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}', '--wait', '--timeout', '60');
    expect(run).toMatchObject({ status: 'succeeded', output: expect.objectContaining({ id: 'W1001' }) as unknown });
    const tail = writ(env, 'runs', 'tail', String(run['id']), '-o', 'ndjson');
    const events = tail.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { sequence: number; type: string });
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i));
    expect(tail.code).toBe(0);
  });

  it('is started and followed by a program with the client', () => {
    const { url, api_key: key } = JSON.parse(readFileSync(join(String(env['WRIT_HOME']), 'login.json'), 'utf8')) as {
      url: string;
      api_key: string;
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/client/start-run.mjs'], {
      env: { ...env, WRIT_URL: url, WRIT_API_KEY: key },
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('run_finished');
    expect(stdout).toMatch(/^succeeded .*"W1001"/m);
  });

  it('refuses what no rule speaks of, and explains it', () => {
    const { code, out } = writ(
      env,
      'runs',
      'start',
      'cancel_an_order',
      '--input',
      '{"id": "W1001"}',
      '--wait',
      '--timeout',
      '60',
      '-o',
      'json',
    );
    expect(code).toBe(1);
    const run = JSON.parse(out) as { id: string; status: string };
    expect(run.status).toBe('denied');
    const decisions = json(env, 'runs', 'decisions', run.id) as {
      data: { id: string; action: string; verdict: string }[];
    };
    const refused = decisions.data.find(({ verdict }) => verdict === 'deny');
    expect(refused).toMatchObject({ action: 'tool.invoke' });
    const explained = writ(env, 'explain', String(refused?.id));
    expect(explained.out).toContain('tool.invoke on tool cancel_order');
    expect(explained.out).toContain('no rule speaks of it');
  });

  it('rests while its tool is stopped, and goes on when that is released', async () => {
    const stop = json(env, 'stop', '--tool', 'get_order', '--reason', 'drill');
    const run = String(json(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}')['id']);
    expect(writ(env, 'runs', 'show', run, '--wait', '--timeout', '1').code).toBe(9);
    await until('it to rest', () => json(env, 'runs', 'show', run)['status'] === 'paused');
    json(env, 'stop', 'release', String(stop['id']));
    expect(json(env, 'runs', 'show', run, '--wait', '--timeout', '60')).toMatchObject({ status: 'succeeded' });
  });

  it('is stopped with everything else on the database itself, without the control plane', () => {
    const stop = json(env, 'stop', '--all', '--yes', '--reason', 'drill');
    expect(writ(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}').code).toBe(5);
    expect(json(env, 'stop', 'list', '--platform')).toMatchObject({ data: [{ id: stop['id'], scope: 'all' }] });
    json(env, 'stop', 'release', String(stop['id']), '--platform');
    expect(
      writ(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}', '--wait', '--timeout', '60').code,
    ).toBe(0);
  });

  it('cannot get round what the platform forbids to every tenant, which its own log tells and is verified with', () => {
    const file = join(String(env['WRIT_HOME']), 'platform.yaml');
    const forbid = "{ no_look: { actions: [tool.invoke], objects: ['tool:get_order'] } }";
    writeFileSync(file, `guardrails: { absolute: ${forbid} }\n`);
    expect(writ(env, 'platform', 'guardrails', 'set', file).code).toBe(3);
    const put = json(env, 'platform', 'guardrails', 'set', file, '--reason', 'a drill', '--yes');
    expect(put).toMatchObject({ changed: true, previous: null, tenants: 1 });
    expect(json(env, 'platform', 'guardrails')).toMatchObject({ data: [{ id: 'no_look', kind: 'absolute' }] });
    expect(json(env, 'guardrails', 'list')).toMatchObject({
      data: [{ id: 'absolute:platform:no_look', set_by: 'platform' }],
    });
    const run = ['runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}', '--wait', '--timeout', '60'];
    expect(writ(env, ...run).out).toContain('denied');
    expect(json(env, 'config', 'apply', GUIDE)).toMatchObject({ data: expect.any(Array) as unknown });
    expect(writ(env, ...run).out).toContain('denied');
    json(env, 'platform', 'guardrails', 'clear', '--yes');
    expect(json(env, ...run)).toMatchObject({ status: 'succeeded' });
    expect(json(env, 'platform', 'guardrails', 'history')).toMatchObject({
      data: [
        { in_force: true, absolute: 0 },
        { digest: put['digest'], absolute: 1 },
      ],
    });
    expect(writ(env, 'audit', 'verify').code).toBe(0);
  });

  it('has the places its tenant is given, which stands in the tenant’s log', () => {
    const tenant = String(json(env, 'audit', 'log')['origin']).split('/')[1]!;
    json(env, 'admission', 'grant', tenant, '--weight', '2', '--most-active', '50', '--reason', 'paid for');
    expect(writ(env, 'admission', 'set', '--most-active', '51').code).toBe(3);
    expect(json(env, 'admission', 'set', '--most-active', '5')).toMatchObject({ in_force: { most_active: 5 } });
    expect(json(env, 'admission')).toMatchObject({ weight: 2, granted: { most_active: 50 }, active: 0, in_line: 0 });
    expect(json(env, 'admission', 'list')).toMatchObject({ data: [{ tenant, weight: 2, most_active: 5 }] });
    for (const type of ['admission.granted', 'admission.set']) {
      const { data } = json(env, 'audit', 'list', '--type', type) as { data: readonly unknown[] };
      expect(data).toHaveLength(1);
    }
  });

  it('leaves its evidence', () => {
    const { data } = json(env, 'audit', 'list', '--verdict', 'deny') as { data: readonly unknown[] };
    expect(data.length).toBeGreaterThan(0);
  });
});
