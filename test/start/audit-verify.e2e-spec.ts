import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until';
import { checkTiles } from '../verify/second/tiles';
import { DevServer, freshHome, json, writ } from './dev-server';

/** `writ audit verify` as an auditor types it: on a live log, then on its export with everything stopped. */
describe('writ audit verify', () => {
  const { home, env, remove } = freshHome();
  const alone = freshHome();
  let server: DevServer;
  let run = '';
  let event = '';
  const exported = join(home, 'log.ndjson');
  const proven = join(home, 'event.tlog-proof');

  beforeAll(async () => {
    server = DevServer.start(env);
    await server.untilReady();
    json(env, 'config', 'apply', 'docs/guides/first-workflow');
    run = String(json(env, 'runs', 'start', 'look_up_order', '--input', '{"id": "W1001"}', '--wait')['id']);
    writ(env, 'runs', 'start', 'cancel_an_order', '--input', '{"id": "W1001"}', '--wait');
    await until('every event to be sealed', () => json(env, 'audit', 'log')['unsealed'] === 0);
    const denied = json(env, 'audit', 'list', '--verdict', 'deny') as { data: readonly { id: string }[] };
    event = denied.data[0]!.id;
  }, 400_000);

  afterAll(async () => {
    if (server.child.exitCode === null) await server.send('SIGTERM');
    remove();
    alone.remove();
  });

  it('finds a live log intact: whole, a run, a range, an event', () => {
    const whole = json(env, 'audit', 'verify');
    expect(whole).toMatchObject({ verdict: 'intact', problems: [], trust: { by: 'key' }, hidden: 0 });
    expect(whole['size']).toBe((whole['trust'] as { through: number }).through);
    expect(json(env, 'audit', 'verify', run)).toMatchObject({ verdict: 'intact', runs: 1 });
    expect(json(env, 'audit', 'verify', '3-7')).toMatchObject({ verdict: 'intact', events: 5 });
    expect(json(env, 'audit', 'verify', event)).toMatchObject({ verdict: 'intact', event, trust: { by: 'key' } });
  });

  it('the second implementation accepts its tiles, its entries and its checkpoint', async () => {
    const { url, api_key: key } = JSON.parse(readFileSync(join(home, 'login.json'), 'utf8')) as {
      url: string;
      api_key: string;
    };
    const { size, keys } = json(env, 'audit', 'log') as { size: number; keys: readonly { vkey: string }[] };
    const get = async (path: string): Promise<Buffer> => {
      const response = await fetch(`${url}/v1/audit/${path}`, { headers: { authorization: `Bearer ${key}` } });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return Buffer.from(await response.arrayBuffer());
    };
    expect(await checkTiles(get, keys.at(-1)!.vkey)).toBeGreaterThanOrEqual(size);
  });

  it('whoever trusts its key trusts the one announced under it', async () => {
    const before = json(env, 'audit', 'verify') as { keys: readonly { vkey: string }[] };
    json(env, 'audit', 'rotate-key');
    await until(
      'a checkpoint by the new key',
      () => (json(env, 'audit', 'log') as { keys: unknown[] }).keys.length === 2,
    );
    await until('every event to be sealed', () => json(env, 'audit', 'log')['unsealed'] === 0);
    writeFileSync(join(home, 'logs.json'), '{}');
    expect(writ(env, 'audit', 'verify').code).toBe(3);
    const after = json(env, 'audit', 'verify', '--key', before.keys[0]!.vkey, '--remember');
    expect(after).toMatchObject({ verdict: 'intact', problems: [], keys: [{ trusted: true }, { trusted: false }] });
    // What was kept is both keys, and how far the log had come.
    expect(json(env, 'audit', 'verify')).toMatchObject({
      verdict: 'intact',
      keys: [{ trusted: true }, { trusted: true }],
    });
    const kept = Object.values(JSON.parse(readFileSync(join(home, 'logs.json'), 'utf8')) as object)[0] as object;
    expect(kept).toEqual({
      keys: [expect.any(String), expect.any(String)],
      checkpoint: expect.stringContaining('writ/'),
    });
  });

  it('its export and a proof verify with the server stopped, by who knows the key', async () => {
    json(env, 'audit', 'export', '--out', exported);
    writeFileSync(proven, writ(env, 'audit', 'proof', event).out);
    await server.send('SIGTERM');
    expect(json(env, 'audit', 'verify', exported)).toMatchObject({ verdict: 'intact', problems: [] });
    expect(json(env, 'audit', 'verify', proven)).toMatchObject({ verdict: 'intact', event });
  });

  it('who knows no key gets no green tick, and is told the key that was found', () => {
    const { code, out, err } = writ(alone.env, 'audit', 'verify', exported);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/add --key "writ\/ten_\w+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+"/);
    expect(writ(alone.env, 'audit', 'verify', proven)).toMatchObject({ code: 3, out: '' });
    const embedded = writ(alone.env, 'audit', 'verify', exported, '--accept-embedded-key');
    expect(embedded.code).toBe(0);
    expect(embedded.out).toContain('Whether it is genuine is not shown');
    const key = /--key "([^"]+)"/.exec(err)![1]!;
    expect(json(alone.env, 'audit', 'verify', exported, '--key', key, '--remember')).toMatchObject({
      verdict: 'intact',
      trust: { by: 'key' },
    });
    expect(writ(alone.env, 'audit', 'verify', exported, '-o', 'id').code).toBe(0);
  });

  it.each([
    [
      'a denial turned into an allow',
      (text: string) => text.replace('"verdict":"deny"', '"verdict":"allow"'),
      'altered',
    ],
    [
      'an argument changed',
      (text: string) => text.replace(/"args":"hmac-sha256:./, '"args":"hmac-sha256:x'),
      'altered',
    ],
    ['a denial removed', (text: string) => text.replace(/^.*"verdict":"deny".*\n/m, ''), 'missing'],
    [
      'two steps in another order',
      (text: string) => text.replace(/(.*"type":"run\.started".*\n)(.*\n)/, '$2$1'),
      'reordered',
    ],
    ['the end cut off', (text: string) => text.slice(0, text.length / 2), 'truncated'],
  ])('[I9] names %s', (_what, change, fault) => {
    const bad = join(home, 'bad.ndjson');
    writeFileSync(bad, change(readFileSync(exported, 'utf8')));
    const told = writ(env, 'audit', 'verify', bad);
    expect(told.code).toBe(8);
    expect(told.out).toContain('is NOT intact');
    const first = (JSON.parse(writ(env, 'audit', 'verify', bad, '-o', 'json').out) as { problems: { fault: string }[] })
      .problems[0]!;
    expect(first.fault).toBe(fault);
    expect(told.out).toContain(`first  ${fault}: `);
  });

  it('a file that is no export, and a file that is not there, are two different answers', () => {
    const other = join(home, 'other.ndjson');
    writeFileSync(other, '{"hello":"<script>alert(1)</script>"}\n');
    expect(writ(env, 'audit', 'verify', other)).toMatchObject({ code: 8 });
    expect(writ(env, 'audit', 'verify', join(home, 'none.ndjson'))).toMatchObject({ code: 3, out: '' });
    expect(writ(env, 'audit', 'verify', exported, '--key', 'nonsense')).toMatchObject({ code: 3, out: '' });
  });
});
