import { ApiServer, type Answer, type Caller, eventually } from './server';
import { DOCUMENTS } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
});
afterAll(() => server.close());

interface Browser {
  readonly cookie: string;
  readonly csrf: string;
  readonly answer: Answer;
}

async function login(token: string): Promise<Browser> {
  const answer = await server.post('/v1/session', { body: { api_key: token } });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';', 1)[0]!;
  return { cookie, csrf: (answer.body['session'] as { csrf: string }).csrf, answer };
}
const STOP = { scope: 'tool', target: 'pay', reason: 'a drill' };
const keyId = (token: string): string => `key_${token.split('_')[1]!}`;

describe('a session', () => {
  it('is a cookie no script reads and no other site sends, with the rights of its key', async () => {
    const { answer, cookie } = await login(admin.token);
    expect(answer.status).toBe(201);
    const set = answer.headers.get('set-cookie')!;
    expect(set).toMatch(/^writ_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(answer.text).not.toContain(cookie.split('=')[1]);
    expect(answer.body).toMatchObject({ principal: 'user:root', key: { id: keyId(admin.token) } });
    expect(answer.body['may']).toEqual(expect.arrayContaining(['run.read', 'audit.read', 'stop.set']));
    const again = await server.get('/v1/session', { headers: { cookie } });
    expect(again.body).toEqual(answer.body);
    const me = await server.get('/v1/me', { headers: { cookie } });
    expect(me.body).toMatchObject({ principal: 'user:root' });
    expect((await server.get('/v1/runs', { headers: { cookie: `theme=dark; ${cookie}; x=1` } })).status).toBe(200);
  });

  it('is kept as a hash, and both its ends are evidence', async () => {
    const owner = await server.tenant();
    const { cookie, csrf } = await login(owner.token);
    const { rows } = await server.outsider.query<{ row: string }>(
      'select row_to_json(s)::text as row from writ.session s',
    );
    for (const { row } of rows) expect(row).not.toContain(cookie.split('=')[1]);
    await server.send('DELETE', '/v1/session', { headers: { cookie, 'x-csrf-token': csrf } });
    const events = (await server.tenantEvents(owner)).filter(({ type }) => String(type).startsWith('session.'));
    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['session.created', 'user:root'],
      ['session.ended', 'user:root'],
    ]);
    expect(JSON.stringify(events)).not.toContain(cookie.split('=')[1]);
  });

  it('writes only from our own page', async () => {
    const { cookie, csrf } = await login(admin.token);
    const set = (headers: Record<string, string>): Promise<Answer> =>
      server.post('/v1/stops', { headers: { cookie, ...headers }, body: STOP });
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': csrf.slice(1) },
      { 'x-csrf-token': `${csrf}0` },
    ]) {
      const refused = await set(headers);
      expect([headers, refused.status, refused.body['code']]).toEqual([headers, 403, 'csrf_mismatch']);
    }
    const other = await login(admin.token);
    expect((await set({ 'x-csrf-token': other.csrf })).body['code']).toBe('csrf_mismatch');
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect((await set({ 'x-csrf-token': csrf, 'sec-fetch-site': site })).body['code']).toBe('csrf_mismatch');
    }
    const made = await set({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' });
    expect(made.status).toBe(201);
    expect(made.body['set_by']).toBe('user:root');
    // A key in the request is a program's: it needs no token, and its cookie counts for nothing.
    expect((await server.post('/v1/stops', { key: admin.token, headers: { cookie }, body: STOP })).status).toBe(201);
    expect((await server.get('/v1/me', { key: 'writ_wrong', headers: { cookie } })).status).toBe(401);
  });

  it('is over when it is ended, here and in every other tab, and cannot be taken up again', async () => {
    const { cookie, csrf } = await login(admin.token);
    const ended = await server.send('DELETE', '/v1/session', { headers: { cookie, 'x-csrf-token': csrf } });
    expect([ended.status, ended.body]).toEqual([200, { ended: true }]);
    expect(ended.headers.get('set-cookie')).toMatch(/^writ_session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
    for (const path of ['/v1/session', '/v1/me', '/v1/runs']) {
      const refused = await server.get(path, { headers: { cookie } });
      expect([path, refused.status, refused.body['code']]).toEqual([path, 401, 'session_ended']);
    }
  });

  it('dies with its key, at once', async () => {
    const colleague = await server.key(admin.tenant, { principal: 'user:colleague', roles: ['administrator'] });
    const { cookie } = await login(colleague.token);
    expect((await server.get('/v1/runs', { headers: { cookie } })).status).toBe(200);
    await server.post(`/v1/api-keys/${keyId(colleague.token)}/revoke`, { key: admin.token, body: {} });
    const refused = await server.get('/v1/runs', { headers: { cookie } });
    expect([refused.status, refused.body['code']]).toEqual([401, 'key_revoked']);
  });

  it('lasts as long as its key at most', async () => {
    const short = await server.key(admin.tenant, { roles: ['administrator'], expiresInMs: 600_000 });
    const { cookie, answer } = await login(short.token);
    const { expires_at } = answer.body['session'] as { expires_at: string };
    expect(Date.parse(expires_at)).toBeLessThanOrEqual(Date.now() + 600_000);
    expect((await server.get('/v1/me', { headers: { cookie } })).status).toBe(200);
    await server.outsider.query(`update writ.api_key set expires_at = clock_timestamp() where id = $1`, [
      keyId(short.token),
    ]);
    await eventually(async () => {
      const refused = await server.get('/v1/me', { headers: { cookie } });
      expect([refused.status, refused.body['code']]).toEqual([401, 'key_expired']);
    });
  });

  it('has its streams ended with it', async () => {
    const { cookie, csrf } = await login(admin.token);
    const started = await server.post('/v1/runs', {
      key: admin.token,
      body: { workflow: 'desk', input: { question: 'q' } },
    });
    const stream = await fetch(`${await server.url()}/v1/runs/${started.body['id'] as string}/events`, {
      headers: { cookie, accept: 'text/event-stream' },
    });
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await server.send('DELETE', '/v1/session', { headers: { cookie, 'x-csrf-token': csrf } });
    expect(await stream.text()).toContain('data: {"reason":"session_ended"}');
  });

  it('of nobody: no cookie, a made-up one, one of another form', async () => {
    for (const cookie of [
      '',
      'writ_session=',
      `writ_session=${'A'.repeat(43)}`,
      'writ_session=x; writ_session=y',
      `writ_session=${"'".repeat(43)}`,
    ]) {
      const refused = await server.get('/v1/session', cookie === '' ? {} : { headers: { cookie } });
      expect([cookie, refused.status, refused.body['code']]).toEqual([cookie, 401, 'unauthenticated']);
    }
    const program = await server.get('/v1/session', { key: admin.token });
    expect([program.status, program.body['code']]).toEqual([404, 'not_found']);
  });

  it('is given for a key alone, and attempts are counted', async () => {
    const attempt = (api_key: unknown): Promise<Answer> => server.post('/v1/session', { body: { api_key } });
    expect((await attempt(7)).body['code']).toBe('invalid_request');
    expect((await attempt('')).body['code']).toBe('invalid_request');
    const codes: unknown[] = [];
    for (let i = 0; i < 14; i++) codes.push((await attempt(`writ_${'0'.repeat(26)}_${'A'.repeat(43)}`)).body['code']);
    expect(codes).toEqual([
      ...Array.from({ length: 10 }, () => 'unauthenticated'),
      ...Array.from({ length: 4 }, () => 'rate_limited'),
    ]);
    // Also with a good key, so that nobody learns by it which of many was good.
    const limited = await server.post('/v1/session', { body: { api_key: admin.token } });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect((await server.get('/v1/me', { key: admin.token })).status).toBe(200);
  });
});

describe('what somebody may', () => {
  it('is told for everything of a kind, by scope and by policy', async () => {
    const auditor = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    const { body } = await server.get('/v1/me', { key: auditor.token });
    expect(body['may']).toEqual([
      'run.read',
      'approval.read',
      'decision.explain',
      'audit.read',
      'audit.export',
      'stop.read',
      'budget.read',
      'admission.read',
      'policy.read',
      'trigger.read',
      'subscription.read',
      'directory.read',
      'review.read',
    ]);
    const narrow = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'], scopes: ['run.*'] });
    expect((await server.get('/v1/me', { key: narrow.token })).body['may']).toEqual(['run.read']);
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    expect((await server.get('/v1/me', { key: nobody.token })).body['may']).toEqual([]);
  });
});
