import { newId } from '@writ/kernel';
import { hashOf, mintKey } from '@writ/identity';
import { ApiServer, type Caller } from './server';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant('p, user:clerk, {tenant}, key:user:clerk, key.manage, , allow, , clerk-makes-own-keys');
});
afterAll(() => server.close());

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
const create = (key: string, body: object) =>
  server.post('/v1/api-keys', { key, body: { label: 'test', scopes: ['run.read'], expires_at: inAnHour(), ...body } });

async function auditOf(caller: Caller, filter: string): Promise<Record<string, unknown>[]> {
  const page = await server.get(`/v1/audit/events?limit=200&${filter}`, { key: caller.token });
  expect(page.status).toBe(200);
  return page.body['data'] as Record<string, unknown>[];
}

describe('a credential', () => {
  it('that is missing, malformed, cut short or unknown gets one and the same refusal', async () => {
    const unknown = mintKey().token;
    const wrong = [null, 'nonsense', admin.token.slice(0, -1), `${admin.token}x`, unknown, unknown.toUpperCase()];
    for (const key of wrong) {
      const refused = await server.get('/v1/me', { key });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="writ"');
      expect(refused.body).toMatchObject({ code: 'unauthenticated', detail: 'no valid credential was presented' });
    }
    const basic = await server.get('/v1/me', { headers: { authorization: `Basic ${admin.token}` } });
    expect(basic.body).toMatchObject({ code: 'unauthenticated' });
  });

  it('with the right id and another secret tells nothing of the key it resembles', async () => {
    const forged = `${admin.token.slice(0, 32)}${mintKey().token.slice(32)}`;
    expect(forged.slice(0, 32)).toBe(admin.token.slice(0, 32));
    expect((await server.get('/v1/me', { key: forged })).body).toMatchObject({ code: 'unauthenticated' });
  });

  it('that has expired says so to its holder', async () => {
    const old = await server.key(admin.tenant, { expiresInMs: -1 });
    const refused = await server.get('/v1/me', { key: old.token });
    expect([refused.status, refused.body['code']]).toEqual([401, 'key_expired']);
  });

  it('is kept as its hash alone', async () => {
    const { rows } = await server.outsider.query(`select to_jsonb(k)::text as row, hash from writ.api_key k`);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map((row: { hash: string }) => row.hash)).toContain(hashOf(admin.token));
    for (const row of rows as { row: string }[]) expect(row.row).not.toContain(admin.token.slice(-43));
  });

  it('answers who it is', async () => {
    const me = await server.get('/v1/me', { key: admin.token });
    expect(me.body).toMatchObject({
      tenant: admin.tenant,
      principal: 'user:root',
      kind: 'user',
      roles: ['administrator'],
      scopes: ['*'],
    });
  });
});

describe('a key', () => {
  it('is made with its secret once, works, is listed without it, and is dead once revoked', async () => {
    const made = await create(admin.token, { roles: ['administrator'], scopes: ['key.manage'] });
    expect(made.status).toBe(201);
    const { id, secret } = made.body as { id: string; secret: string };
    expect((await server.get('/v1/me', { key: secret })).body).toMatchObject({ scopes: ['key.manage'] });
    const list = await server.get('/v1/api-keys?limit=200', { key: secret });
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(secret.slice(-43));

    const epochBefore = await epochOf(admin);
    const revoked = await server.post(`/v1/api-keys/${id}/revoke`, { key: admin.token });
    expect(revoked.body).toMatchObject({ id, revoked_at: expect.any(String) as string });
    expect(await epochOf(admin)).toBe(epochBefore + 1);
    const dead = await server.get('/v1/me', { key: secret });
    expect([dead.status, dead.body['code']]).toEqual([401, 'key_revoked']);

    const again = await server.post(`/v1/api-keys/${id}/revoke`, { key: admin.token });
    expect(again.body).toEqual(revoked.body);
    expect(await epochOf(admin)).toBe(epochBefore + 1);
    const types = (await auditOf(admin, 'run=tenant')).filter(
      (event) => (event['object'] as { id?: string })?.id === id,
    );
    expect(types.map((event) => event['type'])).toEqual([
      'key.created',
      'action.authorized',
      'key.revoked',
      'action.authorized',
    ]);
  });

  it('shows its secret once even to a repeat with the same idempotency key, and is one key', async () => {
    const body = { label: 'once', scopes: ['run.read'], expires_at: inAnHour() };
    const headers = { 'idempotency-key': 'make-one' };
    const first = await server.post('/v1/api-keys', { key: admin.token, body, headers });
    const repeat = await server.post('/v1/api-keys', { key: admin.token, body, headers });
    expect(first.body['secret']).toMatch(/^writ_/);
    expect(repeat.body).toEqual({ ...first.body, secret: null });
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    const kept = await server.outsider.query(`select body from writ.idempotency where key = 'make-one'`);
    expect(JSON.stringify(kept.rows)).not.toContain((first.body['secret'] as string).slice(-43));
  });

  it('expires, within a year, and carries scopes', async () => {
    for (const expires_at of [new Date(Date.now() - 1000).toISOString(), '2999-01-01T00:00:00Z']) {
      expect((await create(admin.token, { expires_at })).body).toMatchObject({ code: 'schema_violation' });
    }
    const bare = await server.post('/v1/api-keys', { key: admin.token, body: { label: 'bare' } });
    expect(bare.status).toBe(400);
    const pointers = (bare.body['errors'] as { pointer: string }[]).map((error) => error.pointer);
    expect(pointers.sort()).toEqual(['/expires_at', '/scopes']);
  });

  it('reaches as far as its scopes, whatever its principal may do, and the refusal is recorded', async () => {
    const narrow = await server.key(admin.tenant, { roles: ['administrator'], scopes: ['stop.*'] });
    expect((await server.get('/v1/stops', { key: narrow.token })).status).toBe(200);
    const refused = await server.get('/v1/runs', { key: narrow.token });
    expect([refused.status, refused.body['code']]).toEqual([403, 'insufficient_scope']);
    const start = await server.post('/v1/runs', { key: narrow.token, body: { workflow: 'w' } });
    expect(start.body).toMatchObject({ code: 'insufficient_scope' });
    const denied = await auditOf(admin, 'type=access.denied&actor=user:somebody');
    expect(denied.map((event) => event['action'])).toEqual(['run.read', 'run.start']);
  });
});

