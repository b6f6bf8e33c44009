import { ApiServer } from '../api/server';
import { CERTIFICATION, CERTIFICATION_DIRECTORY } from './policies';
import { application, type Application } from './world';

let server: ApiServer;
let app: Application;
beforeAll(async () => {
  server = await ApiServer.open();
  app = await application(server, CERTIFICATION, CERTIFICATION_DIRECTORY);
});
afterAll(() => server.close());

const alice = { type: 'user', id: 'alice' };
const bob = { type: 'user', id: 'bob' };
const admin = { ...bob, properties: { role: 'admin' } };
const record = (n: number, properties?: object) => ({
  type: 'record',
  id: `record-${n}`,
  ...(properties && { properties }),
});
const archived = record(2, { status: 'archived' });
const act = (name: string, properties?: object) => ({ name, ...(properties && { properties }) });
const whole = { subject: alice, action: act('read'), resource: record(1) };

const decisionOf = async (body: unknown): Promise<unknown> => {
  const { status, body: answer } = await app.ask('evaluation', body);
  return status === 200 ? answer['decision'] : status;
};
const decisionsOf = async (body: unknown): Promise<unknown> => {
  const { status, body: answer } = await app.ask('evaluations', body);
  const { evaluations } = answer as { evaluations?: readonly { decision: boolean }[] };
  return status === 200 ? (evaluations?.map(({ decision }) => decision) ?? answer['decision']) : status;
};
const found = async (of: string, body: unknown): Promise<unknown> => {
  const { status, body: answer } = await app.ask(`search/${of}`, body);
  const results = (answer['results'] ?? []) as readonly { id?: string; name?: string }[];
  return status === 200 ? results.map(({ id, name }) => id ?? name) : status;
};

