import { ApiServer, type Answer, type Caller } from './server';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

const until = (ms = 3_600_000): string => new Date(Date.now() + ms).toISOString();

describe('stand-ins over the API', () => {
  const set = (caller: Caller, body: object): Promise<Answer> =>
    server.post('/v1/stand-ins', { key: caller.token, body: { until: until(), reason: 'On leave.', ...body } });

  it('are named by whoever is away, listed, and ended by any of those they concern', async () => {
    const owner = await server.tenant();
    const ann = await server.key(owner.tenant, { principal: 'user:ann', roles: ['approver'] });
    const ben = await server.key(owner.tenant, { principal: 'user:ben', roles: ['approver'] });
    const made = await set(ann, { deputy: 'user:ben' });
    expect(made).toMatchObject({ status: 201, body: { absent: 'user:ann', deputy: 'user:ben', state: 'in_force' } });
    const later = await set(ann, { deputy: 'user:cleo', from: until(60_000), until: until(120_000) });
    expect(later.body).toMatchObject({ state: 'coming' });
    const listed = await server.get('/v1/stand-ins', { key: ben.token });
    expect((listed.body['data'] as object[]).length).toBe(2);
    const path = `/v1/stand-ins/${made.body['id'] as string}/end`;
    const ended = await server.post(path, { key: ben.token, body: { reason: 'She is back.' } });
    expect(ended).toMatchObject({ status: 200, body: { state: 'ended', ended_by: 'user:ben' } });
    const again = await server.post(path, { key: ann.token, body: { reason: 'Back.' } });
    expect(again.body).toMatchObject({ state: 'ended', ended_by: 'user:ben' });
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types.filter((type) => String(type).startsWith('approval.stand_in'))).toEqual([
      'approval.stand_in_set',
      'approval.stand_in_set',
      'approval.stand_in_ended',
    ]);
  });

  it('are named for somebody else only by who may speak for them, and by nobody for themselves', async () => {
    const owner = await server.tenant();
    const eve = await server.key(owner.tenant, { principal: 'user:eve', roles: ['approver'] });
    expect((await set(eve, { absent: 'user:ann', deputy: 'user:ben' })).body).toMatchObject({ code: 'policy_denied' });
    expect((await set(owner, { absent: 'user:ann', deputy: 'user:ben' })).status).toBe(201);
    const own = await set(owner, { absent: 'user:ann', deputy: 'user:root' });
    expect(own).toMatchObject({ status: 422, body: { code: 'schema_violation' } });
    expect((await set(eve, { deputy: 'user:eve' })).status).toBe(422);
    expect((await set(eve, { deputy: 'agent:clerk' })).status).toBe(400);
    const reader = await server.key(owner.tenant, { principal: 'user:reader', roles: ['auditor'] });
    expect((await set(reader, { deputy: 'user:ben' })).body).toMatchObject({ code: 'policy_denied' });
  });

  it('[I11] are nobody else’s to see or to end', async () => {
    const [one, other] = [await server.tenant(), await server.tenant()];
    const made = await set(one, { deputy: 'user:ben' });
    expect((await server.get('/v1/stand-ins?state=all', { key: other.token })).body['data']).toEqual([]);
    const path = `/v1/stand-ins/${made.body['id'] as string}/end`;
    expect((await server.post(path, { key: other.token, body: { reason: 'Mine.' } })).status).toBe(404);
  });
});

const documents = [
  { kind: 'model', name: 'large', model: 'vendor-large', limits: { concurrency: 4 } },
  {
    kind: 'model',
    name: 'small',
    model: 'vendor-small',
    price: { currency: 'USD', input_micros: 100_000, output_micros: 400_000 },
  },
  { kind: 'agent', name: 'clerk', owner: 'desk', purpose: 'answers', model: 'small', instructions: 'Answer.' },
  {
    kind: 'workflow',
    name: 'desk',
    owner: 'desk',
    purpose: 'answers',
    root: { type: 'agent', agent: 'clerk' },
    budget: { model_calls: 9, cost_micros: 50_000 },
    deadline_ms: 60_000,
  },
];

