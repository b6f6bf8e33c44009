import { ApiServer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

/** What an answer of these operations holds, as far as the tests look. */
interface Explained {
  readonly decision: { readonly id: string | null; readonly verdict: string; readonly near_misses: object[] };
  readonly now: { readonly verdict: string } | null;
  readonly chain: readonly { readonly subject: string; readonly paths: readonly string[][] }[];
  readonly remedies: readonly { readonly sentence: string; readonly verdict: string }[];
  readonly approvers: readonly object[];
}

const RULES = [
  'p, role:clerk, {tenant}, tool:refund, tool.invoke, , allow, , clerk-refunds',
  'p, agent:clerk, {tenant}, tool:refund, tool.invoke, , allow, , agent-refunds',
  'p, role:clerk, {tenant}, workflow:*, run.start, , allow, , clerk-starts',
].join('\n');
const REFUND = { action: 'tool.invoke', object: { type: 'tool', id: 'refund' } } as const;

let server: ApiServer;
let admin: Caller;
let nobody: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant(RULES);
  nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
  await server.key(admin.tenant, { principal: 'user:cleo', roles: ['clerk'] });
});
afterAll(() => server.close());

const ask = async (path: string, body: object, caller = admin) => server.post(path, { key: caller.token, body });

describe('an act that nobody asked to do', () => {
  it('is decided with all its reasons, and is recorded nowhere', async () => {
    const before = (await server.tenantEvents(admin)).length;
    const body = { initiator: 'user:cleo', roles: ['clerk'], chain: ['clerk'], ...REFUND };
    const answer = (await ask('/v1/explain', body)).body as unknown as Explained;
    expect(answer.decision).toMatchObject({ id: null, verdict: 'allow', run: null });
    expect(answer.chain.map(({ paths }) => paths[0])).toEqual([
      ['user:cleo', 'role:clerk', 'clerk-refunds'],
      ['agent:clerk', 'agent-refunds'],
    ]);
    expect(await server.tenantEvents(admin)).toHaveLength(before);
  });

  it('that would be refused says what would allow it, smallest change first', async () => {
    const answer = (await ask('/v1/explain', { initiator: 'user:nobody', ...REFUND })).body as unknown as Explained;
    expect(answer.decision).toMatchObject({ verdict: 'deny', reason: 'initiator_not_granted', explicit: false });
    expect(answer.remedies.map(({ sentence }) => sentence)).toEqual([
      'To allow it: give user:nobody the role clerk (rule clerk-refunds).',
      expect.stringContaining('add the rule "p, user:nobody, {tenant}, tool:refund, tool.invoke, , allow"'),
    ]);
  });

  it('is told to nobody who may not explain decisions', async () => {
    for (const [path, body] of [
      ['/v1/explain', { initiator: 'user:cleo', ...REFUND }],
      ['/v1/who-can', REFUND],
    ] as const) {
      expect((await ask(path, body, nobody)).body).toMatchObject({ code: 'policy_denied' });
    }
    const others = await server.get('/v1/permissions?subject=user:cleo', { key: nobody.token });
    expect(others.body).toMatchObject({ code: 'policy_denied' });
  });

  it('in words the policy does not have is refused by what is wrong with it', async () => {
    const misspelt = await ask('/v1/explain', { initiator: 'user:cleo', ...REFUND, action: 'tool.envoke' });
    expect([misspelt.status, misspelt.body['detail']]).toEqual([422, expect.stringContaining('tool.envoke')]);
    const unknown = await ask('/v1/who-can', { ...REFUND, object: { type: 'toll', id: 'x' } });
    expect(unknown.text).toContain('toll');
  });
});

describe('a decision that was made', () => {
  it('is explained with what was asked then and what would be said now', async () => {
    await server.publish(admin.tenant, DOCUMENTS);
    const refused = await server.post('/v1/runs', { key: nobody.token, body: START });
    const path = `${refused.body['explain_url'] as string}/explanation`;
    const answer = (await server.get(path, { key: admin.token })).body as unknown as Explained;
    expect(answer.decision).toMatchObject({ id: refused.body['decision_id'], verdict: 'deny' });
    expect(answer.now).toMatchObject({ verdict: 'deny' });
    expect(answer.chain[0]).toMatchObject({ subject: 'user:nobody', asked: true, verdict: 'deny' });
    expect(answer.remedies.map(({ sentence }) => sentence)).toContain(
      'To allow it: give user:nobody the role clerk (rule clerk-starts).',
    );
    expect((await server.get(path, { key: nobody.token })).body).toMatchObject({ code: 'policy_denied' });
  });
});

describe('who may, and what', () => {
  it('lists whom the policy and keys name, each with the way from their name to the rule', async () => {
    const { data } = (await ask('/v1/who-can', REFUND)).body as { data: { subject: string; paths: string[][] }[] };
    expect(data.map(({ subject, paths }) => [subject, paths[0]?.at(-1)])).toEqual([
      ['agent:clerk', 'agent-refunds'],
      ['user:cleo', 'clerk-refunds'],
    ]);
  });

  it('shows everybody their own rules', async () => {
    const own = await server.get('/v1/permissions', { key: nobody.token });
    expect(own.body).toEqual({ subject: 'user:nobody', data: [] });
    const cleo = await server.get('/v1/permissions?subject=user:cleo', { key: admin.token });
    const rids = (cleo.body['data'] as { rid: string; path: string[] }[]).map(({ rid, path }) => [rid, path[1]]);
    expect(rids).toEqual(
      expect.arrayContaining([
        ['clerk-refunds', 'role:clerk'],
        ['clerk-starts', 'role:clerk'],
      ]),
    );
  });
});
