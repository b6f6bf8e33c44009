import { newId } from '@writ/kernel';
import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant(
    `p, service:site, {tenant}, workflow:desk, run.start, , allow, , site-starts
     p, service:site, {tenant}, role:customer, principal.assert, , allow, , site-vouches
     p, role:customer, {tenant}, workflow:desk, run.start, , allow, , customer-starts`,
  );
  await server.publish(admin.tenant, DOCUMENTS);
});
afterAll(() => server.close());

const start = (key: string, body: object = START, idempotencyKey?: string): Promise<Answer> =>
  server.post('/v1/runs', { key, body, ...(idempotencyKey && { headers: { 'idempotency-key': idempotencyKey } }) });
const idOf = (answer: Answer): string => answer.body['id'] as string;

describe('starting a run', () => {
  it('answers where it stands, and it can be read, with its events and decisions', async () => {
    const started = await start(admin.token);
    expect(started.status).toBe(201);
    expect(started.headers.get('location')).toBe(`/v1/runs/${idOf(started)}`);
    const run = await server.get(`/v1/runs/${idOf(started)}`, { key: admin.token });
    expect(run.body).toMatchObject({
      id: idOf(started),
      workflow: 'desk',
      status: 'queued',
      initiator: 'user:root',
      input: START.input,
      output: null,
    });
    const events = await server.get(`/v1/runs/${idOf(started)}/events`, { key: admin.token });
    expect(events.body).toMatchObject({ data: [{ sequence: 0, type: 'run_started' }], has_more: false });
    const decisions = await server.get(`/v1/runs/${idOf(started)}/decisions`, { key: admin.token });
    expect(decisions.body).toMatchObject({ data: [{ action: 'run.start', verdict: 'allow', run: idOf(started) }] });
  });

  it('runs under the trace of its request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-00';
    const started = await server.post('/v1/runs', { key: admin.token, body: START, headers: { traceparent } });
    const run = await server.get(`/v1/runs/${idOf(started)}`, { key: admin.token });
    expect(run.body['trace_id']).toBe('0af7651916cd43dd8448eb211c80319d');
  });

  it('of a workflow that nobody published, or with an input it does not take, is refused with the reason', async () => {
    const unknown = await start(admin.token, { workflow: 'nothing_such' });
    expect([unknown.status, unknown.body['code']]).toEqual([422, 'unknown_workflow']);
    const version = await start(admin.token, { ...START, version: 99 });
    expect(version.body).toMatchObject({ code: 'unknown_workflow' });
    const input = await start(admin.token, { workflow: 'desk', input: { question: 7 } });
    expect([input.status, input.body['code']]).toEqual([422, 'schema_violation']);
    expect(input.body['errors']).toEqual([expect.objectContaining({ in: 'body', pointer: '/input/question' })]);
  });

  it('for somebody else takes the right to speak for them', async () => {
    const site = await server.key(admin.tenant, { principal: 'service:site' });
    const customer = { id: 'user:ada', roles: ['customer'] };
    const started = await start(site.token, { ...START, on_behalf_of: customer });
    expect(started.status).toBe(201);
    const run = await server.get(`/v1/runs/${idOf(started)}`, { key: admin.token });
    expect(run.body['initiator']).toBe('user:ada');
    const beyond = await start(site.token, { ...START, on_behalf_of: { id: 'user:ada', roles: ['administrator'] } });
    expect(beyond.body).toMatchObject({ code: 'policy_denied' });
    const narrow = await server.key(admin.tenant, { principal: 'service:site', scopes: ['run.start'] });
    expect((await start(narrow.token, { ...START, on_behalf_of: customer })).body).toMatchObject({
      code: 'insufficient_scope',
    });
  });
});

describe('[I12] one idempotency key starts one run', () => {
  it('of twenty starts at once with one key, one starts it and all answer it', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(admin.token, START, 'twenty')));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === null)).toHaveLength(1);
    const { rows } = await server.outsider.query(
      `select id from writ.run where tenant = $1 and idempotency_key like '%twenty'`,
      [admin.tenant],
    );
    expect(rows.map((row: { id: string }) => row.id)).toEqual([idOf(answers[0]!)]);
  });

  it('a repeat gets the first answer, another body is a mismatch, another principal has keys of its own', async () => {
    const first = await start(admin.token, START, 'mine');
    const repeat = await start(admin.token, START, 'mine');
    expect([repeat.status, repeat.text]).toEqual([first.status, first.text]);
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    const other = await start(admin.token, { ...START, input: { question: 'another' } }, 'mine');
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_mismatch']);
    const colleague = await server.key(admin.tenant, { principal: 'user:colleague', roles: ['administrator'] });
    const theirs = await start(colleague.token, START, 'mine');
    expect(theirs.status).toBe(201);
    expect(idOf(theirs)).not.toBe(idOf(first));
  });
});