describe('[I6] nobody gives what they do not hold', () => {
  it('neither roles nor scopes beyond their own', async () => {
    const officer = await server.key(admin.tenant, {
      principal: 'user:officer',
      roles: ['administrator'],
      scopes: ['key.manage', 'principal.assert', 'run.read'],
    });
    expect((await create(officer.token, { scopes: ['run.read'] })).status).toBe(201);
    for (const beyond of [{ scopes: ['run.*'] }, { scopes: ['*'] }, { roles: ['auditor'] }]) {
      const refused = await create(officer.token, beyond);
      expect([refused.status, refused.body['code']]).toEqual([403, 'grant_exceeds_holder']);
    }
  });

  it('but roles whoever may write the policy, as they could give themselves any; and scopes not even they', async () => {
    const auditor = await create(admin.token, { principal: 'user:eve', roles: ['auditor'], scopes: ['audit.read'] });
    expect(auditor.status).toBe(201);
    const me = await server.get('/v1/me', { key: auditor.body['secret'] as string });
    expect(me.body).toMatchObject({ principal: 'user:eve', roles: ['auditor'], scopes: ['audit.read'] });
    const writer = await server.key(admin.tenant, {
      principal: 'user:writer',
      roles: ['administrator'],
      scopes: ['key.manage', 'principal.assert', 'policy.change'],
    });
    expect((await create(writer.token, { roles: ['auditor'], scopes: ['key.manage'] })).status).toBe(201);
    expect((await create(writer.token, { scopes: ['*'] })).body).toMatchObject({ code: 'grant_exceeds_holder' });
  });

  it('nor a principal whose roles they lack, though only the policy knows them', async () => {
    const officer = await server.key(admin.tenant, { principal: 'user:root2', roles: ['administrator'] });
    expect((await create(officer.token, { principal: 'service:bootstrap' })).status).toBe(201);
    const clerk = await server.tenant(
      `p, user:clerk, {tenant}, key:*, key.manage, , allow, , clerk-keys
       p, user:clerk, {tenant}, role:*, principal.assert, , allow, , clerk-vouches`,
    );
    const { token } = await server.key(clerk.tenant, { principal: 'user:clerk' });
    expect((await create(token, { principal: 'user:neighbour' })).status).toBe(201);
    const refused = await create(token, { principal: 'service:bootstrap' });
    expect(refused.body).toMatchObject({ code: 'grant_exceeds_holder' });
    expect(refused.body['detail']).toContain('role:administrator');
  });

  it('nor a key for somebody else without the right to speak for them', async () => {
    const { token } = await server.key(admin.tenant, { principal: 'user:clerk' });
    expect((await create(token, {})).status).toBe(201);
    const other = await create(token, { principal: 'user:neighbour' });
    expect(other.body).toMatchObject({ code: 'policy_denied' });
  });

  it('and no key is made for an agent', async () => {
    const refused = await create(admin.token, { principal: 'agent:clerk' });
    expect(refused.body).toMatchObject({ code: 'invalid_request' });
  });
});

describe('[I11] tenants never meet', () => {
  it('neither in what is listed nor in what is revoked', async () => {
    const other = await server.tenant();
    const mine = await create(admin.token, {});
    const foreign = await server.post(`/v1/api-keys/${mine.body['id'] as string}/revoke`, { key: other.token });
    const absent = await server.post(`/v1/api-keys/${newId('key')}/revoke`, { key: other.token });
    expect([foreign.status, foreign.body['code']]).toEqual([404, 'not_found']);
    expect(absent.status).toBe(404);
    expect((await server.get('/v1/me', { key: mine.body['secret'] as string })).status).toBe(200);
    expect((await server.get('/v1/api-keys', { key: other.token })).text).not.toContain(mine.body['id'] as string);
  });
});

async function epochOf(caller: Caller): Promise<number> {
  const { rows } = await server.outsider.query<{ epoch: string }>(
    `select epoch from writ.authority_head where tenant = $1`,
    [caller.tenant],
  );
  return Number(rows[0]?.epoch);
}
