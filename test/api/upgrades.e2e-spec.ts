import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
let run: string;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
  run = (await server.post('/v1/runs', { key: admin.token, body: START })).body['id'] as string;
});
afterAll(() => server.close());

const choice = (caller: Caller, query = ''): Promise<Answer> =>
  server.get(`/v1/runs/${run}/upgrade${query}`, { key: caller.token });
const upgrade = (caller: Caller, body: object = {}): Promise<Answer> =>
  server.post(`/v1/runs/${run}/upgrade`, { key: caller.token, body: { reason: 'a better prompt', ...body } });

describe('a run and newer versions of its definitions', () => {
  it('says whether it could move, and what would change', async () => {
    expect((await choice(admin)).body).toMatchObject({
      run,
      workflow: 'desk',
      version: 1,
      choice: 'none',
      changes: [],
    });
    expect((await upgrade(admin)).body).toMatchObject({ code: 'state_conflict' });
    const [model, clerk, desk] = DOCUMENTS;
    await server.publish(admin.tenant, [model, { ...clerk, instructions: 'Answer kindly.' }, desk]);
    const found = await choice(admin);
    expect(found.body).toMatchObject({ choice: 'move', because: null });
    expect(found.body['changes']).toEqual([expect.objectContaining({ kind: 'agent', name: 'clerk' })]);
    expect((await choice(admin, '?version=9')).body).toMatchObject({ code: 'unknown_workflow' });
  });

  it('is asked to move by who may', async () => {
    const reader = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    expect((await choice(reader)).status).toBe(200);
    expect((await upgrade(reader)).body).toMatchObject({ code: 'policy_denied' });
    const told = await upgrade(admin);
    expect([told.status, told.body]).toEqual([202, { accepted: true }]);
    const stranger = await server.tenant();
    expect((await choice(stranger)).status).toBe(404);
    expect((await upgrade(stranger)).status).toBe(404);
  });
});
