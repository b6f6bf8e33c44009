import { request } from 'node:http';
import { openApiDocument, type Route, ROUTES } from '@writ/contract';
import { beat } from '@writ/database';
import { type IdKind, newId } from '@writ/kernel';
import { ApiServer, type Caller, eventually } from './server';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
});
afterAll(() => server.close());

describe('a request', () => {
  it('keeps the id and the trace it came with, and gets both when it came without', async () => {
    const headers = {
      'x-request-id': 'mine-42',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const told = await server.get('/v1/me', { headers });
    expect(told.body).toMatchObject({ request_id: 'mine-42', trace_id: '0af7651916cd43dd8448eb211c80319c' });
    expect(told.headers.get('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/);
    const bare = await server.get('/v1/me');
    expect(bare.body['request_id']).toMatch(/^req_/);
    for (const bad of ['has space', 'x'.repeat(129), 'quote"']) {
      const minted = await server.get('/v1/me', { headers: { 'x-request-id': bad, traceparent: 'rubbish' } });
      expect(minted.body['request_id']).toMatch(/^req_/);
    }
  });

  it('that is not JSON, too large, or of another type is refused before anything reads it', async () => {
    const key = admin.token;
    const cut = await server.post('/v1/runs', { key, raw: '{"workflow":' });
    expect([cut.status, cut.body['code']]).toEqual([400, 'malformed_json']);
    expect(cut.body['detail']).toContain('Unexpected end of JSON input');
    const poisoned = await server.post('/v1/runs', { key, raw: '{"workflow":"w","__proto__":{"a":1}}' });
    expect([poisoned.status, poisoned.body['code']]).toEqual([400, 'malformed_json']);
    expect(poisoned.body).toMatchObject({
      detail: expect.stringContaining('__proto__'),
      next_actions: [{ description: 'Give the member another name.' }],
    });
    const bounded = { workflow: 'no_such', budget: { depth: 0, tokens: 1 } };
    expect((await server.post('/v1/runs', { key, body: bounded })).body['code']).toBe('unknown_workflow');
    const empty = await server.post('/v1/runs', { key, raw: '', headers: { 'content-type': 'application/json' } });
    expect(empty.status).toBe(400);
    const large = await server.post('/v1/runs', { key, body: { workflow: 'w', input: { x: 'x'.repeat(300_000) } } });
    expect([large.status, large.body['code']]).toEqual([413, 'payload_too_large']);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/html']) {
      const other = await server.post('/v1/runs', { key, raw: 'workflow=w', headers: { 'content-type': type } });
      expect([type, other.status, other.body['code']]).toEqual([type, 415, 'unsupported_media_type']);
    }
  });

  it('names every unknown, missing and wrong field by JSON pointer, all at once', async () => {
    const refused = await server.post('/v1/runs', {
      key: admin.token,
      body: { workfow: 'typo', input: [], budget: { tokens: -1, dollars: 3 }, 'a/b': 1 },
    });
    expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_request']);
    const errors = (refused.body['errors'] as { in: string; pointer: string; code: string }[]).map((error) => [
      error.in,
      error.pointer,
      error.code,
    ]);
    expect(errors.sort()).toEqual(
      [
        ['body', '/workflow', 'required'],
        ['body', '/input', 'wrong_type'],
        ['body', '/budget/tokens', 'too_small'],
        ['body', '/budget/dollars', 'unknown_field'],
        ['body', '/workfow', 'unknown_field'],
        ['body', '/a~1b', 'unknown_field'],
      ].sort(),
    );
  });

  it('refuses unknown parameters, and those that name no such thing, with what would be allowed', async () => {
    const status = await server.get('/v1/runs?status=done&colour=red&limit=0', { key: admin.token });
    expect(status.body['errors']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ in: 'query', pointer: '/colour', code: 'unknown_field' }),
        expect.objectContaining({ pointer: '/limit', code: 'too_small' }),
        expect.objectContaining({ pointer: '/status', allowed: expect.arrayContaining(['queued']) as string[] }),
      ]),
    );
    const id = await server.get('/v1/runs/nonsense', { key: admin.token });
    expect(id.body['errors']).toEqual([expect.objectContaining({ in: 'path', pointer: '/id' })]);
    const stray = await server.get('/v1/me?verbose=1', { key: admin.token });
    expect(stray.body).toMatchObject({ code: 'invalid_request' });
    const key = await server.post('/v1/stops', { key: admin.token, headers: { 'idempotency-key': 'a b' }, body: {} });
    expect(key.body['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ in: 'header' })]));
  });

  it('cannot carry what canonical JSON cannot hash', async () => {
    for (const question of ['a\u0000b', 'lone \ud800 surrogate']) {
      const refused = await server.post('/v1/runs', { key: admin.token, body: { workflow: 'w', input: { question } } });
      expect(refused.body).toMatchObject({
        code: 'invalid_request',
        errors: [{ in: 'body', pointer: '/input/question', code: 'not_encodable' }],
      });
    }
    let deep: unknown = 1;
    for (let depth = 0; depth < 300; depth++) deep = { deep };
    const refused = await server.post('/v1/runs', { key: admin.token, body: { workflow: 'w', input: deep } });
    expect(refused.body).toMatchObject({ code: 'invalid_request', errors: [{ code: 'not_encodable' }] });
  });

  it('to nowhere is 404, and with the wrong method 405, as problems', async () => {
    expect((await server.get('/v1/nowhere')).body).toMatchObject({ code: 'not_found', instance: '/v1/nowhere' });
    const put = await server.send('PUT', '/v1/runs', { key: admin.token, body: {} });
    expect([put.status, put.body['code'], put.headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, POST']);
  });

  it('with a path that is not even a path is answered with a problem too', async () => {
    const url = new URL(await server.url());
    const answer = await new Promise<{ status: number; type: string; id: string }>((resolve, reject) => {
      request({ host: url.hostname, port: url.port, path: '/v1/runs/%E0%A4%A' }, (response) => {
        response.resume();
        const { 'content-type': type = '', 'x-request-id': id = '' } = response.headers;
        resolve({ status: response.statusCode ?? 0, type, id: String(id) });
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining('application/problem+json') as string });
    expect(answer.id).toMatch(/^req_/);
  });
});

describe('an answer', () => {
  it('may not be framed, sniffed or cached, whether it is good or a refusal', async () => {
    for (const answer of [await server.get('/v1/runs', { key: admin.token }), await server.get('/v1/runs')]) {
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('cache-control')).toMatch(/no-store|no-cache/);
    }
  });

  it('is 304 to whoever holds it already, and never to somebody the policy refuses', async () => {
    const first = await server.get('/v1/policies/active', { key: admin.token });
    const etag = first.headers.get('etag')!;
    expect(etag).toBe(`"${first.body['digest'] as string}"`);
    for (const held of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await server.get('/v1/policies/active', { key: admin.token, headers: { 'if-none-match': held } });
      expect([held, same.status, same.text]).toEqual([held, 304, '']);
      expect(same.headers.get('etag')).toBe(etag);
    }
    const other = await server.get('/v1/policies/active', { key: admin.token, headers: { 'if-none-match': '"x"' } });
    expect(other.status).toBe(200);
    const { token } = await server.key(admin.tenant);
    const refused = await server.get('/v1/policies/active', { key: token, headers: { 'if-none-match': etag } });
    expect(refused.status).toBe(403);
  });
});

/** An operation's path, with ids of nothing that there is. */
const pathOf = ({ path }: Route, kind: IdKind): string =>
  path
    .replace('{id}', newId(kind))
    .replace('{delegation}', newId('delegation'))
    .replace('{tile}', '0/000')
    .replace('{digest}', `sha256:${'a'.repeat(64)}`);

describe('every operation of the contract', () => {
  const routes: [string, Route][] = Object.entries(ROUTES);

  it.each(routes)('%s is served, and needs a credential unless it is public', async (name, route) => {
    const path = pathOf(route, 'run').replace('{code}', 'internal');
    const answer = await server.send(route.method, path, route.body ? { body: route.body.example } : {});
    // Logging in takes a credential by its body, and the example's is nobody's.
    if (route.access === 'public' && name !== 'createSession') expect(answer.status).not.toBe(401);
    else expect(answer.body).toMatchObject({ code: 'unauthenticated' });
  });

  it.each(routes)('%s is refused to a key without scopes and to a principal without rights', async (name, route) => {
    if (typeof route.access === 'string') return;
    const unscoped = await server.key(admin.tenant, { roles: ['administrator'], scopes: ['nothing.here'] });
    const stranger = await server.key(admin.tenant, { principal: 'user:stranger' });
    const kinds: { readonly [area: string]: IdKind } = {
      decisions: 'decision',
      stops: 'stop',
      budgets: 'budget',
      'api-keys': 'key',
      audit: 'event',
      triggers: 'trigger',
      approvals: 'approval',
      questions: 'input',
      reviews: 'review',
      'stand-ins': 'standIn',
      subscriptions: 'subscription',
      batches: 'batch',
    };
    const kind = kinds[route.path.split('/')[2] ?? ''] ?? 'run';
    const queries: { readonly [name: string]: string } = {
      getAuditConsistency: '?from=0',
      getDirectoryEntry: '?type=user&id=ann',
      listPermissions: '?subject=user:another',
      getEffectiveLimits: `?run=${newId('run')}`,
      diffRuns: `?a=${newId('run')}&b=${newId('run')}`,
    };
    const path = pathOf(route, kind).replace('{name}', 'large');
    const body = route.body ? { body: route.body.example } : {};
    for (const [key, codes] of [
      [unscoped.token, ['insufficient_scope', 'not_found']],
      [stranger.token, ['policy_denied', 'not_found', 'unknown_workflow']],
    ] as const) {
      const answer = await server.send(route.method, path + (queries[name] ?? ''), { key, ...body });
      expect(codes).toContain(answer.body['code']);
    }
  });
});

describe('what anybody may ask', () => {
  it('the document is the one the route table makes', async () => {
    const served = await server.get('/openapi.json');
    expect(served.body).toEqual(openApiDocument(ROUTES, 'test'));
    const held = { 'if-none-match': served.headers.get('etag')! };
    expect((await server.get('/openapi.json', { headers: held })).status).toBe(304);
  });

  it('every problem has a page where its doc_url points', async () => {
    const refused = await server.get('/v1/me');
    const page = await server.get(refused.body['doc_url'] as string);
    expect(page.body).toMatchObject({ code: 'unauthenticated', status: 401 });
    for (const code of ['nothing_such', 'constructor']) {
      expect((await server.get(`/problems/${code}`)).status).toBe(404);
    }
  });

  it('it is up without a worker, and ready with one', async () => {
    expect((await server.get('/health')).body).toEqual({ status: 'up', version: 'test' });
    const alone = await server.get('/ready');
    expect(alone.status).toBe(503);
    expect(alone.body).toMatchObject({
      status: 'not_ready',
      checks: [
        { name: 'database', ok: true },
        { name: 'schema', ok: true },
        { name: 'worker', ok: false },
        { name: 'queue', ok: true },
      ],
    });
    await beat(server.db, { worker: newId('worker'), build: 'test', places: 1 });
    // It keeps its last answer for half a second.
    await eventually(async () => {
      const ready = await server.get('/ready');
      expect([ready.status, ready.body['status']]).toEqual([200, 'ready']);
    });
  });
});