describe('models over the API', () => {
  it('say what they cost, who uses them, and nothing where nobody knows', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, documents);
    const { body } = await server.get('/v1/models', { key: owner.token });
    expect(body['data']).toMatchObject([
      { name: 'large', price: null, concurrency: 4, agents: [] },
      { name: 'small', price: { currency: 'USD', input_micros: 100_000 }, concurrency: null, agents: ['clerk'] },
    ]);
  });

  it('are priced anew by a new version, with nothing else changed and the old price kept', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, documents);
    const price = { currency: 'EUR', input_micros: 90_000, output_micros: 300_000, cached_input_micros: 9_000 };
    const set = await server.post('/v1/models/small/price', { key: owner.token, body: { price } });
    expect(set).toMatchObject({ status: 200, body: { version: 2, price, author: 'user:root', agents: ['clerk'] } });
    const same = await server.post('/v1/models/small/price', { key: owner.token, body: { price } });
    expect(same.body).toMatchObject({ version: 2 });
    const none = await server.post('/v1/models/small/price', { key: owner.token, body: { price: null } });
    expect(none.body).toMatchObject({ version: 3, price: null, vendor_model: 'vendor-small' });
    const { body } = await server.get('/v1/models/small', { key: owner.token });
    expect((body['versions'] as { price: { currency: string } | null }[]).map((one) => one.price?.currency)).toEqual([
      undefined,
      'EUR',
      'USD',
    ]);
    expect((await server.get('/v1/models/nobody', { key: owner.token })).status).toBe(404);
    const bad = { price: { ...price, currency: 'euro' } };
    expect((await server.post('/v1/models/small/price', { key: owner.token, body: bad })).status).toBe(400);
  });

  it('are priced only by who may change them', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, documents);
    const auditor = await server.key(owner.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    expect((await server.get('/v1/models', { key: auditor.token })).status).toBe(200);
    const set = await server.post('/v1/models/small/price', { key: auditor.token, body: { price: null } });
    expect(set.body).toMatchObject({ code: 'policy_denied' });
  });
});

describe('what limits a run', () => {
  const limit = (caller: Caller, body: object): Promise<Answer> =>
    server.post('/v1/budgets', { key: caller.token, body: { period: 'total', reason: 'A trial.', ...body } });

  it('is listed by dimension with the tightest first, and why each of it applies', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, documents);
    await limit(owner, { scope: 'tenant', dimension: 'model_calls', limit: 1_000 });
    await limit(owner, { scope: 'model', target: 'small', dimension: 'model_calls', limit: 4, crossing: 'wait' });
    await limit(owner, { scope: 'model', target: 'large', dimension: 'model_calls', limit: 1 });
    await limit(owner, { scope: 'workflow', target: 'other', dimension: 'steps', limit: 1 });
    const started = await server.post('/v1/runs', { key: owner.token, body: { workflow: 'desk', input: {} } });
    const run = started.body['id'] as string;
    const { status, body } = await server.get(`/v1/budgets/effective?run=${run}`, { key: owner.token });
    expect(status).toBe(200);
    expect(body).toMatchObject({ run, workflow: 'desk', deadline_at: expect.any(String) as string });
    const limits = body['limits'] as Record<string, unknown>[];
    expect(limits.map(({ level, of, dimension, left, binding }) => [dimension, level, of, left, binding])).toEqual([
      ['model_calls', 'model', 'small', 4, true],
      ['model_calls', 'run', null, 9, false],
      ['model_calls', 'tenant', null, 1_000, false],
      ['cost_micros', 'run', null, 50_000, true],
    ]);
    expect(limits[0]).toMatchObject({ crossing: 'wait', why: 'It counts when small is asked.' });
  });

  it('[I11] is nobody else’s to see', async () => {
    const [one, other] = [await server.tenant(), await server.tenant()];
    await server.publish(one.tenant, documents);
    const started = await server.post('/v1/runs', { key: one.token, body: { workflow: 'desk', input: {} } });
    const path = `/v1/budgets/effective?run=${started.body['id'] as string}`;
    expect((await server.get(path, { key: other.token })).status).toBe(404);
  });
});

