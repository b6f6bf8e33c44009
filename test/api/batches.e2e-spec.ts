import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
});
afterAll(() => server.close());

const items = [{ key: 'first', input: { question: 'Where?' } }, { input: { question: 'When?' } }];
const create = (caller: Caller, body: object = {}, key?: string): Promise<Answer> =>
  server.post('/v1/batches', {
    key: caller.token,
    body: { workflow: 'desk', items, ...body },
    ...(key && { headers: { 'idempotency-key': key } }),
  });
const get = (caller: Caller, path: string): Promise<Answer> => server.get(path, { key: caller.token });

describe('a batch over the API', () => {
  it('answers where it stands, and its items can be listed', async () => {
    const made = await create(admin, { budget: { model_calls: 5 }, concurrency: 7 });
    expect(made.status).toBe(201);
    const id = made.body['id'] as string;
    expect(made.headers.get('location')).toBe(`/v1/batches/${id}`);
    expect(made.body).toMatchObject({
      workflow: 'desk',
      version: 1,
      status: 'running',
      total: 2,
      concurrency: 7,
      counts: { pending: 2 },
      initiator: 'user:root',
    });
    expect((await get(admin, `/v1/batches/${id}`)).body).toMatchObject({ id, total: 2 });
    expect((await get(admin, '/v1/batches')).body).toMatchObject({ data: [{ id }], has_more: false });
    expect((await get(admin, `/v1/batches/${id}/items?limit=1`)).body).toMatchObject({
      data: [{ place: 0, key: 'first', state: 'pending', run: null }],
      has_more: true,
    });
    const budgets = await get(admin, '/v1/budgets');
    expect(budgets.body['data']).toContainEqual(
      expect.objectContaining({ scope: 'batch', target: id, dimension: 'model_calls', limit: 5 }),
    );
  });

  it('is cancelled once, with the reason', async () => {
    const id = (await create(admin)).body['id'] as string;
    const cancel = (): Promise<Answer> =>
      server.post(`/v1/batches/${id}/cancel`, { key: admin.token, body: { reason: 'enough' } });
    expect((await cancel()).body).toMatchObject({ id, status: 'cancelling', reason: 'enough', counts: { skipped: 2 } });
    expect((await cancel()).body).toMatchObject({ code: 'state_conflict' });
    const types = (await server.tenantEvents(admin)).map((event) => event['type']);
    expect(types).toEqual(expect.arrayContaining(['batch.created', 'batch.cancelled']));
  });

  it('[I12] is made once per idempotency key', async () => {
    const [first, again] = [await create(admin, {}, 'once'), await create(admin, {}, 'once')];
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect((await create(admin, { concurrency: 3 }, 'once')).body).toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('is refused with the reason: no such workflow, one key twice, nothing in it, no right to start', async () => {
    expect((await create(admin, { workflow: 'nothing_such' })).body).toMatchObject({ code: 'unknown_workflow' });
    const twice = await create(admin, { items: [items[0], items[0]] });
    expect([twice.status, twice.body['code']]).toEqual([422, 'schema_violation']);
    expect((await create(admin, { items: [] })).body).toMatchObject({ code: 'invalid_request' });
    const auditor = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    expect((await create(auditor)).body).toMatchObject({ code: 'policy_denied' });
  });

  it('[I11] is not there for another tenant', async () => {
    const id = (await create(admin)).body['id'] as string;
    const stranger = await server.tenant();
    expect((await get(stranger, `/v1/batches/${id}`)).status).toBe(404);
    expect((await get(stranger, `/v1/batches/${id}/items`)).status).toBe(404);
    expect((await get(stranger, '/v1/batches')).body).toMatchObject({ data: [] });
  });
});
