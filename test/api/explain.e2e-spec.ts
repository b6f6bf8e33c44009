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
  it('lists whom the policy and keys name, roles too, each with the way from their name to the rule', async () => {
    const { data } = (await ask('/v1/who-can', REFUND)).body as { data: { subject: string; paths: string[][] }[] };
    expect(data.map(({ subject, paths }) => [subject, paths[0]?.at(-1)])).toEqual([
      ['agent:clerk', 'agent-refunds'],
      ['user:cleo', 'clerk-refunds'],
      ['role:clerk', 'clerk-refunds'],
    ]);
  });

  it('shows everybody their own rules', async () => {
    const own = await server.get('/v1/permissions', { key: nobody.token });
    // Nothing but what the product lets everybody have, under the guardrails of the tenant.
    const actions = (own.body['data'] as { action: string }[]).map(({ action }) => action);
    expect([own.body['subject'], actions]).toEqual(['user:nobody', ['guardrail.check', 'run.finish']]);
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

describe('the guardrails in force', () => {
  const checks = {
    no_cards: { at: ['output'], detect: ['payment_card'] },
    no_keys: { at: ['input', 'output'], detect: ['credential'], words: ['hunter2'], then: 'redact' },
    judged: { at: ['output'], call: { tool: 'judge' } },
  };
  const absolute = { no_drop: { actions: ['tool.invoke'], objects: ['tool:drop_*'] } };
  let guarded: Caller;
  beforeAll(async () => {
    guarded = await server.tenant('', { guardrails: { checks, absolute } });
  });

  it('are listed as the policy has them, to who may read it', async () => {
    const listed = await server.get('/v1/guardrails', { key: guarded.token });
    expect(listed.body).toMatchObject({
      checks: [
        { id: 'judged', rid: 'guard:judged', looks_for: 'call', what: ['tool:judge'], then: 'deny' },
        { id: 'no_cards', at: ['output'], looks_for: 'detect', what: ['payment_card'], on_error: 'closed' },
        { id: 'no_keys', words: 1, then: 'redact', ask: null },
      ],
      absolute: [{ rid: 'absolute:no_drop', actions: ['tool.invoke'], objects: ['tool:drop_*'], when: null }],
    });
    expect((await server.get('/v1/guardrails', { key: admin.token })).body).toMatchObject({ checks: [], absolute: [] });
    const stranger = await server.key(guarded.tenant, { principal: 'user:stranger' });
    expect((await server.get('/v1/guardrails', { key: stranger.token })).body).toMatchObject({ code: 'policy_denied' });
  });

  it('say what they would say of content, and keep nothing of it', async () => {
    const before = (await server.tenantEvents(guarded)).length;
    const tried = await ask(
      '/v1/guardrails/try',
      { boundary: 'output', tool: 'mail', content: { to: 'ann', text: '4111 1111 1111 1111 hunter2' } },
      guarded,
    );
    expect(tried.body).toMatchObject({
      verdict: 'deny',
      checks: [
        { guardrail: 'judged', outcome: 'not_asked' },
        { guardrail: 'no_cards', outcome: 'fired', what: { payment_card: 1 } },
        { guardrail: 'no_keys', outcome: 'redacted', what: { word: 1 } },
      ],
      content: { to: 'ann', text: '4111 1111 1111 1111 [redacted: word]' },
    });
    const heard = await ask('/v1/guardrails/try', { boundary: 'input', content: 'all is well' }, guarded);
    expect(heard.body).toMatchObject({ verdict: 'allow', checks: [{ guardrail: 'no_keys', outcome: 'passed' }] });
    expect(JSON.stringify((await server.tenantEvents(guarded)).slice(before))).not.toContain('4111');
  });

  it('and absolute rules are told where an act is asked about', async () => {
    const body = { initiator: 'user:root', roles: ['administrator'], action: 'tool.invoke' };
    const answer = (await ask('/v1/explain', { ...body, object: { type: 'tool', id: 'drop_all' } }, guarded))
      .body as unknown as Explained;
    expect(answer.decision).toMatchObject({ verdict: 'deny', reason: 'forbidden_absolutely' });
  });
});
