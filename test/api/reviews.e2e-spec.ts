import { newId, type RunId } from '@writ/kernel';
import { type Answer, ApiServer, type Caller, withRules } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
let reviewer: Caller;
let other: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
  reviewer = await server.key(admin.tenant, { principal: 'user:rita', roles: ['reviewer'] });
  other = await server.key(admin.tenant, { principal: 'user:omar', roles: ['reviewer'] });
});
afterAll(() => server.close());

/** A run of the administrator's that is over and was drawn, put there from outside: nothing leads runs here. */
async function drawn(tier = 'high', dueInDays = 14): Promise<{ readonly id: string; readonly run: RunId }> {
  const started = await server.post('/v1/runs', { key: admin.token, body: START });
  const run = started.body['id'] as RunId;
  await server.outsider.query(
    `update writ.run set status = 'succeeded', finished_at = now(), wait = null, wake_at = null, lease_owner = null
      where id = $1`,
    [run],
  );
  const id = newId('review');
  await server.outsider.query(
    `insert into writ.review (tenant, id, run, workflow, initiator, caller, tier, policy, seed, share, why, due_at)
     values ($1, $2, $3, 'desk', 'user:root', 'user:root', $4, 'sha256:x', 'seed', 1, 'share', now() + make_interval(days => $5))`,
    [admin.tenant, id, run, tier, dueInDays],
  );
  return { id, run };
}

const say = (caller: Caller, id: string, what: string, body?: object, key?: string): Promise<Answer> =>
  server.post(`/v1/reviews/${id}/${what}`, {
    key: caller.token,
    ...(body && { body }),
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const read = async (caller: Caller, id: string) => (await server.get(`/v1/reviews/${id}`, { key: caller.token })).body;
const fine = { verdict: 'fine', note: 'As it should be.' };

describe('a review', () => {
  it('[I12] is claimed by one of all who want it, whoever claims or decides it at once', async () => {
    const { id } = await drawn();
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, i) => say(i % 2 === 0 ? reviewer : other, id, 'claim')),
    );
    const holders = new Set(claims.filter(({ status }) => status === 200).map(({ body }) => body['claimed_by']));
    expect(holders.size).toBe(1);
    for (const { status, body } of claims) {
      if (status !== 200) expect([status, body['code']]).toEqual([409, 'state_conflict']);
    }
    const [holder, barred] = holders.has('user:rita') ? [reviewer, other] : [other, reviewer];
    expect((await say(barred, id, 'decide', fine)).body['code']).toBe('state_conflict');
    expect((await say(barred, id, 'release')).body['code']).toBe('state_conflict');
    expect(await read(barred, id)).toMatchObject({ may_review: false, barred: 'claimed' });
    const decided = await Promise.all([
      say(holder, id, 'decide', fine),
      say(holder, id, 'decide', { ...fine, verdict: 'concern' }),
    ]);
    expect(decided.map(({ status }) => status).sort()).toEqual([200, 409]);
    const events = (await server.tenantEvents(admin)).filter(({ detail }) => (detail as never)?.['review'] === id);
    expect(events.map(({ type }) => type)).toEqual(['review.claimed', 'review.decided']);
  });

  it('is not decided by whoever started the run or whom it was for, nor without the right to', async () => {
    const { id } = await drawn();
    const own = await say(admin, id, 'decide', fine);
    expect([own.status, own.body['code']]).toEqual([403, 'not_eligible']);
    expect(await read(admin, id)).toMatchObject({ may_review: false, barred: 'is_requester' });
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    expect((await say(nobody, id, 'decide', fine)).body['code']).toBe('policy_denied');
    expect((await server.get(`/v1/reviews/${id}`, { key: nobody.token })).body['code']).toBe('policy_denied');
  });

  it('keeps its note out of the evidence and a commitment to it in it, and what was said stands', async () => {
    const { id, run } = await drawn();
    const body = { verdict: 'concern', note: 'Ann Smith was paid twice.' };
    const said = await say(reviewer, id, 'decide', body, 'once');
    expect(said.body).toMatchObject({
      verdict: 'concern',
      note: body.note,
      decided_by: 'user:rita',
      barred: 'decided',
    });
    expect((await say(reviewer, id, 'decide', body, 'once')).body).toEqual(said.body);
    expect((await say(reviewer, id, 'decide', body)).status).toBe(200);
    expect((await say(reviewer, id, 'decide', fine)).body['code']).toBe('state_conflict');
    const events = await server.tenantEvents(admin);
    expect(JSON.stringify(events)).not.toContain('Ann Smith');
    const told = events.filter(({ type, detail }) => type === 'review.decided' && (detail as never)['review'] === id);
    expect(told).toEqual([
      expect.objectContaining({
        actor: 'user:rita',
        outcome: 'concern',
        tier: 'high',
        object: { type: 'run', id: run },
      }),
    ]);
    expect((told[0]!['detail'] as { note: string }).note).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
  });

  it('is given back, and then another’s to take', async () => {
    const { id } = await drawn();
    expect((await say(reviewer, id, 'claim')).body['claimed_by']).toBe('user:rita');
    expect((await say(reviewer, id, 'release')).body['claimed_by']).toBeNull();
    expect((await say(other, id, 'claim')).body['claimed_by']).toBe('user:omar');
  });

  it('[I11] is nobody’s in another tenant, and no review that there is none of', async () => {
    const { id } = await drawn();
    const stranger = await server.tenant();
    for (const one of [id, newId('review')]) {
      expect((await server.get(`/v1/reviews/${one}`, { key: stranger.token })).status).toBe(404);
      expect((await say(stranger, one, 'decide', fine)).status).toBe(404);
    }
    expect((await server.get('/v1/reviews', { key: stranger.token })).body['data']).toEqual([]);
  });

  it('is found by its id', async () => {
    const { id } = await drawn();
    const { body } = await server.get(`/v1/lookup/${id}`, { key: reviewer.token });
    expect(body['matches']).toEqual([
      expect.objectContaining({ kind: 'review', id, api: `/v1/reviews/${id}`, console: expect.stringContaining(id) }),
    ]);
  });
});

