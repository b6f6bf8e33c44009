import { newId } from '@writ/kernel';
import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
});
afterAll(() => server.close());

const TRACE = '0af7651916cd43dd8448eb211c80319d';
const lookup = (anything: string, key = admin.token): Promise<Answer> =>
  server.get(`/v1/lookup/${encodeURIComponent(anything)}`, { key });
const one = (answer: Answer): Record<string, string> => {
  const matches = answer.body['matches'] as Record<string, string>[];
  expect(matches).toHaveLength(1);
  return matches[0]!;
};

describe('an id that somebody pastes', () => {
  it('leads to what it names, by its kind', async () => {
    const started = await server.post('/v1/runs', {
      key: admin.token,
      body: START,
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    const run = started.body['id'] as string;
    expect(one(await lookup(run))).toEqual({
      kind: 'run',
      id: run,
      title: 'desk, queued',
      console: `/runs/${run}`,
      api: `/v1/runs/${run}`,
    });
    expect(one(await lookup(`  ${run}\n`)).id).toBe(run);
    for (const trace of [TRACE, TRACE.toUpperCase(), `00-${TRACE}-b7ad6b7169203331-01`])
      expect(one(await lookup(trace)).id).toBe(run);

    const decisions = await server.get(`/v1/runs/${run}/decisions`, { key: admin.token });
    const decision = (decisions.body['data'] as { id: string }[])[0]!.id;
    expect(one(await lookup(decision))).toMatchObject({
      kind: 'decision',
      console: `/runs/${run}?tab=decisions&dec=${decision}`,
    });

    const events = await server.get(`/v1/audit/events?run=${run}`, { key: admin.token });
    const event = (events.body['data'] as { id: string }[])[0]!.id;
    const found = one(await lookup(event));
    expect(found).toMatchObject({ kind: 'event', id: event, api: `/v1/audit/events/${event}` });
    expect((await server.get(found['api']!, { key: admin.token })).status).toBe(200);

    const stop = await server.post('/v1/stops', {
      key: admin.token,
      body: { scope: 'tool', target: 'pay', reason: 'a drill' },
    });
    expect(one(await lookup(stop.body['id'] as string))).toMatchObject({ kind: 'stop', title: 'stop of tool pay' });
    const refused = await server.post('/v1/runs', {
      key: (await server.key(admin.tenant, { principal: 'user:nobody' })).token,
      body: START,
    });
    expect(one(await lookup(refused.body['decision_id'] as string))).toMatchObject({ kind: 'decision' });
    const request = stop.headers.get('x-request-id')!;
    expect((await lookup(request)).status).toBe(404);
    const read = events.headers.get('x-request-id')!;
    expect(one(await lookup(read))).toMatchObject({
      kind: 'event',
      title: expect.stringContaining('read evidence') as string,
    });

    const me = await server.get('/v1/me', { key: admin.token });
    const key = (me.body['key'] as { id: string }).id;
    expect(one(await lookup(key))).toMatchObject({ kind: 'key', title: 'key of user:root: first' });
    expect(one(await lookup(admin.tenant))).toMatchObject({ kind: 'tenant' });
  });

  it('leads to what has a page of its own: a request, a question, a batch', async () => {
    const started = await server.post('/v1/runs', { key: admin.token, body: START });
    const run = started.body['id'] as string;
    const input = newId('input');
    await server.outsider.query(
      `insert into writ.question (tenant, id, run, workflow, path, words, schema, asked_at)
       values ($1, $2, $3, 'desk', '', 'Which card?', '{}', now())`,
      [admin.tenant, input, run],
    );
    expect(one(await lookup(input))).toMatchObject({
      kind: 'question',
      title: 'desk asks: Which card? (pending)',
      console: `/questions?tab=all&sel=${input}&view=peek`,
    });
    const batch = await server.post('/v1/batches', {
      key: admin.token,
      body: { workflow: START.workflow, items: [{ input: START.input }] },
    });
    const id = batch.body['id'] as string;
    expect(one(await lookup(id))).toMatchObject({ kind: 'batch', console: `/batches?sel=${id}` });
    const other = await server.tenant();
    for (const pasted of [input, id]) expect((await lookup(pasted, other.token)).status).toBe(404);
  });

  it('of nothing, of nobody or of somebody else names nothing', async () => {
    const other = await server.tenant();
    const run = (await server.post('/v1/runs', { key: admin.token, body: START })).body['id'] as string;
    const strange = [
      newId('run'),
      newId('decision'),
      newId('event'),
      newId('stop'),
      newId('key'),
      newId('tenant'),
      newId('request'),
      'f'.repeat(32),
      'nonsense',
      `run_${'z'.repeat(26)}`,
      '../me',
      'a\u0000b',
      '\u202e',
      'x'.repeat(200),
    ];
    for (const anything of strange) {
      const answer = await lookup(anything);
      expect([anything, answer.status, answer.body['code']]).toEqual([anything, 404, 'not_found']);
    }
    for (const anything of [run, admin.tenant])
      expect([anything, (await lookup(anything, other.token)).status]).toEqual([anything, 404]);
    expect((await lookup('x'.repeat(201))).status).toBe(400);
  });

  it('that the caller may not read is not found, and what they may is', async () => {
    const run = (await server.post('/v1/runs', { key: admin.token, body: START })).body['id'] as string;
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    const auditor = await server.key(admin.tenant, { principal: 'user:auditor', roles: ['auditor'] });
    const me = await server.get('/v1/me', { key: admin.token });
    const key = (me.body['key'] as { id: string }).id;
    for (const anything of [run, key, newId('request')])
      expect((await lookup(anything, nobody.token)).status).toBe(404);
    expect((await lookup(run, auditor.token)).status).toBe(200);
    expect((await lookup(key, auditor.token)).status).toBe(404);
    expect((await server.get(`/v1/lookup/${run}`)).status).toBe(401);
  });
});

describe('the timeline of a run', () => {
  it('is read by who may read the run', async () => {
    const run = (await server.post('/v1/runs', { key: admin.token, body: START })).body['id'] as string;
    const made = await server.get(`/v1/runs/${run}/timeline`, { key: admin.token });
    expect(made.body).toMatchObject({
      run,
      status: 'queued',
      to_ms: null,
      segments: [{ kind: 'queued', from_ms: 0, to_ms: null }],
      steps: [],
    });
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    expect((await server.get(`/v1/runs/${run}/timeline`, { key: nobody.token })).body['code']).toBe('policy_denied');
    expect((await server.get(`/v1/runs/${newId('run')}/timeline`, { key: admin.token })).status).toBe(404);
    const other = await server.tenant();
    expect((await server.get(`/v1/runs/${run}/timeline`, { key: other.token })).status).toBe(404);
  });
});