describe('the certification scenario of AuthZEN 1.0', () => {
  it.each([
    ['reads', { subject: alice, action: act('read'), resource: record(1) }, true],
    ['writes', { subject: alice, action: act('write'), resource: record(1) }, true],
    ['reads by another', { subject: bob, action: act('read'), resource: record(1) }, true],
    ['does not let another write', { subject: bob, action: act('write'), resource: record(1) }, false],
    ['keeps what is archived', { subject: alice, action: act('write'), resource: archived }, false],
    ['but for an admin', { subject: admin, action: act('write'), resource: archived }, true],
    ['deletes softly', { subject: alice, action: act('delete', { soft: true }), resource: record(1) }, true],
    ['and not else', { subject: alice, action: act('delete', { soft: false }), resource: record(1) }, false],
    ['with a context', { ...whole, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }, true],
    ['with more properties', { ...whole, subject: { ...alice, properties: { department: 'Sales' } } }, true],
    ['with unknown fields', { ...whole, foo: 'bar', futureField: { nested: true } }, true],
  ])('decides: %s', async (_, body, expected) => expect(await decisionOf(body)).toBe(expected));

  it.each([
    ['no subject', { ...whole, subject: undefined }],
    ['no action', { ...whole, action: undefined }],
    ['no resource', { ...whole, resource: undefined }],
    ['a subject without type', { ...whole, subject: { id: 'alice' } }],
    ['a subject without id', { ...whole, subject: { type: 'user' } }],
    ['an action without name', { ...whole, action: {} }],
    ['a resource without type', { ...whole, resource: { id: 'record-1' } }],
    ['a resource without id', { ...whole, resource: { type: 'record' } }],
    ['a subject that is a text', { ...whole, subject: 'alice' }],
    ['a name that is a number', { ...whole, action: { name: 123 } }],
    ['agents that are none', { ...whole, subject: { ...alice, properties: { act: 'x' } } }],
  ])('answers 400 to %s', async (_, body) => {
    expect(await decisionOf(body)).toBe(400);
    expect(await decisionsOf(body)).toBe(400);
  });

  it('answers 400 to a body that is no JSON, is empty, or is of another type', async () => {
    const key = app.enforcer.token;
    const send = (raw: string, type: string) =>
      server.post('/access/v1/evaluation', { key, raw, headers: { 'content-type': type } });
    for (const answer of [
      await send('{', 'application/json'),
      await send('', 'application/json'),
      await send(JSON.stringify(whole), 'text/plain'),
      await send(JSON.stringify(whole), 'application/xml'),
    ]) {
      expect(answer.status).toBe(400);
    }
  });

  it('decides batches in order, with what stands beside them where an entry has nothing, and closed where one fails', async () => {
    const evaluations = [{ resource: record(1) }, { resource: record(2) }];
    expect(
      await decisionsOf({
        subject: bob,
        resource: record(1),
        evaluations: [{ action: act('read') }, { action: act('write') }],
      }),
    ).toEqual([true, false]);
    expect(
      await decisionsOf({
        subject: alice,
        action: act('write'),
        evaluations: [{ resource: record(1, { status: 'active' }) }, { resource: archived }],
      }),
    ).toEqual([true, false]);
    expect(
      await decisionsOf({
        action: act('write'),
        resource: archived,
        evaluations: [{ subject: alice }, { subject: admin }],
      }),
    ).toEqual([false, true]);
    expect(
      await decisionsOf({ evaluations: [whole, { subject: bob, action: act('write'), resource: record(1) }] }),
    ).toEqual([true, false]);
    expect(await decisionsOf({ subject: alice, action: act('read'), context: { a: 1 }, evaluations })).toEqual([
      true,
      true,
    ]);
    const merged = [{ resource: { id: 'record-1', properties: { status: 'active' } } }, { resource: archived }];
    expect(
      await decisionsOf({ subject: alice, action: act('write'), resource: { type: 'record' }, evaluations: merged }),
    ).toEqual([true, false]);
    const lacking = await app.ask('evaluations', {
      subject: alice,
      action: act('read'),
      evaluations: [{ resource: record(1) }, {}],
    });
    expect(lacking.body).toMatchObject({
      evaluations: [
        { decision: true },
        { decision: false, context: { error: { status: 400, message: 'resource is missing' } } },
      ],
    });
    expect(await decisionsOf(whole)).toBe(true);
    expect(await decisionsOf({ ...whole, evaluations: [] })).toBe(true);
  });

  it('ends batches at the first denial or the first permit, and takes a hundred', async () => {
    const beside = { subject: alice, action: act('write') };
    const [yes, no, broken] = [{ resource: record(1) }, { resource: archived }, { resource: { type: 'record' } }];
    const by = (evaluations_semantic: string, evaluations: readonly object[]) =>
      decisionsOf({ ...beside, evaluations, options: { evaluations_semantic } });
    expect(await by('execute_all', [no, yes, broken, yes])).toEqual([false, true, false, true]);
    expect(await by('deny_on_first_deny', [yes, no, yes])).toEqual([true, false]);
    expect(await by('deny_on_first_deny', [yes, broken, no])).toEqual([true, false]);
    expect(await by('deny_on_first_deny', [yes, yes])).toEqual([true, true]);
    expect(await by('permit_on_first_permit', [no, broken, yes, no])).toEqual([false, false, true]);
    expect(await by('permit_on_first_permit', [no, no])).toEqual([false, false]);
    expect(await by('deny_on_tuesdays', [yes])).toBe(400);
    const many = (length: number) =>
      by(
        'execute_all',
        Array.from({ length }, (_, i) => (i % 2 ? no : yes)),
      );
    expect(await many(100)).toEqual(Array.from({ length: 100 }, (_, i) => i % 2 === 0));
    expect(await many(101)).toBe(400);
    expect(await decisionsOf({ ...beside, evaluations: ['x'] })).toBe(400);
  });

  it('finds who may, what is allowed, and to what', async () => {
    const user = { type: 'user' };
    const records = { type: 'record' };
    expect(await found('subject', { subject: user, action: act('read'), resource: record(1) })).toEqual([
      'alice',
      'bob',
    ]);
    expect(await found('subject', { subject: user, action: act('write'), resource: archived })).toEqual(['bob']);
    expect(await found('resource', { subject: alice, action: act('read'), resource: records })).toEqual([
      'record-1',
      'record-2',
    ]);
    expect(await found('resource', { subject: admin, action: act('write'), resource: records })).toEqual(['record-2']);
    expect(await found('action', { subject: alice, resource: record(1) })).toEqual(['read', 'write']);
    expect(await found('action', { subject: admin, resource: archived })).toEqual(['read', 'write']);
    const ship = { type: 'spaceship' };
    expect(await found('subject', { subject: ship, action: act('read'), resource: record(1) })).toEqual([]);
    expect(await found('resource', { subject: alice, action: act('read'), resource: ship })).toEqual([]);
    expect(await found('action', { subject: { ...ship, id: 'x' }, resource: record(1) })).toEqual([]);
    for (const [of, body] of [
      ['subject', { subject: user, resource: record(1) }],
      ['subject', { subject: user, action: act('read'), resource: records }],
      ['resource', { action: act('read'), resource: records }],
      ['resource', { subject: user, action: act('read'), resource: records }],
      ['action', { subject: alice }],
    ] as const) {
      expect([of, await found(of, body)]).toEqual([of, 400]);
    }
  });

  it('gives searches by pages whose tokens continue this very search only', async () => {
    const body = { subject: { type: 'user' }, action: act('read'), resource: record(1) };
    const first = await app.ask('search/subject', { ...body, page: { limit: 1 } });
    expect(first.body).toMatchObject({ results: [alice], page: { count: 1 } });
    const { next_token: token } = first.body['page'] as { next_token: string };
    for (const page of [{ token }, { next_token: token, limit: 9 }]) {
      const { body: next } = await app.ask('search/subject', { ...body, page });
      expect(next).toEqual({ results: [bob], page: { next_token: '', count: 1 } });
    }
    for (const [of, other] of [
      ['subject', { ...body, action: act('write') }],
      ['subject', { ...body, resource: record(2) }],
      ['resource', { ...whole, resource: { type: 'record' } }],
    ] as const) {
      expect(await found(of, { ...other, page: { token } })).toBe(400);
    }
    expect(await found('subject', { ...body, page: { token: `${token}x` } })).toBe(400);
    expect(await found('subject', { ...body, page: { limit: 0 } })).toEqual(['alice']);
  });

  it('gives back the very request id, whatever is in it, and tells errors as texts', async () => {
    const { token } = app.enforcer;
    const url = `${await server.url()}/access/v1/evaluation`;
    const send = (headers: { [name: string]: string }, body: unknown = whole) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    for (const id of ['bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'two words, "quoted" \\ and more', 'x'.repeat(300)]) {
      const answer = await send({ authorization: `Bearer ${token}`, 'x-request-id': id });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, id]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('server-timing')).toMatch(/^decide;dur=\d/);
    }
    const stranger = await server.key(app.owner.tenant, { principal: 'user:stranger' });
    for (const [status, headers, body] of [
      [401, {}, whole],
      [401, { authorization: 'Bearer nonsense' }, whole],
      [403, { authorization: `Bearer ${stranger.token}` }, whole],
      [400, { authorization: `Bearer ${token}` }, {}],
    ] as const) {
      const answer = await send({ ...headers, 'x-request-id': 'a b' }, body);
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, 'a b']);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
      expect((await answer.text()).length).toBeGreaterThan(10);
    }
    const problem = await send({ accept: 'application/problem+json' });
    expect(await problem.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  it('says where it answers, to anybody, also for one tenant', async () => {
    const base = await server.url();
    const metadata = await server.get('/.well-known/authzen-configuration');
    expect(metadata.headers.get('content-type')).toMatch(/^application\/json/);
    expect(metadata.body).toMatchObject({
      policy_decision_point: base,
      issuer: base,
      access_evaluation_endpoint: `${base}/access/v1/evaluation`,
      access_evaluations_endpoint: `${base}/access/v1/evaluations`,
      search_subject_endpoint: `${base}/access/v1/search/subject`,
      search_resource_endpoint: `${base}/access/v1/search/resource`,
      search_action_endpoint: `${base}/access/v1/search/action`,
    });
    const own = await server.get(`/.well-known/authzen-configuration/${app.owner.tenant}`);
    expect(own.body).toEqual({
      ...metadata.body,
      policy_decision_point: `${base}/${app.owner.tenant}`,
      issuer: `${base}/${app.owner.tenant}`,
    });
  });
});
