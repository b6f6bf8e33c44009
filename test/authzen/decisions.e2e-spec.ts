import { WritClient } from '@writ/sdk';
import { ApiServer } from '../api/server';
import { CERTIFICATION, CERTIFICATION_DIRECTORY } from './policies';
import { application, apply } from './world';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

const ann = { type: 'user', id: 'ann@example.com' };
const record = { type: 'record', id: 'patient-4471' };
const RECORDS = {
  rules: [
    'p, user:*, {tenant}, record:*, view, owner, allow, , own-view',
    'p, user:*, {tenant}, record:*, pay, owner, allow, ask_two, own-pay',
    'p, agent:clerk, {tenant}, record:*, view, , allow, , clerk-view',
  ],
  conditions: { owner: { eq: ['resource.owner', { path: 'subject.id' }] } },
  obligations: { ask_two: { type: 'require_approval', values: { count: 2 } } },
  attributes: { 'record.owner': { type: 'string' } },
  vocabulary: { actions: ['view', 'pay'], types: ['record'] },
};
const question = (part: object = {}) => ({ subject: ann, action: { name: 'view' }, resource: record, ...part });
const owned = { ...record, properties: { owner: ann.id } };

describe('decisions for applications', () => {
  it('[I2] are evidence before they are answers, and name in it neither subject nor thing', async () => {
    const app = await application(server, RECORDS, [{ ...record, properties: { owner: ann.id } }]);
    const yes = await app.ask('evaluation', question());
    const no = await app.ask('evaluation', question({ subject: { type: 'user', id: 'ben@example.com' } }));
    const batch = await app.ask('evaluations', { ...question(), evaluations: [{}, { action: { name: 'pay' } }] });
    const context = yes.body['context'] as { evaluation_id: string };
    expect(yes.body).toMatchObject({ decision: true, context: { reason: 'allowed' } });
    expect(no.body).toMatchObject({
      decision: false,
      context: { reason: 'initiator_not_granted', reason_user: { en: 'You may not do this.' } },
    });
    expect(no.body['context']).not.toHaveProperty('reason_admin');
    expect(batch.body['evaluations']).toMatchObject([{ decision: true }, { context: { reason: 'approval_required' } }]);
    const events = (await server.tenantEvents(app.owner)).filter(({ type }) => type === 'decision.evaluated');
    expect(events).toMatchObject([
      { actor: 'service:shop', action: 'view', decision: { id: context.evaluation_id, verdict: 'allow' } },
      { decision: { verdict: 'deny' } },
      { decision: { verdict: 'allow' } },
      { action: 'pay', decision: { verdict: 'ask' } },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/example\.com|patient/);
    const explained = await server.get(`/v1/decisions/${context.evaluation_id}`, { key: app.owner.token });
    expect(explained.body).toMatchObject({ action: 'view', object: { ...record, subject: `user:${ann.id}` } });
    const mine = await server.get(`/v1/decisions/${context.evaluation_id}`, { key: app.enforcer.token });
    expect(mine.status).toBe(403);
  });

  it('tell the rules to those who may explain decisions', async () => {
    const { owner } = await application(server, RECORDS, []);
    const told = await server.post('/access/v1/evaluation', { key: owner.token, body: question({ resource: owned }) });
    expect(told.body).toMatchObject({
      decision: true,
      context: { rules: ['own-view'], reason_admin: { en: expect.any(String) as string } },
    });
  });

  it('rest on what the directory knows before what the application says', async () => {
    const app = await application(server, RECORDS, [{ ...record, properties: { owner: 'somebody' } }]);
    const forged = { ...record, properties: { owner: ann.id } };
    expect((await app.ask('evaluation', question({ resource: forged }))).body).toMatchObject({ decision: false });
    const remove = { key: app.owner.token, body: { entries: [record] } };
    expect((await server.post('/v1/directory/remove', remove)).body).toEqual({ removed: 1 });
    expect((await app.ask('evaluation', question({ resource: forged }))).body).toMatchObject({ decision: true });
  });

  it('ask about the agents that act for the subject', async () => {
    const app = await application(server, RECORDS, [owned]);
    const acting = (act: unknown) => question({ subject: { ...ann, properties: { act } } });
    const decisionOf = async (body: unknown) => (await app.ask('evaluation', body)).body;
    expect(await decisionOf(acting({ sub: 'agent:clerk' }))).toMatchObject({ decision: true });
    expect(await decisionOf(question({ context: { agent: 'clerk' } }))).toMatchObject({ decision: true });
    const other = { decision: false, context: { reason: 'agent_not_granted' } };
    expect(await decisionOf(acting({ sub: 'other' }))).toMatchObject(other);
    expect(await decisionOf(acting({ sub: 'clerk', act: { sub: 'other' } }))).toMatchObject({
      decision: false,
      context: { reason: 'delegation_not_granted' },
    });
  });

  it('that oblige are a yes only to an enforcer that says it can keep them, and tell it what to keep', async () => {
    const owed = {
      ...RECORDS,
      rules: ['p, user:*, {tenant}, record:*, view, owner, allow, hide|tell'],
      obligations: {
        hide: { type: 'redact', values: { fields: ['/salary'] } },
        tell: { type: 'notify', values: { about: 'salaries' } },
      },
    };
    const app = await application(server, owed, [owned]);
    const saying = async (obligations_supported?: unknown) =>
      (
        await app.ask(
          'evaluation',
          question({ context: { ...(obligations_supported !== undefined && { obligations_supported }) } }),
        )
      ).body;
    for (const able of [undefined, [], ['redact'], ['custom'], 'redact notify']) {
      expect(await saying(able)).toMatchObject({ decision: false, context: { reason: 'unknown_obligation' } });
    }
    const { decision, context } = await saying(['redact', 'notify']);
    expect([decision, (context as { obligations: object[] }).obligations]).toEqual([
      true,
      [
        { type: 'custom', id: 'hide', vendor: 'writ', name: 'redact', fields: ['/salary'] },
        { type: 'custom', id: 'tell', vendor: 'writ', name: 'notify', about: 'salaries' },
      ],
    ]);
  });

  it('are no for a word of no vocabulary, for a role that calls itself a subject, and without a vocabulary', async () => {
    const app = await application(server, RECORDS, []);
    for (const body of [
      question({ action: { name: 'tool.invoke' } }),
      question({ action: { name: 'burn' } }),
      question({ resource: { type: 'policy', id: 'active' } }),
      question({ subject: { type: 'role', id: 'administrator' } }),
      question({ subject: { type: 'class', id: 'x' } }),
    ]) {
      expect((await app.ask('evaluation', body)).body).toMatchObject({
        decision: false,
        context: { reason: 'evaluation_error' },
      });
    }
    const { vocabulary: _, ...none } = RECORDS;
    await apply(server, app.owner, { ...none, rules: [], conditions: {}, attributes: {} });
    expect((await app.ask('evaluation', question({ resource: owned }))).body).toMatchObject({ decision: false });
    expect((await app.ask('search/action', { subject: ann, resource: owned })).body).toMatchObject({ results: [] });
  });

  it('[I3] follow the policy at once', async () => {
    const app = await application(server, RECORDS, [owned]);
    for (let round = 0; round < 4; round++) {
      const open = round % 2 === 0;
      const rules = open ? RECORDS.rules : RECORDS.rules.filter((rule) => !rule.includes('own-view'));
      await apply(server, app.owner, { ...RECORDS, rules });
      const decision = (await app.ask('evaluation', question())).body['decision'];
      const found = (await app.ask('search/action', { subject: ann, resource: record })).body['results'];
      expect([round, decision, found]).toEqual([round, open, open ? [{ name: 'view' }] : []]);
    }
  });

  it('are given to enforcers only, and to an enforcer of one application about its things only', async () => {
    const app = await application(
      server,
      { ...RECORDS, rules: [...RECORDS.rules, 'p, service:bin, {tenant}, decision:bin, decision.evaluate, , allow'] },
      [owned],
    );
    const { tenant } = app.owner;
    const bin = await server.key(tenant, { principal: 'service:bin' });
    const auditor = await server.key(tenant, { principal: 'user:auditor', roles: ['auditor'] });
    const unscoped = await server.key(tenant, { principal: 'service:shop', roles: ['enforcer'], scopes: ['run.read'] });
    for (const [caller, code] of [
      [bin, 'policy_denied'],
      [auditor, 'policy_denied'],
      [unscoped, 'insufficient_scope'],
    ] as const) {
      const refused = await server.post('/access/v1/evaluation', { key: caller.token, body: question() });
      expect(refused).toMatchObject({ status: 403, body: { code } });
    }
    const own = await server.post('/access/v1/evaluation', {
      key: bin.token,
      body: question({ resource: { type: 'bin', id: '1' } }),
    });
    expect(own).toMatchObject({ status: 200, body: { decision: false } });
  });

  it('asked at once are all recorded, in one chain', async () => {
    const app = await application(server, RECORDS, [owned]);
    const answers = await Promise.all(Array.from({ length: 40 }, () => app.ask('evaluation', question())));
    const ids = answers.map(({ body }) => (body['context'] as { evaluation_id: string }).evaluation_id);
    expect(new Set(ids).size).toBe(40);
    const events = (await server.tenantEvents(app.owner)).filter(({ type }) => type === 'decision.evaluated');
    expect(events.map(({ decision }) => (decision as { id: string }).id).sort()).toEqual([...ids].sort());
  });

  it('come through the client: authorize, batches, searches', async () => {
    const app = await application(server, CERTIFICATION, CERTIFICATION_DIRECTORY);
    const client = new WritClient({ url: await server.url(), apiKey: app.enforcer.token });
    const [alice, resource] = [
      { type: 'user', id: 'alice' },
      { type: 'record', id: 'record-1' },
    ];
    const yes = await client.authorize({ subject: alice, action: { name: 'write' }, resource });
    expect(yes).toMatchObject({ allowed: true, reason: 'allowed', obligations: [] });
    const no = await client.authorize({ subject: alice, action: { name: 'delete' }, resource });
    expect(no).toMatchObject({ allowed: false, id: expect.stringMatching(/^dec_/) as string });
    expect((await client.access.actions({ subject: alice, resource })).results).toEqual([
      { name: 'read' },
      { name: 'write' },
    ]);
    await expect(client.directory.list().page()).rejects.toMatchObject({ code: 'insufficient_scope', status: 403 });
    const stranger = new WritClient({ url: await server.url(), apiKey: 'writ_nonsense' });
    await expect(stranger.authorize({ subject: alice, action: { name: 'read' }, resource })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('the directory', () => {
  it('is set, listed by pages, read and forgotten; evidence says of it what changed and never how', async () => {
    const owner = await server.tenant();
    const key = owner.token;
    const people = ['d', 'a', 'c', 'b'].map((id) => ({ type: 'user', id, properties: { mail: `${id}@example.com` } }));
    const set = (entries: readonly object[]) => server.post('/v1/directory', { key, body: { entries } });
    expect((await set([...people, { type: 'record', id: '/x/{y}' }])).body).toEqual({ changed: 5, unchanged: 0 });
    expect((await set([...people, { type: 'user', id: 'a', properties: { mail: 'new' } }])).body).toEqual({
      changed: 1,
      unchanged: 4,
    });
    const first = await server.get('/v1/directory?limit=2', { key });
    const ids = (answer: { body: Record<string, unknown> }) =>
      (answer.body['data'] as { id: string }[]).map(({ id }) => id);
    expect(ids(first)).toEqual(['/x/{y}', 'a']);
    const cursor = encodeURIComponent(first.body['next_cursor'] as string);
    expect(ids(await server.get(`/v1/directory?limit=9&cursor=${cursor}`, { key }))).toEqual(['b', 'c', 'd']);
    expect(ids(await server.get('/v1/directory?type=record', { key }))).toEqual(['/x/{y}']);
    const entry = await server.get('/v1/directory/entry?type=user&id=a', { key });
    expect(entry.body).toMatchObject({ type: 'user', id: 'a', properties: { mail: 'new' }, set_by: 'user:root' });
    expect((await server.get('/v1/directory/entry?type=user&id=nobody', { key })).status).toBe(404);
    const gone = await server.post('/v1/directory/remove', {
      key,
      body: { entries: people.map(({ type, id }) => ({ type, id })) },
    });
    expect(gone.body).toEqual({ removed: 4 });
    const events = (await server.tenantEvents(owner)).filter(({ type }) => String(type).startsWith('directory.'));
    expect(events).toMatchObject([
      { type: 'directory.set', actor: 'user:root', object: { id: 'record' }, detail: { entries: 1, properties: '' } },
      { type: 'directory.set', object: { type: 'directory', id: 'user' }, detail: { entries: 4, properties: 'mail' } },
      { type: 'directory.set', detail: { entries: 1, properties: 'mail' } },
      { type: 'directory.removed', detail: { entries: 4, properties: 'mail' } },
    ]);
    expect(JSON.stringify(events)).not.toContain('example.com');
  });

  it('[I11] of one tenant is not known to another', async () => {
    const [one, two] = [
      await application(server, CERTIFICATION, CERTIFICATION_DIRECTORY),
      await application(server, CERTIFICATION, []),
    ];
    const body = { subject: { type: 'user' }, action: { name: 'read' }, resource: { type: 'record', id: 'record-1' } };
    expect((await one.ask('search/subject', body)).body['results']).toHaveLength(2);
    expect((await two.ask('search/subject', body)).body['results']).toEqual([]);
    expect((await server.get('/v1/directory', { key: two.owner.token })).body['data']).toEqual([]);
  });

  it('refuses what is too large or names nothing, whole', async () => {
    const owner = await server.tenant();
    const set = (entries: unknown) => server.post('/v1/directory', { key: owner.token, body: { entries } });
    const good = { type: 'user', id: 'a' };
    for (const bad of [
      [],
      [good, { type: 'user', id: '' }],
      [good, { type: 'a b', id: 'x' }],
      [good, { type: 'user', id: 'x', properties: { text: 'x'.repeat(20_000) } }],
      [good, { type: 'user', id: 'x', more: 1 }],
      Array.from({ length: 501 }, (_, i) => ({ type: 'user', id: `u${i}` })),
    ]) {
      expect((await set(bad)).status).toBe(400);
    }
    const { body } = await server.get('/v1/directory', { key: owner.token });
    expect(body['data']).toEqual([]);
  });
});
