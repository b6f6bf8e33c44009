import { createHmac, randomUUID } from 'node:crypto';
import { newId } from '@writ/kernel';
import { type Answer, ApiServer, type Caller } from './server';
import { DOCUMENTS } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant('p, service:trigger.*, {tenant}, workflow:desk, run.start, , allow');
  await server.publish(admin.tenant, DOCUMENTS);
});
afterAll(() => server.close());

let names = 0;
const hook = (more: object = {}, as: Caller = admin): Promise<Answer> =>
  server.post('/v1/triggers', {
    key: as.token,
    body: { name: `hook_${++names}`, workflow: 'desk', input: { question: { $from: '/input/body/text' } }, ...more },
  });

interface Message {
  readonly id?: string;
  readonly at?: number;
  readonly secret: string;
  readonly text?: string;
  readonly signedText?: string;
}

function deliver(trigger: string, { id = randomUUID(), at = Date.now(), secret, ...said }: Message): Promise<Answer> {
  const raw = JSON.stringify({ text: said.text ?? 'hello' });
  const timestamp = String(Math.floor(at / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key)
    .update(`${id}.${timestamp}.${said.signedText ?? raw}`)
    .digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  return server.post(`/v1/hooks/${trigger}`, { raw, headers });
}

describe('a webhook', () => {
  it('[I12] starts one run per message, under its own principal, however often the message is sent', async () => {
    const made = await hook();
    expect([made.status, made.body['principal']]).toEqual([201, `service:trigger.hook_${names}`]);
    const { id, secret } = made.body as { id: string; secret: string };
    const message = { id: randomUUID(), secret };
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(id, message)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body['run'])}`)).size).toBe(1);
    const run = answers[0]!.body['run'] as string;
    const shown = await server.get(`/v1/runs/${run}`, { key: admin.token });
    expect(shown.body).toMatchObject({ initiator: made.body['principal'], input: { question: 'hello' } });
    const firings = await server.get(`/v1/triggers/${id}/firings`, { key: admin.token });
    expect(firings.body['data']).toMatchObject([{ outcome: 'started', run, key: message.id, due_at: null }]);
    const { rows } = await server.outsider.query(`select id from writ.run where tenant = $1 and initiator = $2`, [
      admin.tenant,
      made.body['principal'],
    ]);
    expect(rows).toHaveLength(1);
    const other = await deliver(id, { ...message, text: 'another' });
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_mismatch']);
    const evidence = (await server.tenantEvents(admin)).filter((event) => event['type'] === 'trigger.fired');
    expect(evidence.filter((event) => (event['object'] as { id: string }).id === id)).toHaveLength(1);
  });

  it('answers an unknown id, a wrong secret, an old message and an altered one the same', async () => {
    const { id, secret } = (await hook()).body as { id: string; secret: string };
    const wrong = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const answers = [
      await deliver(newId('trigger'), { secret }),
      await deliver(id, { secret: wrong }),
      await deliver(id, { secret, at: Date.now() - 400_000 }),
      await deliver(id, { secret, signedText: '{"text":"other"}' }),
    ];
    const said = answers.map(({ status, body }) => [status, body['code'], body['detail']]);
    expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(said[0]!.slice(0, 2)).toEqual([401, 'unauthenticated']);
    const bare = await server.post(`/v1/hooks/${id}`, { body: {} });
    expect([bare.status, bare.body['code']]).toEqual([401, 'unauthenticated']);
  });

  it('is decided by policy each time, and a refusal is a firing that names its decision', async () => {
    const strict = await server.tenant();
    await server.publish(strict.tenant, DOCUMENTS);
    const { id, secret } = (await hook({}, strict)).body as { id: string; secret: string };
    const refused = await deliver(id, { secret });
    expect([refused.status, refused.body['code']]).toEqual([403, 'policy_denied']);
    const firings = await server.get(`/v1/triggers/${id}/firings`, { key: strict.token });
    expect(firings.body['data']).toMatchObject([
      { outcome: 'refused', code: 'policy_denied', decision: refused.body['decision_id'], run: null },
    ]);
  });

  it('keeps its secret for one answer, and the one before for a day after it is changed', async () => {
    const headers = { 'idempotency-key': 'made-once' };
    const body = { name: 'kept', workflow: 'desk', input: { question: { $from: '/input/body/text' } } };
    const made = await server.post('/v1/triggers', { key: admin.token, body, headers });
    const again = await server.post('/v1/triggers', { key: admin.token, body, headers });
    expect(again.body).toEqual({ ...made.body, secret: null });
    const id = made.body['id'] as string;
    const rotate = await server.post(`/v1/triggers/${id}/rotate-secret`, { key: admin.token, body: { reason: 'r' } });
    const secrets = [made, rotate].map((answer) => answer.body['secret'] as string);
    expect(secrets[0]).not.toBe(secrets[1]);
    for (const secret of secrets) expect((await deliver(id, { secret })).status).toBe(202);
    await server.outsider.query(`update writ.trigger set rotated_until = now() where id = $1`, [id]);
    expect((await deliver(id, { secret: secrets[0]! })).status).toBe(401);
    expect((await deliver(id, { secret: secrets[1]! })).status).toBe(202);
    const { rows } = await server.outsider.query<{ kept: string }>(
      `select unnest(array[secret, secret_before]) as kept from writ.trigger where id = $1`,
      [id],
    );
    for (const { kept } of rows) expect(kept).toMatch(/^enc:[0-9a-f]{8}:[A-Za-z0-9_-]+$/);
    const text = (await server.get('/v1/triggers', { key: admin.token })).text;
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe('a trigger', () => {
  const schedule = { cron: '0 7 * * *', time_zone: 'Europe/Berlin' };
  const change = (id: string, to: string): Promise<Answer> =>
    server.post(`/v1/triggers/${id}/${to}`, { key: admin.token, body: { reason: 'because' } });

  it('is paused, resumed and retired, and refuses messages unless it is active', async () => {
    const { id, secret } = (await hook()).body as { id: string; secret: string };
    expect((await change(id, 'pause')).body['status']).toBe('paused');
    expect((await deliver(id, { secret })).body['code']).toBe('state_conflict');
    expect((await change(id, 'pause')).body['code']).toBe('state_conflict');
    expect((await change(id, 'resume')).body['status']).toBe('active');
    expect((await deliver(id, { secret })).status).toBe(202);
    expect((await change(id, 'retire')).body['status']).toBe('retired');
    expect((await change(id, 'resume')).body['code']).toBe('state_conflict');
    const types = (await server.tenantEvents(admin)).map((event) => event['type']);
    expect(types).toEqual(
      expect.arrayContaining(['trigger.created', 'trigger.paused', 'trigger.resumed', 'trigger.retired']),
    );
  });

  it('on a schedule knows its next time while it is active, and no other', async () => {
    const made = await hook({ input: {}, schedule });
    const id = made.body['id'] as string;
    expect(made.body['secret']).toBeNull();
    const next = made.body['next_at'] as string;
    expect(
      new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'medium' }).format(new Date(next)),
    ).toBe('07:00:00');
    expect((await change(id, 'pause')).body['next_at']).toBeNull();
    expect((await change(id, 'resume')).body['next_at']).toBe(next);
  });

  it('is not made of what cannot fire: a schedule that never comes, a reference nothing fills, a name used before', async () => {
    const never = await hook({ input: {}, schedule: { cron: '0 0 31 2 *' } });
    expect([never.status, never.body['code']]).toEqual([422, 'schema_violation']);
    const hole = await hook({ input: { a: { $from: '/input/body' } }, schedule });
    expect([hole.status, hole.body['code']]).toEqual([422, 'schema_violation']);
    const twice = [await hook({ name: 'twice' }), await hook({ name: 'twice' })];
    expect(twice.map(({ status }) => status)).toEqual([201, 409]);
  });

  it('[I6] never holds what its creator does not: neither a role nor the right to start the workflow', async () => {
    const limited = await server.key(admin.tenant, { principal: 'user:op', roles: ['operator'] });
    const beyond = await hook({ roles: ['administrator'] }, limited);
    expect([beyond.status, beyond.body['code']]).toEqual([403, 'grant_exceeds_holder']);
    const within = await hook({ roles: ['operator'] }, limited);
    expect(within.status).toBe(201);
    const reader = await server.key(admin.tenant, { principal: 'user:reads', roles: ['auditor'] });
    expect((await hook({}, reader)).body['code']).toBe('policy_denied');
    expect((await server.get('/v1/triggers', { key: reader.token })).status).toBe(200);
  });

  it('[I11] is nobody else’s', async () => {
    const stranger = await server.tenant();
    const { id } = (await hook()).body as { id: string };
    expect((await server.get(`/v1/triggers/${id}`, { key: stranger.token })).status).toBe(404);
    expect((await server.get('/v1/triggers', { key: stranger.token })).body['data']).toEqual([]);
    const paused = await server.post(`/v1/triggers/${id}/pause`, { key: stranger.token, body: { reason: 'r' } });
    expect(paused.status).toBe(404);
  });
});
