import { readJournal } from '@writ/engine';
import { hashOf, mintKey } from '@writ/identity';
import type { RunId } from '@writ/kernel';
import { mergeBundles, type PolicyBundle, policiesDirectory, readBundle } from '@writ/policy';
import { OWNER, say } from '../scenarios/desk';
import { asking } from '../scenarios/many-kinds';
import { type LiveWorld, openLiveWorld } from './live-world';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly [name: string]: unknown };
}

describe('a fresh proof of who somebody is', () => {
  let world: LiveWorld;
  let product: PolicyBundle;
  const keys: { [who: string]: string } = {};

  beforeAll(async () => {
    world = await openLiveWorld();
    const read = await readBundle(policiesDirectory());
    if (!read.ok) throw new Error(read.failure.message);
    product = read.value;
    keys['ann'] = await keyOf(OWNER);
    keys['ann elsewhere'] = await keyOf(OWNER);
    keys['bob'] = await keyOf('user:bob', ['approver', 'payments']);
  });
  afterAll(() => world.close());

  async function keyOf(principal: string, roles: readonly string[] = []): Promise<string> {
    const { id, token } = mintKey();
    await world.desk.scenario.outsider.query(
      `insert into writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
       values ($1, $2, $3, 'test', $4, 'user', $5, '{*}', 'test', to_timestamp(0), now() + interval '1 hour')`,
      [world.desk.scenario.tenant, id, hashOf(token), principal, roles],
    );
    return token;
  }
  /** The desk's policy, in which `quiet` is obliged to these. */
  async function obliged(obligations: { readonly [id: string]: object }): Promise<void> {
    const names = Object.keys(obligations).join('|');
    const rules = (asking.rules as string).replaceAll('allow, ask', `allow, ${names}`);
    const merged = mergeBundles(product, { ...asking, rules, obligations: obligations as never });
    if (!merged.ok) throw new Error(merged.failure.message);
    await world.desk.scenario.activate(merged.value);
    await world.desk.engine.authority.refresh(world.desk.scenario.tenant);
  }
  async function send(
    path: string,
    body: object | null,
    headers: { readonly [name: string]: string },
  ): Promise<Answer> {
    const response = await fetch(`${world.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  }
  const call = (who: string, path: string, body: object | null = null): Promise<Answer> =>
    send(path, body, { authorization: `Bearer ${keys[who]!}` });
  const asks = async (script: string): Promise<{ readonly run: RunId; readonly approval: string }> => {
    const turns = [{ calls: [{ name: 'quiet', arguments: { order: '#7' } }] }, { text: 'Done.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, script, turns) });
    await world.desk.stands(run, 'waiting_approval');
    const { rows } = await world.desk.scenario.outsider.query<{ id: string }>(
      `select id from writ.approval where run = $1`,
      [run],
    );
    return { run, approval: rows[0]!.id };
  };
  const evidence = async (type: string): Promise<{ readonly [name: string]: unknown }[]> => {
    const { rows } = await world.desk.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [world.desk.scenario.tenant],
    );
    const events = rows.flatMap(({ events: lines }) => lines.split('\n')).map((line) => JSON.parse(line) as never);
    return events.filter((event) => event['type'] === type);
  };

  it('is asked of the one an act is for, who says yes with it and with nothing else; then it happens', async () => {
    await obliged({ prove: { type: 'step_up', values: { within_ms: 60_000 } } });
    const { run, approval } = await asks('step-up-self');
    const mine = await call('ann', '/v1/approvals?waiting_on=me');
    expect(mine.body['data']).toMatchObject([
      {
        id: approval,
        may_decide: true,
        requirements: [{ obligation: 'prove', initiator: true, proof_within_ms: 60_000 }],
      },
    ]);
    expect((await call('ann', `/v1/approvals/${approval}`)).status).toBe(200);
    expect((await call('ann', '/v1/approvals')).status).toBe(403);
    // Who may decide about others' acts has no say in this one.
    expect(await call('bob', `/v1/approvals/${approval}/approve`, {})).toMatchObject({
      status: 403,
      body: { code: 'not_eligible' },
    });
    const yes = (who: string) => call(who, `/v1/approvals/${approval}/approve`, {});
    expect(await yes('ann')).toMatchObject({ status: 403, body: { code: 'proof_required' } });
    for (const api_key of [keys['bob']!, 'writ_nobody_x', keys['ann']!.slice(0, -1)]) {
      expect(await call('ann', '/v1/identity/proofs', { api_key })).toMatchObject({
        status: 403,
        body: { code: 'proof_failed' },
      });
    }
    expect(await yes('ann')).toMatchObject({ body: { code: 'proof_required' } });
    const proof = await call('ann', '/v1/identity/proofs', { api_key: keys['ann']! });
    expect(proof).toMatchObject({ status: 200, body: { principal: OWNER } });
    // A proof counts for what it was made with: another credential of the same person has proved nothing.
    expect(await yes('ann elsewhere')).toMatchObject({ body: { code: 'proof_required' } });
    expect(await yes('ann')).toMatchObject({ status: 200, body: { status: 'approved', resolved_by: OWNER } });
    await world.desk.stands(run, 'succeeded');
    const proven_at = proof.body['proven_at'];
    expect((await evidence('identity.proven')).at(-1)).toMatchObject({ actor: OWNER, object: { type: 'key' } });
    const voted = (await evidence('approval.voted')).filter(({ approval: of }) => of === approval);
    expect(voted).toMatchObject([{ actor: OWNER, outcome: 'approve', detail: { proven_at } }]);
    expect(JSON.stringify(await evidence('identity.proven'))).not.toContain(keys['ann']!.split('_')[2]!);
  });

  it('that nobody gives in time is a denial', async () => {
    await obliged({ prove: { type: 'step_up', values: { expires_ms: 300 } } });
    const turns = [{ calls: [{ name: 'quiet', arguments: {} }] }, { text: 'I may not.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, 'step-up-late', turns) });
    await world.desk.stands(run, 'succeeded');
    const events = await readJournal(world.desk.scenario.db, world.desk.scenario.tenant, run);
    expect(events.find(({ type }) => type === 'step_denied')).toMatchObject({
      decision: { reason: 'approval_expired' },
    });
  });

  it('is asked of those who decide, and a session that was just opened brings it along', async () => {
    await obliged({
      ask: { type: 'require_approval', values: { roles: ['payments'] } },
      prove: { type: 'step_up', values: { who: 'approvers', within_ms: 60_000 } },
    });
    const { run, approval } = await asks('step-up-approver');
    const path = `/v1/approvals/${approval}`;
    expect((await call('bob', path)).body).toMatchObject({
      may_decide: true,
      requirements: [{ obligation: 'ask', roles: ['payments'], initiator: false, proof_within_ms: 60_000 }],
    });
    expect(await call('bob', `${path}/approve`, {})).toMatchObject({ body: { code: 'proof_required' } });
    const opened = await send('/v1/session', { api_key: keys['bob']! }, {});
    const cookie = (opened.headers.get('set-cookie') ?? '').split(';', 1)[0]!;
    const { csrf } = opened.body['session'] as { csrf: string };
    const yes = await send(`${path}/approve`, {}, { cookie, 'x-csrf-token': csrf });
    expect(yes).toMatchObject({ status: 200, body: { status: 'approved', resolved_by: 'user:bob' } });
    await world.desk.stands(run, 'succeeded');
  });

  it('is not needed to say no', async () => {
    await obliged({ prove: { type: 'step_up', values: {} } });
    const { run, approval } = await asks('step-up-no');
    expect(await call('ann elsewhere', `/v1/approvals/${approval}/reject`, {})).toMatchObject({
      body: { status: 'rejected' },
    });
    await world.desk.stands(run, 'succeeded');
  });
});
