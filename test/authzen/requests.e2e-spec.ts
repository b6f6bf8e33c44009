import { WritClient } from '@writ/sdk';
import { ApiServer, type Answer, type Caller } from '../api/server';
import { application, apply, type Application } from './world';

const DRAFTS = new Set(['access-request-1']);
let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open({ authzenDrafts: DRAFTS });
});
afterAll(() => server.close());

const ann = { type: 'user', id: 'ann@example.com' };
const record = { type: 'record', id: 'patient-4471' };
const WARDS = {
  rules: [
    'p, user:*, {tenant}, record:*, view, , allow, ask',
    'p, user:*, {tenant}, record:*, read, , allow',
    'p, user:*, {tenant}, record:*, burn, , allow, prove',
    'p, user:*, {tenant}, record:*, view, sealed, deny, , no-sealed',
    'g, user:head, role:heads, {tenant}',
  ],
  conditions: { sealed: { all: [{ exists: 'context./sealed' }, { eq: ['context./sealed', true] }] } },
  obligations: {
    ask: { type: 'require_approval', values: { roles: ['heads'], valid_ms: 3_600_000 } },
    prove: { type: 'step_up', values: {} },
  },
  vocabulary: { actions: ['view', 'read', 'burn'], types: ['record'] },
};
const question = (part: object = {}) => ({ subject: ann, action: { name: 'view' }, resource: record, ...part });
type Context = { readonly [name: string]: unknown; readonly evaluation_id: string };

interface Ward extends Application {
  readonly head: Caller;
  /** Evaluates, and answers the context of what must be a denial. */
  denied(part?: object): Promise<Context>;
  request(context: Context, part?: object): Promise<Answer>;
  task(id: string, by?: Caller): Promise<Answer>;
  say(id: string, word: 'approve' | 'reject' | 'revoke', by?: Caller): Promise<Answer>;
}

async function ward(): Promise<Ward> {
  const app = await application(server, WARDS, [{ ...record, properties: { ward: 'north' } }]);
  const head = await server.key(app.owner.tenant, { principal: 'user:head', roles: ['approver'] });
  const send = (by: Caller, path: string, body: object) => server.post(path, { key: by.token, body });
  return {
    ...app,
    head,
    async denied(part) {
      const answer = await app.ask('evaluation', question(part));
      expect(answer.body['decision']).toBe(false);
      return answer.body['context'] as Context;
    },
    request(context, part = {}) {
      const { expires_at } = (context['access_request'] ?? { expires_at: new Date().toISOString() }) as {
        expires_at: string;
      };
      const denial = { evaluation_id: context.evaluation_id, expires_at };
      return send(app.enforcer, '/access/v1/requests', { ...question(), denial, ...part });
    },
    task: (id, by = app.enforcer) => server.get(`/access/v1/requests/${id}`, { key: by.token }),
    say: (id, word, by = head) => send(by, `/v1/approvals/${id}/${word}`, { comment: 'looked at it' }),
  };
}
const taskOf = (answer: Answer) => answer.body['task'] as { id: string; status: string; status_endpoint: string };
const approvalOf = (answer: Answer) =>
  (answer.body['result'] as { approval: { id: string; approved_until: string } }).approval;
const urn = (code: string): string => `urn:openid:authzen:access-request:error:${code}`;

