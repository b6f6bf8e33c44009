import { Admissions } from '@writ/database';
import { WritClient } from '@writ/sdk';
import { DOCUMENTS, START } from './documents';
import { ApiServer, type Answer, type Caller } from './server';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

const NO_LIMITS = { most_active: null, most_in_line: null };
const get = ({ token: key }: Caller): Promise<Answer> => server.get('/v1/admission', { key });
const set = ({ token: key }: Caller, limits: object): Promise<Answer> =>
  server.post('/v1/admission', { key, body: { ...NO_LIMITS, reason: 'A trial.', ...limits } });
const grant = ({ tenant }: Caller, limits: object): Promise<unknown> =>
  server.db.withTenant(tenant, (tx) =>
    new Admissions(server.db).grant(
      tx,
      { tenant, weight: 1, mostActive: null, mostInLine: null, reason: 'x', author: 'user:op', ...limits },
      async () => undefined,
    ),
  );

describe('admission over the API', () => {
  it('is what nobody limited until somebody does, and what is set stands in the tenant’s log', async () => {
    const owner = await server.tenant();
    expect((await get(owner)).body).toMatchObject({
      weight: 1,
      own: NO_LIMITS,
      granted: NO_LIMITS,
      in_force: { most_active: null, most_in_line: 100_000 },
      active: 0,
      in_line: 0,
    });
    expect((await set(owner, { most_active: 3, most_in_line: 7 })).status).toBe(200);
    expect((await get(owner)).body).toMatchObject({ in_force: { most_active: 3, most_in_line: 7 } });
    await set(owner, {});
    expect((await get(owner)).body).toMatchObject({ own: NO_LIMITS });
    const events = (await server.tenantEvents(owner)).filter(({ type }) => type === 'admission.set');
    expect(events).toEqual([
      expect.objectContaining({
        actor: 'user:root',
        detail: expect.objectContaining({ most_active: 3, most_in_line: 7, reason: 'A trial.' }),
      }),
      expect.objectContaining({ detail: expect.not.objectContaining({ most_active: 3 }) }),
    ]);
  });

  it('never goes beyond what the platform grants, whose weight it cannot touch', async () => {
    const owner = await server.tenant();
    await grant(owner, { weight: 5, mostActive: 10, mostInLine: 20 });
    const beyond = await set(owner, { most_active: 11 });
    expect([beyond.status, beyond.body['code']]).toEqual([422, 'schema_violation']);
    expect((await set(owner, { most_active: 4, weight: 9 })).body['code']).toBe('invalid_request');
    expect((await set(owner, { most_active: 4 })).body).toMatchObject({
      weight: 5,
      in_force: { most_active: 4, most_in_line: 20 },
    });
    // What is taken back holds at once, whatever the tenant had set before.
    await grant(owner, { weight: 5, mostActive: 2 });
    expect((await get(owner)).body).toMatchObject({ in_force: { most_active: 2, most_in_line: 100_000 } });
  });

  it('is read by operators, auditors and developers, and set by whoever the policy lets', async () => {
    const owner = await server.tenant();
    for (const [role, status] of [
      ['operator', 200],
      ['auditor', 403],
      ['developer', 403],
    ] as const) {
      const reader = await server.key(owner.tenant, { principal: `user:${role}`, roles: [role] });
      expect((await get(reader)).status).toBe(200);
      expect((await set(reader, {})).status).toBe(status);
    }
    const narrow = await server.key(owner.tenant, { roles: ['administrator'], scopes: ['admission.read'] });
    expect((await set(narrow, {})).body).toMatchObject({ code: 'insufficient_scope' });
  });

  it('[I11] of one tenant is not that of another', async () => {
    const owner = await server.tenant();
    await set(owner, { most_active: 3 });
    expect((await get(await server.tenant())).body).toMatchObject({ own: NO_LIMITS });
  });
});

describe('a start beyond the line', () => {
  it('[I12] is answered 429 with Retry-After, no denial, and its key finds the run that it started before', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, DOCUMENTS);
    await set(owner, { most_active: 1, most_in_line: 1 });
    await server.engine.admission.look();
    const start = (key: string): Promise<Answer> =>
      server.post('/v1/runs', { key: owner.token, body: START, headers: { 'idempotency-key': key } });
    expect([(await start('first')).status, (await start('second')).status]).toEqual([201, 201]);
    const refused = await start('third');
    expect([refused.status, refused.body['code'], refused.body['retryable']]).toEqual([429, 'busy', true]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await start('second')).status).toBe(201);
    expect((await get(owner)).body).toMatchObject({ active: 1, in_line: 1 });
    const denials = (await server.tenantEvents(owner)).filter(({ type }) => type === 'action.denied');
    expect(denials).toEqual([]);
    const client = new WritClient({ url: await server.url(), apiKey: owner.token });
    await expect(client.runs.start(START, { maxRetries: 0 })).rejects.toMatchObject({
      code: 'busy',
      status: 429,
      retryable: true,
      retryAfterMs: expect.any(Number) as number,
    });
    // Somebody makes room, and the client that waits as it is told gets in.
    const patient = client.runs.start(START, { maxRetries: 5 });
    await set(owner, { most_active: 1, most_in_line: 5 });
    await expect(patient).resolves.toMatchObject({ workflow: 'desk' });
  });
});
