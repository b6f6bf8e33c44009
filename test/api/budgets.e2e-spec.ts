import { ApiServer, type Answer, type Caller } from './server';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

const BODY = {
  scope: 'workflow',
  target: 'desk',
  dimension: 'tool_calls',
  period: 'day',
  limit: 100,
  reason: 'A trial.',
};
const set = (caller: Caller, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  server.post('/v1/budgets', { key: caller.token, body: { ...BODY, ...body }, headers });
const list = async (caller: Caller): Promise<Record<string, unknown>[]> =>
  (await server.get('/v1/budgets', { key: caller.token })).body['data'] as Record<string, unknown>[];

describe('budgets over the API', () => {
  it('are set, changed in place, listed and lifted, each recorded in the tenant’s log', async () => {
    const owner = await server.tenant();
    const made = await set(owner);
    expect(made.body).toMatchObject({ limit: 100, spent: 0, reserved: 0, crossing: 'fail', set_by: 'user:root' });
    const changed = await set(owner, { limit: 7, warn_at: 5, crossing: 'wait' });
    expect(changed.body).toMatchObject({ id: made.body['id'], limit: 7, warn_at: 5, crossing: 'wait' });
    await set(owner, { scope: 'tenant', target: null, dimension: 'concurrent_runs', period: 'total', limit: 3 });
    expect((await list(owner)).map(({ dimension }) => dimension)).toEqual(['tool_calls', 'concurrent_runs']);
    const path = `/v1/budgets/${made.body['id'] as string}/remove`;
    expect((await server.post(path, { key: owner.token, body: { reason: 'Over.' } })).status).toBe(200);
    expect((await server.post(path, { key: owner.token, body: { reason: 'Over.' } })).status).toBe(404);
    expect(await list(owner)).toHaveLength(1);
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types.filter((type) => String(type).startsWith('budget.'))).toEqual([
      'budget.set',
      'budget.set',
      'budget.set',
      'budget.removed',
    ]);
  });

  it('are read by operators and auditors, and set only by whoever the policy lets', async () => {
    const owner = await server.tenant();
    await set(owner);
    for (const role of ['operator', 'auditor', 'developer']) {
      const reader = await server.key(owner.tenant, { principal: `user:${role}`, roles: [role] });
      expect(await list(reader)).toHaveLength(1);
      expect((await set(reader)).body).toMatchObject({ code: 'policy_denied' });
    }
    const narrow = await server.key(owner.tenant, { roles: ['administrator'], scopes: ['budget.read'] });
    expect((await set(narrow)).body).toMatchObject({ code: 'insufficient_scope' });
  });

  it('[I12] are set once per idempotency key', async () => {
    const owner = await server.tenant();
    const first = await set(owner, {}, { 'idempotency-key': 'once' });
    const again = await set(owner, {}, { 'idempotency-key': 'once' });
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    expect((await set(owner, { limit: 1 }, { 'idempotency-key': 'once' })).status).toBe(422);
  });

  it.each<[string, object]>([
    ['a workflow nobody names', { target: null }],
    ['a target for the tenant', { scope: 'tenant' }],
    ['a limit below nothing', { limit: -1 }],
    ['a fallback it does not take', { fallback: 'cheap' }],
    ['no fallback where it takes one', { crossing: 'hand_off' }],
  ])('are refused with %s', async (_what, body) => {
    expect((await set(await server.tenant(), body)).body).toMatchObject({ code: 'invalid_request' });
  });

  it('on runs at once take no period', async () => {
    const refused = await set(await server.tenant(), { dimension: 'concurrent_runs' });
    expect(refused.body).toMatchObject({ code: 'schema_violation' });
  });

  it('[I11] of another tenant are not there', async () => {
    const owner = await server.tenant();
    const { id } = (await set(owner)).body;
    const stranger = await server.tenant();
    expect(await list(stranger)).toEqual([]);
    const path = `/v1/budgets/${id as string}/remove`;
    expect((await server.post(path, { key: stranger.token, body: { reason: 'x' } })).status).toBe(404);
  });
});