describe('a run that a person took over', () => {
  it('is given back with a note only by who may do both', async () => {
    const owner = await server.tenant('p, user:half, {tenant}, run:*, run.resume, , allow');
    await server.publish(owner.tenant, documents);
    const started = await server.post('/v1/runs', { key: owner.token, body: { workflow: 'desk', input: {} } });
    const path = `/v1/runs/${started.body['id'] as string}/resume`;
    const half = await server.key(owner.tenant, { principal: 'user:half' });
    const given = { reason: 'Done.', note: 'Offer article 7.' };
    // Nobody holds it yet, which is no matter of rights.
    expect((await server.post(path, { key: half.token, body: { reason: 'Done.' } })).body).toMatchObject({
      code: 'state_conflict',
    });
    await server.outsider.query(
      `update writ.run set status = 'paused', wait = '{"by":"user:root","for":"pause","reason":"x"}' where id = $1`,
      [started.body['id']],
    );
    expect((await server.post(path, { key: half.token, body: given })).body).toMatchObject({ code: 'policy_denied' });
    const { rows: none } = await server.outsider.query(`select 1 from writ.run_mail where run = $1`, [
      started.body['id'],
    ]);
    expect(none).toEqual([]);
    expect((await server.post(path, { key: owner.token, body: given })).status).toBe(202);
    const { rows } = await server.outsider.query<{ kind: string }>(
      `select kind from writ.run_mail where run = $1 order by kind`,
      [started.body['id']],
    );
    expect(rows.map(({ kind }) => kind)).toEqual(['note', 'resume']);
  });
});

describe('those who are told what happens, over the API', () => {
  const url = 'https://hooks.example.com/writ';
  const create = (caller: Caller, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    server.post('/v1/subscriptions', { key: caller.token, body: { url, label: 'on-call', ...body }, headers });

  it('are created with a secret that is shown once, paused, resumed, tested and removed, each on record', async () => {
    const owner = await server.tenant();
    const made = await create(owner, {}, { 'idempotency-key': 'once' });
    expect(made).toMatchObject({ status: 201, body: { status: 'active', behind: 0 } });
    expect(made.body['secret']).toMatch(/^whsec_/);
    expect(made.body['types']).toContain('approval.requested');
    expect((await create(owner, {}, { 'idempotency-key': 'once' })).body).toMatchObject({ secret: null });
    const path = `/v1/subscriptions/${made.body['id'] as string}`;
    const send = (what: string) => server.post(`${path}/${what}`, { key: owner.token, body: { reason: 'so' } });
    expect((await send('pause')).body).toMatchObject({ status: 'paused', reason: 'so' });
    expect((await send('resume')).body).toMatchObject({ status: 'active', reason: null });
    expect((await server.post(`${path}/test`, { key: owner.token })).status).toBe(200);
    const listed = await server.get('/v1/subscriptions', { key: owner.token });
    expect(listed.text).not.toContain('whsec_');
    expect((await server.get(`${path}/deliveries`, { key: owner.token })).body).toEqual({ data: [], dead: [] });
    expect((await send('remove')).status).toBe(200);
    expect((await send('remove')).status).toBe(404);
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types.filter((type) => String(type).startsWith('subscription.'))).toEqual([
      'subscription.created',
      'subscription.paused',
      'subscription.resumed',
      'subscription.tested',
      'subscription.removed',
    ]);
  });

  it('are set up only by who may, and seen by nobody of another tenant [I11]', async () => {
    const [owner, other] = [await server.tenant(), await server.tenant()];
    const made = await create(owner);
    const auditor = await server.key(owner.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    expect((await create(auditor)).body).toMatchObject({ code: 'policy_denied' });
    expect((await server.get('/v1/subscriptions', { key: auditor.token })).status).toBe(200);
    expect((await server.get('/v1/subscriptions', { key: other.token })).body['data']).toEqual([]);
    const path = `/v1/subscriptions/${made.body['id'] as string}`;
    expect((await server.get(`${path}/deliveries`, { key: other.token })).status).toBe(404);
    expect((await server.post(`${path}/remove`, { key: other.token, body: { reason: 'x' } })).status).toBe(404);
  });

  it.each([
    ['a scheme nobody sends by', { url: 'ftp://hooks.example.com' }],
    ['a type that is none', { types: ['Approvals!'] }],
    ['no types', { types: [] }],
    ['a user name in the address', { url: 'https://me:secret@hooks.example.com/' }],
  ])('are refused with %s', async (_what, body) => {
    const owner = await server.tenant();
    expect([400, 422]).toContain((await create(owner, body)).status);
  });
});