describe('the list of reviews', () => {
  it('begins with what is due first, page by page without a gap, and leaves out runs that are not over', async () => {
    const due = [3, -1, 9, 1];
    const made = [];
    for (const days of due) made.push({ days, ...(await drawn('low', days)) });
    const live = await drawn('low', -5);
    await server.outsider.query(`update writ.run set status = 'queued', finished_at = null where id = $1`, [live.run]);
    const found: Record<string, unknown>[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body }: Answer = await server.get(`/v1/reviews?tier=low&limit=2${after}`, { key: reviewer.token });
      found.push(...(body['data'] as Record<string, unknown>[]));
      cursor = body['next_cursor'] as string | null;
    }
    const wanted = [...made].sort((a, b) => a.days - b.days).map(({ id }) => id);
    expect(found.map(({ id }) => id)).toEqual(wanted);
    expect(found.map(({ overdue }) => overdue)).toEqual([true, false, false, false]);
    await say(reviewer, wanted[0]!, 'decide', { ...fine, verdict: 'concern' });
    const concerns = await server.get('/v1/reviews?state=decided&verdict=concern&tier=low', { key: reviewer.token });
    expect((concerns.body['data'] as { id: string }[]).map(({ id }) => id)).toEqual([wanted[0]]);
  });
});

describe('the inventory', () => {
  const TOOL = { kind: 'tool', name: 'pay', endpoint: { type: 'function', function: 'pay' }, risk: 'high' };
  const agent = { ...DOCUMENTS[1], tools: ['pay'], risk: 'low', review_by: '2020-01-01' };
  const list = async (caller: Caller, query = '') =>
    (await server.get(`/v1/inventory${query}`, { key: caller.token })).body['data'] as Record<string, unknown>[];

  it('tells of everything that may run who answers for it, its tier and what it reaches, and what follows', async () => {
    const caller = await server.tenant();
    await server.publish(caller.tenant, [TOOL, DOCUMENTS[0], agent, DOCUMENTS[2]]);
    const before = await list(caller);
    expect(before.map(({ kind, name, tier, reaches }) => [kind, name, tier, reaches])).toEqual([
      ['agent', 'clerk', 'low', 'high'],
      ['tool', 'pay', 'high', 'high'],
      ['workflow', 'desk', 'medium', 'high'],
    ]);
    expect(before[0]).toMatchObject({
      blocked: false,
      lapses: [{ lapse: 'overdue', words: 'was to be reviewed by 2020-01-01', does: 'nothing' }],
      used_by: ['workflow desk'],
    });
    expect(before[1]).toMatchObject({ owner: null, classed: true, used_by: ['agent clerk'] });
    await activate(caller, { low: { overdue: 'block' }, high: { unowned: 'warn' } });
    const after = await list(caller, '?lapsed=true&kind=agent');
    expect(after).toEqual([expect.objectContaining({ name: 'clerk', blocked: true, controls: ['tier:low:overdue'] })]);
    const tools = await list(caller, '?tier=high');
    expect(tools[0]!['lapses']).toEqual([
      expect.objectContaining({ lapse: 'undated', does: 'nothing' }),
      expect.objectContaining({ lapse: 'unowned', does: 'warn' }),
    ]);
  });

  it('says when a workflow was last used', async () => {
    const caller = await server.tenant();
    await server.publish(caller.tenant, DOCUMENTS);
    const workflow = async () => (await list(caller, '?kind=workflow'))[0]!['last_used_at'];
    expect(await workflow()).toBeNull();
    await server.post('/v1/runs', { key: caller.token, body: START });
    expect(Date.parse(String(await workflow()))).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('publishing in a tier', () => {
  const risky = { ...DOCUMENTS[1], risk: 'high' };
  const apply = (caller: Caller, documents: readonly unknown[]): Promise<Answer> =>
    server.post('/v1/config/apply', { key: caller.token, body: { documents } });

  it('takes one of its roles, also to bring something out of it; other tiers stay everybody’s', async () => {
    const caller = await server.tenant();
    await server.publish(caller.tenant, DOCUMENTS);
    await activate(caller, { high: { publish: { roles: ['risk_owner'] } } });
    const owner = await server.key(caller.tenant, { principal: 'user:olga', roles: ['administrator', 'risk_owner'] });
    const refused = await apply(caller, [risky]);
    expect([refused.status, refused.body['code'], refused.body['reason']]).toEqual([
      403,
      'policy_denied',
      'tier_not_granted',
    ]);
    expect((await apply(caller, [{ ...DOCUMENTS[1], risk: 'low' }])).status).toBe(200);
    expect((await apply(owner, [risky])).status).toBe(200);
    // What is in the tier leaves it only by those who publish in it; and what reaches into it is in it.
    expect((await apply(caller, [{ ...DOCUMENTS[1], risk: 'low' }])).status).toBe(403);
    expect((await apply(caller, [{ ...DOCUMENTS[2], purpose: 'Answers again.', risk: 'low' }])).status).toBe(403);
    expect((await apply(owner, [{ ...DOCUMENTS[1], risk: 'low' }])).status).toBe(200);
    expect((await apply(caller, [{ ...DOCUMENTS[2], purpose: 'Answers again.', risk: 'low' }])).status).toBe(200);
  });
});

async function activate(caller: Caller, tiers: object): Promise<void> {
  const active = await server.get('/v1/policies/active', { key: caller.token });
  const bundle = { ...withRules(active.body['bundle'] as never, ''), tiers };
  const applied = await server.post('/v1/config/apply', {
    key: caller.token,
    body: { documents: [], policy: { bundle } },
    headers: { 'if-match': active.headers.get('etag') ?? '' },
  });
  expect([applied.status, applied.body['code']]).toEqual([200, undefined]);
}