const WAITS = {
  kind: 'workflow',
  name: 'waits',
  owner: 'team:desk',
  purpose: 'Waits to be paid.',
  root: {
    type: 'sequence',
    steps: [
      { id: 'paid', node: { type: 'wait', signal: 'paid' } },
      { id: 'shipped', node: { type: 'loop', max: 2, exhausted: 'last', node: { type: 'wait', signal: 'shipped' } } },
    ],
  },
};

describe('telling a run something', () => {
  it('puts it in the mail once per idempotency key, and repeats answer the same', async () => {
    await server.publish(admin.tenant, [WAITS]);
    const run = idOf(await start(admin.token, { workflow: 'waits' }));
    const signal = (body: object, key: string): Promise<Answer> =>
      server.post(`/v1/runs/${run}/signal`, { key: admin.token, body, headers: { 'idempotency-key': key } });
    const told = await Promise.all(Array.from({ length: 8 }, () => signal({ name: 'paid', payload: { n: 1 } }, 's1')));
    for (const answer of told)
      expect([answer.status, answer.body]).toEqual([202, { accepted: told[0]!.body['accepted'] }]);
    const repeat = await signal({ name: 'paid', payload: { n: 1 } }, 's1');
    expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect((await signal({ name: 'paid', payload: { n: 2 } }, 's1')).body).toMatchObject({
      code: 'idempotency_mismatch',
    });
    expect((await signal({ name: 'paid', payload: { n: 1 } }, 's2')).body).toEqual({ accepted: true });
    expect(await mailOf(run)).toEqual(['signal', 'signal']);
  });

  it('refuses a signal that no node of its workflow ever waits for, and names those that are', async () => {
    await server.publish(admin.tenant, [WAITS]);
    const signal = (run: string, name: string): Promise<Answer> =>
      server.post(`/v1/runs/${run}/signal`, { key: admin.token, body: { name } });
    const waits = idOf(await start(admin.token, { workflow: 'waits' }));
    // Nothing of it has begun: each name that comes later is kept.
    expect((await signal(waits, 'shipped')).body).toEqual({ accepted: true });
    const refused = await signal(waits, 'payd');
    expect([refused.status, refused.body]).toMatchObject([
      422,
      {
        code: 'schema_violation',
        detail: 'no node of workflow waits waits for a signal payd: it waits for paid, shipped',
        errors: [{ in: 'body', pointer: '/name', code: 'signal_unknown' }],
        next_actions: [{ description: expect.stringContaining('Send one of these names') as string }],
      },
    ]);
    expect((await signal(idOf(await start(admin.token)), 'paid')).body['detail']).toContain(
      'it waits for no signal at all',
    );
    expect(await mailOf(waits)).toEqual(['signal']);
  });

  it('cancels it once, and says no to a run that has ended', async () => {
    const run = idOf(await start(admin.token));
    const cancel = (): Promise<Answer> =>
      server.post(`/v1/runs/${run}/cancel`, { key: admin.token, body: { reason: 'enough' } });
    expect((await cancel()).body).toEqual({ accepted: true });
    expect((await cancel()).body).toEqual({ accepted: false });
    expect(await mailOf(run)).toEqual(['cancel']);
    await server.outsider.query(`update writ.run set status = 'cancelled', finished_at = now() where id = $1`, [run]);
    const late = await cancel();
    expect([late.status, late.body['code']]).toEqual([409, 'state_conflict']);
  });

  it('about a call that is not lost is a conflict', async () => {
    const run = idOf(await start(admin.token));
    const body = { step: 3, verdict: 'happened', note: 'seen' };
    const refused = await server.post(`/v1/runs/${run}/reconcile`, { key: admin.token, body });
    expect([refused.status, refused.body['code']]).toEqual([409, 'state_conflict']);
  });

  async function mailOf(run: string): Promise<string[]> {
    const { rows } = await server.outsider.query<{ kind: string }>(
      `select kind from writ.run_mail where run = $1 order by created_at`,
      [run],
    );
    return rows.map((row) => row.kind);
  }
});