describe('access that was denied and can be asked for', () => {
  it('is asked for as the denial says, becomes a request to people, and is allowed once they agreed', async () => {
    const app = await ward();
    const context = await app.denied();
    expect(context).toMatchObject({
      reason: 'approval_required',
      access_request: { endpoint: expect.stringMatching(/\/access\/v1\/requests$/) as string },
    });
    const asked = await app.request(context, { context: { business_justification: 'the ward round begins' } });
    const { id, status, status_endpoint: at } = taskOf(asked);
    expect([asked.status, status, asked.headers.get('location')]).toEqual([202, 'pending', at]);
    expect(asked.headers.get('retry-after')).not.toBeNull();
    const shown = await server.get(`/v1/approvals/${id}`, { key: app.head.token });
    expect(shown.body).toMatchObject({
      run: null,
      sentence: 'user:ann@example.com wants to view record patient-4471',
      access: { enforcer: 'service:shop', reason: 'the ward round begins', good_until: null },
      may_decide: true,
      editable: false,
    });
    // A denial stays one while people are asked, whatever is presented.
    const early = await app.denied({ context: { approval: { id } } });
    expect(early).toMatchObject({ reason: 'grant_pending', next_action: 'retry', retry_after: 5 });
    expect(await app.say(id, 'approve')).toMatchObject({ status: 200, body: { status: 'approved' } });
    const done = await app.task(id);
    expect(taskOf(done).status).toBe('approved');
    const approval = approvalOf(done);
    const again = await app.ask('evaluation', question({ context: { approval } }));
    expect(again.body).toMatchObject({
      decision: true,
      context: { reason: 'approved', approval: { id, approved_until: approval.approved_until } },
    });
    const events = await server.tenantEvents(app.owner);
    expect(
      events.find(
        ({ type, decision }) => type === 'decision.evaluated' && (decision as { verdict: string }).verdict === 'allow',
      ),
    ).toMatchObject({
      approval: id,
      decision: { reason: 'approved' },
    });
    expect(JSON.stringify(events)).not.toMatch(/example\.com|patient-4471/);
    // Without the approval it is denied as before.
    await app.denied();
  });

  it('is good for what was asked, for whoever asked, and in no other question', async () => {
    const app = await ward();
    const context = await app.denied({ context: { purpose: 'round' } });
    const { id } = taskOf(await app.request(context, { context: { purpose: 'round' } }));
    await app.say(id, 'approve');
    const approval = { id };
    const reasons = async (part: object) => {
      const { reason, next_action: next, access_request: offer } = await app.denied(part);
      return [reason, next, offer !== undefined];
    };
    const outOf = ['out_of_scope', 'request', true];
    expect(
      await reasons({ resource: { ...record, id: 'patient-1' }, context: { purpose: 'round', approval } }),
    ).toEqual(outOf);
    expect(await reasons({ subject: { ...ann, id: 'ben' }, context: { purpose: 'round', approval } })).toEqual(outOf);
    expect(await reasons({ context: { purpose: 'sale', approval } })).toEqual(outOf);
    expect(await reasons({ context: { approval } })).toEqual(outOf);
    expect(await reasons({ context: { purpose: 'round', approval: { id: 'apr_nothing' } } })).toEqual([
      'approval_unverifiable',
      'none',
      false,
    ]);
    const other = await server.key(app.owner.tenant, { principal: 'service:other', roles: ['enforcer'] });
    const theirs = { key: other.token, body: question({ context: { purpose: 'round', approval } }) };
    expect((await server.post('/access/v1/evaluation', theirs)).body).toMatchObject({
      decision: false,
      context: { reason: 'approval_unverifiable' },
    });
    expect(await app.task(id, other)).toMatchObject({ status: 404, body: { type: urn('unknown_task') } });
    // A prohibition stands above every approval.
    expect(await app.denied({ context: { purpose: 'round', sealed: true, approval } })).toMatchObject({
      reason: 'forbidden_by_rule',
      next_action: 'none',
    });
    expect((await app.ask('evaluation', question({ context: { purpose: 'round', approval } }))).body).toMatchObject({
      decision: true,
    });
  });

  it('ends with its time, with a revocation, with the role of who granted it, and with what it rested on', async () => {
    const app = await ward();
    const grant = async (part: object = {}) => {
      const { id } = taskOf(await app.request(await app.denied(), part));
      await app.say(id, 'approve');
      return id;
    };
    const allows = async (id: string) =>
      (await app.ask('evaluation', question({ context: { approval: { id } } }))).body;
    const over = { decision: false, context: { reason: 'approval_expired', next_action: 'request' } };
    const requested_until = new Date(Date.now() + 600_000).toISOString();
    const brief = await grant({ requested_access: { requested_until } });
    expect(approvalOf(await app.task(brief)).approved_until).toBe(requested_until);
    const aged = await grant();
    expect(await allows(aged)).toMatchObject({ decision: true });
    await server.outsider.query(
      `update writ.approval set resolved_at = resolved_at - interval '2 hours' where id = $1`,
      [aged],
    );
    expect(await allows(aged)).toMatchObject(over);
    const revoked = await grant();
    expect(await allows(revoked)).toMatchObject({ decision: true });
    expect(await app.say(revoked, 'revoke')).toMatchObject({ body: { status: 'withdrawn' } });
    expect(await allows(revoked)).toMatchObject(over);
    expect(taskOf(await app.task(revoked)).status).toBe('cancelled');
    const kept = await grant();
    await apply(server, app.owner, { ...WARDS, rules: WARDS.rules.filter((rule) => !rule.startsWith('g,')) });
    expect(await allows(kept)).toMatchObject(over);
    await apply(server, app.owner, WARDS);
    expect(await allows(kept)).toMatchObject({ decision: true });
    const two = { ...WARDS.obligations, ask: { type: 'require_approval', values: { count: 2, roles: ['heads'] } } };
    await apply(server, app.owner, { ...WARDS, obligations: two });
    expect(await allows(kept)).toMatchObject(over);
  });

  it('is asked for once: the same denial, and the same question while people are asked, are one task', async () => {
    const app = await ward();
    const context = await app.denied();
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.request(context)));
    const ids = new Set(answers.map((answer) => taskOf(answer).id));
    expect(ids.size).toBe(1);
    const [id] = [...ids];
    expect(taskOf(await app.request(await app.denied())).id).toBe(id);
    const requested_access = { requested_until: new Date(Date.now() + 60_000).toISOString() };
    expect(await app.request(context, { requested_access })).toMatchObject({
      status: 409,
      body: { type: urn('duplicate_request'), code: 'duplicate_request' },
    });
    const waiting = await server.get('/v1/approvals?waiting_on=me', { key: app.head.token });
    expect(waiting.body['data']).toHaveLength(1);
  });

  it('is refused in the words of the profile where the request is not about a denial that can be asked about', async () => {
    const app = await ward();
    const context = await app.denied();
    const refused = async (of: Context, part: object, [status, code]: readonly [number, string]) => {
      const answer = await app.request(of, part);
      expect([code, answer.status, answer.body['type']]).toEqual([code, status, urn(code)]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    };
    const unbound = [400, 'invalid_denial_binding'] as const;
    await refused(context, { resource: { ...record, id: 'patient-1' } }, unbound);
    await refused(context, { subject: { ...ann, properties: { ward: 'north' } } }, unbound);
    await refused({ evaluation_id: 'dec_nothing' }, {}, unbound);
    const allowed = await app.ask('evaluation', question({ action: { name: 'read' } }));
    const yes = { ...(allowed.body['context'] as Context) };
    await refused(yes, { action: { name: 'read' } }, unbound);
    // What only the subject could answer, and the subject is nobody we can ask.
    const burn = await app.denied({ action: { name: 'burn' } });
    expect(burn).not.toHaveProperty('access_request');
    await server.outsider.query(
      `update writ.access_denial set expires_at = now() - interval '1 second' where tenant = $1`,
      [app.owner.tenant],
    );
    await refused(context, {}, [410, 'expired_denial']);
    const fresh = await app.denied();
    await apply(server, app.owner, { ...WARDS, rules: WARDS.rules.filter((rule) => !rule.includes('view, , allow')) });
    await refused(fresh, {}, [400, 'not_requestable']);
  });

  it('is taken back while it is pending, refused by a no, and over when nobody answers in time', async () => {
    const app = await ward();
    const { id } = taskOf(await app.request(await app.denied()));
    const cancel = () => server.post(`/access/v1/requests/${id}/cancel`, { key: app.enforcer.token, body: {} });
    expect(taskOf(await cancel()).status).toBe('cancelled');
    expect(await cancel()).toMatchObject({ status: 409, body: { type: urn('invalid_task_state') } });
    const second = taskOf(await app.request(await app.denied())).id;
    // Neither the application nor its user answers for themselves.
    expect(await app.say(second, 'approve', app.owner)).toMatchObject({ body: { code: 'not_eligible' } });
    await app.say(second, 'reject');
    expect(taskOf(await app.task(second)).status).toBe('denied');
    const third = taskOf(await app.request(await app.denied())).id;
    await server.outsider.query(
      `update writ.approval set requested_at = now() - interval '2 days', expires_at = now() - interval '1 day' where id = $1`,
      [third],
    );
    expect((await server.get('/v1/approvals?waiting_on=me', { key: app.head.token })).body['data']).toHaveLength(0);
    expect(taskOf(await app.task(third)).status).toBe('expired');
    expect(await app.say(third, 'approve')).toMatchObject({ status: 409 });
  });

  it('goes through the client, and through a batch', async () => {
    const app = await ward();
    const client = new WritClient({ url: await server.url(), apiKey: app.enforcer.token });
    const first = await client.authorize(question());
    expect(first).toMatchObject({ allowed: false, reason: 'approval_required' });
    const { task } = await client.requestAccess(question(), { denial: first.askable!, why: 'round' });
    await app.say(task.id, 'approve');
    const { result } = await client.waitForAccess(task.id);
    const batch = { ...question(), evaluations: [{ context: { approval: result!.approval } }, {}] };
    expect((await app.ask('evaluations', batch)).body['evaluations']).toMatchObject([
      { decision: true },
      { decision: false, context: { access_request: {} } },
    ]);
  });

  it('is offered only where the draft is switched on', async () => {
    const metadata = await server.get('/.well-known/authzen-configuration');
    expect(metadata.body).toMatchObject({
      access_request_endpoint: expect.stringMatching(/\/access\/v1\/requests$/) as string,
      capabilities: ['urn:openid:authzen:capability:access-request'],
    });
    const plain = await ApiServer.open();
    try {
      const app = await application(plain, WARDS, []);
      const { context } = (await app.ask('evaluation', question())).body as { context: Context };
      expect(context).not.toHaveProperty('access_request');
      const body = {
        ...question(),
        denial: { evaluation_id: context.evaluation_id, expires_at: new Date().toISOString() },
      };
      expect((await plain.post('/access/v1/requests', { key: app.enforcer.token, body })).status).toBe(404);
      expect((await plain.get('/.well-known/authzen-configuration')).body).not.toHaveProperty(
        'access_request_endpoint',
      );
    } finally {
      await plain.close();
    }
  });
});

