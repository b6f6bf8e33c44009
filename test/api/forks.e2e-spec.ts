import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
let run: string;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
  const started = await server.post('/v1/runs', { key: admin.token, body: START });
  run = started.body['id'] as string;
});
afterAll(() => server.close());

const fork = (caller: Caller, body: object, key?: string): Promise<Answer> =>
  server.post(`/v1/runs/${run}/fork`, {
    key: caller.token,
    body: { reason: 'to see', ...body },
    ...(key && { headers: { 'idempotency-key': key } }),
  });

describe('forking a run', () => {
  it('answers the new run, which names the run and the event it was forked from', async () => {
    const forked = await fork(admin, {});
    expect([forked.status, forked.body]).toEqual([
      201,
      { id: expect.stringMatching(/^run_/) as string, of: run, effects: 'stubbed' },
    ]);
    const id = forked.body['id'] as string;
    const read = await server.get(`/v1/runs/${id}`, { key: admin.token });
    expect(read.body).toMatchObject({ id, workflow: 'desk', fork: { run, at: 0, effects: 'stubbed' } });
    const events = await server.get(`/v1/runs/${id}/events`, { key: admin.token });
    expect((events.body['data'] as { type: string }[]).map(({ type }) => type)).toEqual(['run_started', 'run_forked']);
  });

  it('with live effects is a right of its own, and starting the workflow another', async () => {
    const developer = await server.key(admin.tenant, { principal: 'user:dev', roles: ['developer'] });
    expect((await fork(developer, { effects: 'live' })).body).toMatchObject({ code: 'policy_denied' });
    expect((await fork(developer, {})).status).toBe(201);
    const narrow = await server.key(admin.tenant, {
      principal: 'user:root',
      roles: ['administrator'],
      scopes: ['run.read', 'run.fork'],
    });
    expect((await fork(narrow, { effects: 'live' })).body).toMatchObject({ code: 'insufficient_scope' });
    expect((await fork(narrow, {})).status).toBe(201);
    expect((await fork(admin, { effects: 'live' })).status).toBe(201);
  });

  it('[I12] once per idempotency key', async () => {
    const [first, again] = [await fork(admin, {}, 'once'), await fork(admin, {}, 'once')];
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await fork(admin, { effects: 'live' }, 'once')).body).toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('refuses an event that is not there, two places at once, and a run of another tenant', async () => {
    expect((await fork(admin, { at: 99 })).body).toMatchObject({ code: 'state_conflict' });
    expect((await fork(admin, { at: 0, step: 1 })).body).toMatchObject({ code: 'invalid_request' });
    const stranger = await server.tenant();
    expect((await fork(stranger, {})).status).toBe(404);
  });
});

describe('two runs side by side', () => {
  const diff = (caller: Caller, a: string, b: string): Promise<Answer> =>
    server.get(`/v1/runs/diff?a=${a}&b=${b}`, { key: caller.token });

  it('are compared: their input, definitions, steps and ends', async () => {
    const id = (await fork(admin, {})).body['id'] as string;
    const compared = await diff(admin, run, id);
    expect(compared.status).toBe(200);
    expect(compared.body).toMatchObject({
      a: { id: run, fork: null },
      b: { id, fork: { run } },
      same_input: true,
      definitions: [],
      steps: [],
      first_difference: null,
    });
    const other = await server.post('/v1/runs', { key: admin.token, body: { ...START, input: { question: 'Why?' } } });
    expect((await diff(admin, run, other.body['id'] as string)).body).toMatchObject({ same_input: false });
  });

  it('are read only by who may read both', async () => {
    const stranger = await server.tenant();
    expect((await diff(stranger, run, run)).status).toBe(404);
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    expect((await diff(nobody, run, run)).body).toMatchObject({ code: 'policy_denied' });
  });
});