describe('listing runs', () => {
  let lister: Caller;
  const ids: string[] = [];
  beforeAll(async () => {
    lister = await server.tenant();
    await server.publish(lister.tenant, DOCUMENTS);
    for (let i = 0; i < 5; i++) ids.unshift(idOf(await start(lister.token)));
  });
  const list = (query: string): Promise<Answer> => server.get(`/v1/runs?${query}`, { key: lister.token });
  const idsOf = (answer: Answer): string[] => (answer.body['data'] as { id: string }[]).map((run) => run.id);

  it('goes from page to page without gap or repeat, also while runs are started', async () => {
    const first = await list('limit=2&workflow=desk');
    expect([idsOf(first), first.body['has_more']]).toEqual([ids.slice(0, 2), true]);
    const [, next] = /^<(.+)>; rel="next"$/.exec(first.headers.get('link')!)!;
    await start(lister.token);
    const second = await server.get(next!, { key: lister.token });
    expect(idsOf(second)).toEqual(ids.slice(2, 4));
    const third = await list(`limit=2&workflow=desk&cursor=${second.body['next_cursor'] as string}`);
    expect([idsOf(third), third.body['has_more'], third.body['next_cursor']]).toEqual([ids.slice(4), false, null]);
    expect(third.headers.get('link')).toBeNull();
  });

  it('takes a cursor with its own filter only, unaltered, from its own tenant', async () => {
    const cursor = (await list('limit=2&status=queued')).body['next_cursor'] as string;
    expect((await list(`limit=1&status=queued&cursor=${cursor}`)).status).toBe(200);
    const otherFilter = await list(`limit=2&status=running&cursor=${cursor}`);
    expect([otherFilter.status, otherFilter.body['code']]).toEqual([400, 'cursor_mismatch']);
    const otherList = await server.get(`/v1/stops?cursor=${cursor}`, { key: lister.token });
    expect(otherList.body).toMatchObject({ code: 'cursor_mismatch' });
    const otherTenant = await server.get(`/v1/runs?status=queued&cursor=${cursor}`, { key: admin.token });
    expect(otherTenant.body).toMatchObject({ code: 'cursor_mismatch' });
    const [payload, mac] = cursor.split('.') as [string, string];
    const forged = Buffer.from(JSON.stringify(['sha256:0', newId('run')])).toString('base64url');
    for (const bad of [`${forged}.${mac}`, `${payload}.${mac.slice(1)}A`, payload, 'x', `${cursor}.x`, `${payload}.`]) {
      const refused = await list(`limit=2&status=queued&cursor=${encodeURIComponent(bad)}`);
      expect([bad, refused.status, refused.body['code']]).toEqual([bad, 400, 'invalid_cursor']);
    }
  });
});

describe('[I11] a run of another tenant', () => {
  it('is answered exactly like one that does not exist', async () => {
    const run = idOf(await start(admin.token));
    const stranger = await server.tenant();
    const told: [string, object?][] = [
      [''],
      ['/events'],
      ['/decisions'],
      ['/cancel', { reason: 'mine now' }],
      ['/signal', { name: 'x' }],
      ['/reconcile', { step: 0, verdict: 'abandon', note: 'x' }],
    ];
    for (const [path, body] of told) {
      const ask = (id: string): Promise<Answer> =>
        body
          ? server.post(`/v1/runs/${id}${path}`, { key: stranger.token, body })
          : server.get(`/v1/runs/${id}${path}`, { key: stranger.token });
      const absent = newId('run');
      const [foreign, none] = [await ask(run), await ask(absent)];
      expect([path, foreign.status, foreign.body['code']]).toEqual([path, 404, 'not_found']);
      const same = (answer: Answer, id: string): unknown => {
        const { request_id: _request, trace_id: _trace, ...rest } = answer.body;
        return JSON.parse(JSON.stringify(rest).replaceAll(id, 'ID'));
      };
      expect(same(foreign, run)).toEqual(same(none, absent));
    }
    expect((await server.get('/v1/runs', { key: stranger.token })).body['data']).toEqual([]);
    const { rows } = await server.outsider.query(`select 1 from writ.run_mail where run = $1`, [run]);
    expect(rows).toEqual([]);
  });
});