describe('who can, asked about an act of an application', () => {
  it('is answered over the directory, with what it knows of them and of the thing', async () => {
    const rules = ['p, user:*, {tenant}, record:*, view, same_ward, allow, , ward-view'];
    const conditions = { same_ward: { eq: ['subject.ward', { path: 'resource.ward' }] } };
    const attributes = { 'user.ward': { type: 'string' }, 'record.ward': { type: 'string' } };
    const vocabulary = { actions: ['view'], types: ['record'] };
    const app = await application(server, { rules, conditions, attributes, vocabulary }, [
      { type: 'user', id: 'ann', properties: { ward: 'north' } },
      { type: 'user', id: 'ben', properties: { ward: 'south' } },
      { type: 'user', id: 'cleo', properties: { ward: 'north' } },
      { ...record, properties: { ward: 'north' } },
    ]);
    const ask = async (body: object) =>
      (await server.post('/v1/who-can', { key: app.owner.token, body })).body['data'] as { subject: string }[];
    const who = await ask({ action: 'view', object: record });
    expect(who).toMatchObject([
      { subject: 'user:ann', verdict: 'allow', paths: [['user:ann', 'user:*', 'ward-view']] },
      { subject: 'user:cleo', verdict: 'allow' },
    ]);
    const unknown = { action: 'view', object: { type: 'record', id: 'new' }, attributes: { 'record.ward': 'south' } };
    expect((await ask(unknown)).map(({ subject }) => subject)).toEqual(['user:ben']);
    // Acts of the product itself are asked about people of the directory too.
    const own = ['p, user:*, {tenant}, run:*, run.read, , allow'];
    await apply(server, app.owner, { rules: [...rules, ...own], conditions, attributes, vocabulary });
    const readers = await ask({ action: 'run.read', object: { type: 'run', id: 'desk' } });
    expect(readers.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['user:ann', 'user:ben', 'user:root']),
    );
  });
});
