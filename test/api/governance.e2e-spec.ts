import { newId } from '@writ/kernel';
import { ApiServer, type Answer, type Caller, withRules } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
let nobody: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
});
afterAll(() => server.close());

const active = (caller: Caller): Promise<Answer> => server.get('/v1/policies/active', { key: caller.token });
const apply = (caller: Caller, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  server.post('/v1/config/apply', { key: caller.token, body, headers });

describe('what happened outside runs', () => {
  it('names the trace of the request that did it, in every event', async () => {
    const caller = await server.tenant();
    await server.publish(caller.tenant, DOCUMENTS);
    const trace = 'a3f1'.repeat(8);
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const body = { label: 'traced', scopes: ['run.read'], expires_at: expires };
    expect((await server.post('/v1/api-keys', { key: caller.token, body, headers })).status).toBe(201);
    const events = await server.tenantEvents(caller);
    for (const event of events) expect(event['trace']).toMatch(/^[0-9a-f]{32}$/);
    const made = events.filter((event) => event['type'] === 'key.created').at(-1);
    expect(made?.['trace']).toBe(trace);
  });
});

describe('a policy brought from Casbin', () => {
  const model = `[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && keyMatch2(r.obj, p.obj) && r.act == p.act
`;
  const policy = 'p, staff, /orders/:id, read, allow\np, ann, /orders/[0-9], read, deny\ng, ann, staff\n';
  const post = (caller: Caller, body: object): Promise<Answer> =>
    server.post('/v1/policies/import', { key: caller.token, body });

  it('is answered as a bundle that can be put in force, with what could not be carried over, and changes nothing', async () => {
    const caller = await server.tenant();
    const before = await active(caller);
    const imported = await post(caller, { model, policy, resource_type: 'order' });
    expect([imported.status, imported.body['rules'], imported.body['exact']]).toEqual([200, 2, false]);
    expect(imported.body['notes']).toEqual([expect.objectContaining({ line: 2, kind: 'stricter' })]);
    expect((await active(caller)).body).toEqual(before.body);
    const { rules, ...rest } = imported.body['bundle'] as { rules: string };
    const bundle = { ...withRules(before.body['bundle'] as never, rules), ...rest };
    const headers = { 'if-match': before.headers.get('etag') ?? '' };
    const applied = await apply(caller, { documents: [], policy: { bundle } }, headers);
    expect([applied.status, applied.body['policy']]).toEqual([200, expect.objectContaining({ changed: true })]);
  });

  it('is refused whole where a part has no counterpart, and to whoever may not change the policy', async () => {
    const refused = await post(admin, { model: model.replace('r.act == p.act', 'r.act == p.act + 1'), policy });
    expect([refused.status, refused.body['code']]).toEqual([422, 'schema_violation']);
    expect(refused.body['detail']).toContain('cannot be carried over');
    expect((await post(nobody, { model, policy })).status).toBe(403);
  });
});

describe('a policy that cannot be built', () => {
  const rule = (subject: string, object: string, tail: string): string =>
    `p, ${subject}, {tenant}, ${object}, tool.invoke, ${tail}`;
  const chain = Array.from({ length: 100 }, (_, i) => `g, role:r${i}, role:r${i + 1}, {tenant}`).join('\n');

  it('is refused with the place and the reason, and the policy in force stays in force', async () => {
    const caller = await server.tenant();
    const now = await active(caller);
    const headers = { 'if-match': now.headers.get('etag') ?? '' };
    const before = now.body['bundle'] as never;
    const bad: readonly (readonly [string, RegExp])[] = [
      [rule('role:a', 'tool:x', ', Deny'), /line [0-9]+: the effect Deny is unknown/],
      [rule('role:a', 'tool:x', 'nothing, allow'), /defines no condition nothing/],
      [rule('role:a', 'tool:x', ', allow, nothing'), /defines no obligation nothing/],
      [rule('clerk', 'tool:x', ', allow'), /clerk is of no known kind/],
      [rule('role:a', 'gadget:x', ', allow'), /gadget:x is of no known type/],
      [rule('role:a|b', 'tool:x', ', allow'), /subject holds |, which no name may hold/],
      [rule('role:a\u0007', 'tool:x', ', allow'), /U\+0007/],
      [rule('role:a\u200b', 'tool:x', ', allow'), /U\+200B/],
      [rule(`role:${'a'.repeat(300)}`, 'tool:x', ', allow'), /longer than 200/],
      [chain, /more than 32 roles/],
      ['g, role:a, role:b, {tenant}\ng, role:b, role:a, {tenant}', /circle: role:a → role:b → role:a/],
    ];
    for (const [line, why] of bad) {
      const refused = await apply(caller, { documents: [], policy: { bundle: withRules(before, line) } }, headers);
      expect([line.slice(0, 60), refused.status, refused.body['code']]).toEqual([
        line.slice(0, 60),
        422,
        'schema_violation',
      ]);
      expect(refused.body['detail']).toMatch(why);
    }
    const filler = rule('role:a', 'tool:x', ', allow');
    const large = withRules(before, `${filler}\n`.repeat(Math.ceil(1_048_576 / filler.length)));
    const refused = await apply(caller, { documents: [], policy: { bundle: large } }, headers);
    expect(['schema_violation', 'payload_too_large']).toContain(refused.body['code']);
    expect((await active(caller)).body).toEqual(now.body);
  });

  it('unlike one that names what nobody has published, which is put in force with a warning', async () => {
    const caller = await server.tenant();
    const now = await active(caller);
    const bundle = withRules(now.body['bundle'] as never, `${rule('role:a', 'tool:refnud', ', allow')}, , misspelled`);
    const headers = { 'if-match': now.headers.get('etag') ?? '' };
    const applied = await apply(caller, { documents: [], policy: { bundle } }, headers);
    expect(applied.body['policy']).toMatchObject({
      changed: true,
      warnings: ['Rule misspelled names tool:refnud, which is not published.'],
    });
  });
});

describe('a refusal by policy', () => {
  it('[I3] is never told of a rule that is gone', async () => {
    const caller = await server.tenant();
    const reader = await server.key(caller.tenant, { principal: 'user:reader' });
    expect((await active(reader)).status).toBe(403);
    // From now on this process hears of no change: what it holds is the policy that refuses.
    await server.engine.authority.stop();
    try {
      const now = await active(caller);
      const bundle = withRules(now.body['bundle'] as never, 'p, user:reader, {tenant}, policy:*, policy.read, , allow');
      const headers = { 'if-match': now.headers.get('etag') ?? '' };
      expect((await apply(caller, { documents: [], policy: { bundle } }, headers)).status).toBe(200);
      expect((await active(reader)).status).toBe(200);
    } finally {
      await server.engine.authority.start();
    }
  });

  it('names its decision, which is evidence, and explains itself to whoever asked', async () => {
    const refused = await server.get('/v1/policies/active', { key: nobody.token });
    expect([refused.status, refused.body['code']]).toEqual([403, 'policy_denied']);
    expect(refused.body).toMatchObject({ reason: 'initiator_not_granted', retryable: false });
    const id = refused.body['decision_id'] as string;
    expect(refused.body['explain_url']).toBe(`/v1/decisions/${id}`);
    const evidence = (await server.tenantEvents(admin)).filter((event) => event['type'] === 'access.denied');
    expect(evidence.map((event) => (event['decision'] as { id: string }).id)).toContain(id);

    const own = await server.get(`/v1/decisions/${id}`, { key: nobody.token });
    expect(own.body).toMatchObject({
      id,
      run: null,
      action: 'policy.read',
      object: { type: 'policy', id: 'active' },
      verdict: 'deny',
      reason: 'initiator_not_granted',
      near_misses: [],
    });
    const whole = await server.get(`/v1/decisions/${id}`, { key: admin.token });
    const misses = whole.body['near_misses'] as { rid: string; missing: string }[];
    expect(misses.length).toBeGreaterThan(0);
    expect(JSON.stringify(misses)).toContain('role:');
    expect(whole.body['sentence']).toContain('user:nobody');
  });

  it('is not for others to read, unless they may explain decisions, and never for another tenant', async () => {
    const refused = await server.get('/v1/stops', { key: nobody.token });
    const id = refused.body['decision_id'] as string;
    const neighbour = await server.key(admin.tenant, { principal: 'user:neighbour' });
    expect((await server.get(`/v1/decisions/${id}`, { key: neighbour.token })).status).toBe(403);
    const auditor = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    expect((await server.get(`/v1/decisions/${id}`, { key: auditor.token })).status).toBe(200);
    const stranger = await server.tenant();
    expect((await server.get(`/v1/decisions/${id}`, { key: stranger.token })).status).toBe(404);
    expect((await server.get(`/v1/decisions/${newId('decision')}`, { key: admin.token })).status).toBe(404);
  });

  it('of a start is recorded by the engine and explained the same way', async () => {
    await server.publish(admin.tenant, DOCUMENTS);
    const refused = await server.post('/v1/runs', { key: nobody.token, body: START });
    expect([refused.status, refused.body['code']]).toEqual([403, 'policy_denied']);
    const explained = await server.get(refused.body['explain_url'] as string, { key: nobody.token });
    expect(explained.body).toMatchObject({ action: 'run.start', verdict: 'deny' });
  });

  it('shows what nearly allowed it in no list to those who may not explain', async () => {
    const started = await server.post('/v1/runs', { key: admin.token, body: START });
    const reader = await server.key(admin.tenant, {
      principal: 'user:reader',
      roles: ['administrator'],
      scopes: ['run.read'],
    });
    const path = `/v1/runs/${started.body['id'] as string}/decisions`;
    const list = await server.get(path, { key: reader.token });
    expect((list.body['data'] as { near_misses: unknown[] }[]).every((one) => one.near_misses.length === 0)).toBe(true);
  });

  it('where the tenant has no policy is 503, not an allow', async () => {
    const tenant = newId('tenant');
    await server.outsider.query(`insert into writ.tenant (tenant, name) values ($1, 'bare')`, [tenant]);
    await server.outsider.query(`insert into writ.authority_head (tenant, epoch) values ($1, 1)`, [tenant]);
    const key = await server.key(tenant, { roles: ['administrator'] });
    const refused = await server.get('/v1/runs', { key: key.token });
    expect([refused.status, refused.body['code'], refused.body['retryable']]).toEqual([
      503,
      'policy_unavailable',
      true,
    ]);
  });
});

describe('an allowed write', () => {
  it('is evidence together with the rule that allowed it, under the trace of its request', async () => {
    const owner = await server.tenant();
    const set = await server.post('/v1/stops', { key: owner.token, body: { scope: 'tenant', reason: 'r' } });
    const events = await server.tenantEvents(owner);
    const [authorized, made] = events.slice(-2);
    expect(authorized).toMatchObject({
      type: 'action.authorized',
      actor: 'user:root',
      action: 'stop.set',
      object: { type: 'stop', id: 'tenant' },
      decision: {
        verdict: 'allow',
        stages: [expect.anything(), ['initiator', 'allow', expect.stringMatching(/^rul_/)]],
      },
    });
    const trace = set.headers.get('traceparent')!.split('-')[1];
    expect(made).toMatchObject({ type: 'stop.set', object: { id: set.body['id'] }, trace });
    const explained = await server.get(`/v1/decisions/${(authorized!['decision'] as { id: string }).id}`, {
      key: owner.token,
    });
    expect(explained.body).toMatchObject({ verdict: 'allow', action: 'stop.set' });
  });
});

describe('reading the audit log', () => {
  it('is itself in the log before it is answered, with who, what and how much', async () => {
    const owner = await server.tenant();
    const first = await server.get('/v1/audit/events?type=key.created', { key: owner.token });
    expect(first.body['data']).toHaveLength(1);
    const reads = (await server.tenantEvents(owner)).filter((event) => event['type'] === 'access.read');
    expect(reads).toHaveLength(1);
    expect(reads[0]).toMatchObject({
      actor: 'user:root',
      action: 'audit.read',
      detail: { events: 1, filter: '{"type":"key.created"}', request_id: first.headers.get('x-request-id') },
    });
  });

  it('ends, however small the pages, though every page adds an event', async () => {
    const owner = await server.tenant();
    const before = (await server.tenantEvents(owner)).map((event) => event['id']);
    const seen: unknown[] = [];
    let query = 'limit=1';
    for (let pages = 0; pages < 50; pages++) {
      const page = await server.get(`/v1/audit/events?${query}`, { key: owner.token });
      seen.push(...(page.body['data'] as { id: string }[]).map((event) => event.id));
      if (page.body['next_cursor'] === null) break;
      query = `limit=1&cursor=${page.body['next_cursor'] as string}`;
    }
    expect(seen).toEqual(before);
  });

  it('by somebody who may not is refused, and that is in the log', async () => {
    const refused = await server.get('/v1/audit/events', { key: nobody.token });
    expect(refused.body).toMatchObject({ code: 'policy_denied' });
    const denied = (await server.tenantEvents(admin)).filter((event) => event['action'] === 'audit.read');
    expect(denied.at(-1)).toMatchObject({ type: 'access.denied', actor: 'user:nobody' });
  });
});

describe('applying configuration', () => {
  it('publishes documents together, once, and lists the workflows', async () => {
    const owner = await server.tenant();
    const rehearsed = await apply(owner, { documents: DOCUMENTS, dry_run: true });
    expect(rehearsed.body).toMatchObject({
      dry_run: true,
      documents: DOCUMENTS.map(({ name }) => ({ name, changed: true })),
    });
    expect((await server.get('/v1/workflows', { key: owner.token })).body['data']).toEqual([]);
    const applied = await apply(owner, { documents: DOCUMENTS });
    expect(applied.body['documents']).toEqual(rehearsed.body['documents']);
    const again = await apply(owner, { documents: DOCUMENTS });
    expect(again.body).toMatchObject({
      documents: DOCUMENTS.map(({ name }) => ({ name, version: 1, changed: false })),
    });
    const workflows = await server.get('/v1/workflows', { key: owner.token });
    expect(workflows.body['data']).toMatchObject([
      { name: 'desk', version: 1, owner: 'team:desk', author: 'user:root' },
    ]);
  });

  it('refuses malformed documents by pointer into the body, and then publishes none', async () => {
    const owner = await server.tenant();
    const [model, agent, workflow] = DOCUMENTS;
    const { purpose: _purpose, ...unaccountable } = agent;
    const malformed = await apply(owner, { documents: [model, { ...unaccountable, colour: 'red' }, workflow] });
    expect([malformed.status, malformed.body['code']]).toEqual([422, 'schema_violation']);
    const pointers = (malformed.body['errors'] as { pointer: string }[]).map((error) => error.pointer);
    expect(pointers.sort()).toEqual(['/documents/1/colour', '/documents/1/purpose']);
    const dangling = await apply(owner, { documents: [workflow] });
    expect(dangling.body).toMatchObject({ code: 'schema_violation' });
    expect(dangling.text).toContain('/documents/0/root/agent');
    expect((await apply(owner, {})).body).toMatchObject({ code: 'invalid_request' });
    const { rows } = await server.outsider.query(`select 1 from writ.definition where tenant = $1`, [owner.tenant]);
    expect(rows).toEqual([]);
  });

  it('asks for each document on its own', async () => {
    const owner = await server.tenant(
      `p, user:modeller, {tenant}, model:*, model.change, , allow, , modeller-changes-models`,
    );
    const modeller = await server.key(owner.tenant, { principal: 'user:modeller' });
    expect((await apply(modeller, { documents: [DOCUMENTS[0]] })).status).toBe(200);
    const refused = await apply(modeller, { documents: DOCUMENTS });
    expect(refused.body).toMatchObject({ code: 'policy_denied' });
    const explained = await server.get(refused.body['explain_url'] as string, { key: owner.token });
    expect(explained.body).toMatchObject({ action: 'agent.change', object: { type: 'agent', id: 'clerk' } });
  });

  it('replaces a policy only for who has seen the one in force', async () => {
    const owner = await server.tenant();
    const seen = await active(owner);
    const etag = seen.headers.get('etag')!;
    const bundle = withRules(
      seen.body['bundle'] as { rules: string },
      'p, user:x, {tenant}, stop:*, stop.read, , allow, , x',
    );
    const blind = await apply(owner, { policy: { bundle } });
    expect([blind.status, blind.body['code']]).toEqual([428, 'precondition_required']);
    const stale = await apply(owner, { policy: { bundle } }, { 'if-match': '"sha256:0"' });
    expect([stale.status, stale.body['code'], stale.body['current_etag']]).toEqual([412, 'version_mismatch', etag]);
    const rehearsed = await apply(owner, { policy: { bundle }, dry_run: true }, { 'if-match': etag });
    expect(rehearsed.body).toMatchObject({ policy: { changed: true } });
    expect((await active(owner)).headers.get('etag')).toBe(etag);
    const applied = await apply(owner, { policy: { bundle } }, { 'if-match': etag });
    expect(applied.status).toBe(200);
    expect(applied.body).toMatchObject({ documents: [], policy: { changed: true } });
    expect((await active(owner)).headers.get('etag')).toBe(
      `"${(applied.body['policy'] as { digest: string }).digest}"`,
    );
    const late = await apply(owner, { policy: { bundle } }, { 'if-match': etag });
    expect(late.body).toMatchObject({ code: 'version_mismatch' });
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types.filter((type) => type === 'policy.activated')).toHaveLength(2);
  });

  it('a policy that does not stand changes nothing, the documents beside it included', async () => {
    const owner = await server.tenant();
    const etag = (await active(owner)).headers.get('etag')!;
    for (const bundle of [{ rules: 'p, nonsense' }, { rules: '', colour: 'red' }, {}]) {
      const refused = await apply(owner, { documents: DOCUMENTS, policy: { bundle } }, { 'if-match': etag });
      expect([refused.status, refused.body['code']]).toEqual([422, 'schema_violation']);
    }
    expect((await server.get('/v1/workflows', { key: owner.token })).body['data']).toEqual([]);
    expect((await active(owner)).headers.get('etag')).toBe(etag);
  });
});
