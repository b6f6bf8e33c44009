import { hashOf, mintKey } from '@writ/identity';
import type { RunId } from '@writ/kernel';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { say } from '../scenarios/desk';
import { asking } from '../scenarios/many-kinds';
import { type LiveWorld, openLiveWorld } from './live-world';

interface Answer {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
}

describe('approvals over the API', () => {
  let world: LiveWorld;
  const keys: { [who: string]: { readonly id: string; readonly token: string } } = {};

  beforeAll(async () => {
    world = await openLiveWorld();
    const product = await readBundle(policiesDirectory());
    const values = { count: 2, roles: ['payments'], comment_required: true };
    const own = { ...asking, obligations: { ask: { type: 'require_approval', values } } };
    const merged = product.ok ? mergeBundles(product.value, own) : product;
    if (!merged.ok) throw new Error(merged.failure.message);
    await world.desk.scenario.activate(merged.value);
    await world.desk.engine.authority.refresh(world.desk.scenario.tenant);
    for (const [who, roles] of [
      ['p1', ['approver', 'payments']],
      ['p2', ['approver', 'payments']],
      ['p3', ['approver', 'payments']],
      ['clerk', ['approver']],
      ['auditor', ['auditor']],
      ['dev', []],
    ] as const) {
      keys[who] = await keyOf(who, roles);
    }
  });
  afterAll(() => world.close());

  async function keyOf(who: string, roles: readonly string[]) {
    const { id, token } = mintKey();
    await world.desk.scenario.outsider.query(
      `insert into writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
       values ($1, $2, $3, 'test', $4, 'user', $5, '{*}', 'test', to_timestamp(0), now() + interval '1 hour')`,
      [world.desk.scenario.tenant, id, hashOf(token), `user:${who}`, roles],
    );
    return { id, token };
  }
  const call = async (who: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${world.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${keys[who]!.token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const asks = async (id: string): Promise<{ readonly run: RunId; readonly approval: string }> => {
    const turns = [{ calls: [{ name: 'quiet', arguments: { order: '#7' } }] }, { text: 'Done.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, id, turns) });
    await world.desk.stands(run, 'waiting_approval');
    const found = await call('auditor', `/v1/approvals?filter=${encodeURIComponent(`run:${run}`)}`);
    return { run, approval: ((found.body['data'] as { id: string }[])[0] ?? { id: '' }).id };
  };
  const yes = { comment: 'looked at it' };

  it('say what is asked, why, and who may; and are settled by a quorum of people with the role', async () => {
    const { run, approval } = await asks('api-quorum');
    const { body } = await call('p1', `/v1/approvals/${approval}`);
    expect(body).toMatchObject({
      status: 'pending',
      sentence: 'clerk wants to call quiet for user:ann',
      args: { order: '#7' },
      chain: ['clerk'],
      requirements: [{ of: 2, by: [], roles: ['payments'] }],
      may_decide: true,
      comment_required: true,
    });
    expect((body['rules'] as { words: string }[]).map(({ words }) => words)).toContain(
      'user:* may tool.invoke tool:quiet, after ask',
    );
    expect((await call('p1', '/v1/approvals/count')).body).toMatchObject({ waiting_on_me: 1 });
    expect((await call('clerk', '/v1/approvals/count')).body).toMatchObject({ waiting_on_me: 0 });
    const refusals: readonly (readonly [string, object, number, string])[] = [
      ['p1', {}, 422, 'comment_required'],
      ['clerk', yes, 403, 'not_eligible'],
      ['auditor', yes, 403, 'policy_denied'],
      ['dev', yes, 403, 'policy_denied'],
    ];
    for (const [who, said, status, code] of refusals) {
      const answer = await call(who, `/v1/approvals/${approval}/approve`, said);
      expect([who, answer.status, answer.body['code']]).toEqual([who, status, code]);
    }
    expect((await call('dev', '/v1/approvals')).status).toBe(403);
    const first = await call('p1', `/v1/approvals/${approval}/approve`, yes);
    expect(first).toMatchObject({ status: 200, body: { status: 'pending', counted: true } });
    expect(await call('p2', `/v1/approvals/${approval}/approve`, yes)).toMatchObject({
      body: { status: 'approved', resolved_by: 'user:p2' },
    });
    await world.desk.stands(run, 'succeeded');
    expect((await call('auditor', `/v1/approvals/${approval}`)).body).toMatchObject({
      status: 'used',
      votes: [
        { voter: 'user:p1', verdict: 'approve', comment: 'looked at it' },
        { voter: 'user:p2', verdict: 'approve' },
      ],
    });
    expect(await call('p3', `/v1/approvals/${approval}/reject`, yes)).toMatchObject({ status: 409 });
  });

  it('count a vote only while its voter’s key is good', async () => {
    const { run, approval } = await asks('api-revoked');
    await call('p1', `/v1/approvals/${approval}/approve`, yes);
    await world.desk.scenario.outsider.query(`update writ.api_key set revoked_at = now() where id = $1`, [
      keys['p1']!.id,
    ]);
    expect(await call('p2', `/v1/approvals/${approval}/approve`, yes)).toMatchObject({ body: { status: 'pending' } });
    expect((await call('p2', `/v1/approvals/${approval}`)).body).toMatchObject({
      requirements: [{ of: 2, by: ['user:p2'] }],
      barred: 'decided',
    });
    expect(await call('p3', `/v1/approvals/${approval}/approve`, yes)).toMatchObject({ body: { status: 'approved' } });
    await world.desk.stands(run, 'succeeded');
  });

  it('are searched with the grammar, page by page, and foreign ids are not there', async () => {
    const { approval } = await asks('api-search');
    const page = await call('p2', '/v1/approvals?filter=status:used&sort=-resolved&limit=1');
    expect(page.body).toMatchObject({ data: [{ status: 'used' }], has_more: true });
    const next = encodeURIComponent(String(page.body['next_cursor']));
    const more = await call('p2', `/v1/approvals?filter=status:used&sort=-resolved&limit=1&cursor=${next}`);
    expect(more.body).toMatchObject({ data: [{ status: 'used' }] });
    expect((more.body['data'] as { id: string }[])[0]!.id).not.toBe((page.body['data'] as { id: string }[])[0]!.id);
    const mine = await call('p2', '/v1/approvals?waiting_on=me');
    expect((mine.body['data'] as { id: string }[]).map(({ id }) => id)).toEqual([approval]);
    expect(await call('p2', '/v1/approvals?filter=colour:red')).toMatchObject({ body: { code: 'invalid_filter' } });
    const foreign = approval.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect((await call('p2', `/v1/approvals/${foreign}`)).status).toBe(404);
    expect((await call('p2', `/v1/approvals/${foreign}/approve`, yes)).status).toBe(404);
  });
});
