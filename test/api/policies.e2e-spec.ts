import { ApiServer, type Answer, type Caller, withRules } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.open();
});
afterAll(() => server.close());

const active = (caller: Caller): Promise<Answer> => server.get('/v1/policies/active', { key: caller.token });
const compare = (caller: Caller, body: object): Promise<Answer> =>
  server.post('/v1/policies/compare', { key: caller.token, body });

/** Puts the policy in force with these rules beside it, and answers its digest. */
async function add(caller: Caller, rules: string): Promise<string> {
  const now = await active(caller);
  const bundle = withRules(now.body['bundle'] as never, rules);
  const headers = { 'if-match': now.headers.get('etag') ?? '' };
  const applied = await server.post('/v1/config/apply', {
    key: caller.token,
    body: { documents: [], policy: { bundle } },
    headers,
  });
  return (applied.body['policy'] as { digest: string }).digest;
}

const RULE = 'p, role:clerk, {tenant}, tool:refund, tool.invoke, , allow, , clerks-refund';

describe('the policies a tenant had', () => {
  it('are listed newest first and read by the digest that decisions name, whatever is in force', async () => {
    const caller = await server.tenant();
    const first = (await active(caller)).body;
    expect(first['in_force']).toBe(first['digest']);
    const digest = await add(caller, RULE);
    const list = await server.get('/v1/policies?limit=1', { key: caller.token });
    expect(list.body).toMatchObject({ data: [{ digest, author: 'user:root', active: true }], has_more: true });
    const cursor = encodeURIComponent(list.body['next_cursor'] as string);
    const rest = await server.get(`/v1/policies?limit=1&cursor=${cursor}`, { key: caller.token });
    expect(rest.body).toMatchObject({ data: [{ digest: first['digest'], active: false }], has_more: false });
    const before = await server.get(`/v1/policies/${first['digest'] as string}`, { key: caller.token });
    expect(before.body['bundle']).toEqual(first['bundle']);
  });

  it('are nobody else’s to read', async () => {
    const caller = await server.tenant();
    const stranger = await server.tenant(RULE);
    const { digest } = (await active(stranger)).body as { digest: string };
    expect((await server.get(`/v1/policies/${digest}`, { key: caller.token })).status).toBe(404);
    expect((await compare(caller, { digest })).status).toBe(404);
    const nobody = await server.key(caller.tenant, { principal: 'user:nobody' });
    expect((await server.get('/v1/policies', { key: nobody.token })).status).toBe(403);
    expect((await compare(nobody, { digest })).status).toBe(403);
  });
});

describe('what another policy would change', () => {
  it('is told in words, what gives more first, and nothing is changed by asking', async () => {
    const caller = await server.tenant('p, role:clerk, {tenant}, tool:look, tool.invoke, , allow, , clerks-look');
    const now = await active(caller);
    const { rules, ...rest } = now.body['bundle'] as { rules: string };
    const without = rules.split('\n').filter((line) => !line.endsWith('clerks-look'));
    const bundle = { ...rest, rules: [...without, RULE, 'g, user:ann, role:clerk, {tenant}'].join('\n') };
    const compared = await compare(caller, { bundle });
    expect(compared.body).toMatchObject({
      against: now.body['digest'],
      changes: [
        {
          part: 'rule',
          name: 'clerks-refund',
          change: 'added',
          leads: 'more',
          words: 'role:clerk may tool.invoke tool:refund',
          before: null,
        },
        { part: 'role', name: 'user:ann role:clerk', change: 'added', words: 'user:ann has role:clerk' },
        { part: 'rule', name: 'clerks-look', change: 'removed', leads: 'less', after: null },
      ],
      warnings: ['Rule clerks-refund names tool:refund, which is not published.'],
      replay: null,
    });
    expect((await active(caller)).body).toEqual(now.body);
    const same = await compare(caller, { digest: now.body['digest'] });
    expect(same.body).toMatchObject({ digest: now.body['digest'], changes: [] });
  });

  it('is refused with the place for a policy that cannot be built, and for a question that asks nothing', async () => {
    const caller = await server.tenant();
    const { bundle } = (await active(caller)).body;
    const refused = await compare(caller, {
      bundle: withRules(bundle as never, 'p, role:a, {tenant}, tool:x, do, , ok'),
    });
    expect([refused.status, refused.body['code']]).toEqual([422, 'schema_violation']);
    expect(refused.body['detail']).toMatch(/line \d+/);
    expect((await compare(caller, {})).body['code']).toBe('invalid_request');
  });

  it('is shown by what was decided lately, decided again under both', async () => {
    const caller = await server.tenant();
    await server.publish(caller.tenant, DOCUMENTS);
    const started = await server.post('/v1/runs', { key: caller.token, body: START });
    const { bundle } = (await active(caller)).body;
    const no = withRules(bundle as never, 'p, user:root, {tenant}, workflow:desk, run.start, , deny, , not-this-one');
    const { replay } = (await compare(caller, { bundle: no, replay: 50 })).body;
    expect(replay).toMatchObject({ runs: 1, complete: true, replayed: 1, comparable: 1, faithful: 1 });
    expect((replay as { moved: unknown[] }).moved).toEqual([
      expect.objectContaining({
        run: started.body['id'],
        action: 'run.start',
        target: 'desk',
        before: 'allow',
        after: 'deny',
        sentence: expect.stringContaining('not-this-one') as unknown,
      }),
    ]);
    const reader = await server.key(caller.tenant, {
      principal: 'user:reader',
      roles: ['administrator'],
      scopes: ['policy.read'],
    });
    expect((await compare(reader, { bundle: no })).status).toBe(200);
    expect((await compare(reader, { bundle: no, replay: 1 })).body['code']).toBe('insufficient_scope');
  });

  it('says when whoever asks could change the policy no more', async () => {
    const caller = await server.tenant();
    const { bundle } = (await active(caller)).body;
    const no = withRules(bundle as never, 'p, user:root, {tenant}, policy:*, policy.change, , deny');
    const compared = await compare(caller, { bundle: no });
    expect(compared.body['warnings']).toEqual([expect.stringContaining('You could not change the policy any more')]);
  });
});
