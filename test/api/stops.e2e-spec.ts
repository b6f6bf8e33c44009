import { Client } from 'pg';
import { DOCUMENTS, START } from './documents';
import { ApiServer, type Answer, type Caller, eventually } from './server';

let server: ApiServer;
let admin: Caller;
let nobody: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
});
afterAll(() => server.close());

describe('stops', () => {
  it('are set once per idempotency key, stop what they name, and are released once', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, DOCUMENTS);
    const set = (key: string): Promise<Answer> =>
      server.post('/v1/stops', {
        key: owner.token,
        body: { scope: 'workflow', target: 'desk', reason: 'It misbehaves.' },
        headers: { 'idempotency-key': key },
      });
    const both = await Promise.all([set('stop-1'), set('stop-1')]);
    const first = both.find((answer) => answer.status === 201)!;
    for (const answer of both) {
      if (answer.status === 201) expect(answer.text).toBe(first.text);
      else
        expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([
          409,
          'idempotency_in_progress',
          '1',
        ]);
    }
    const repeat = await set('stop-1');
    expect([repeat.text, repeat.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    expect((await server.get('/v1/stops', { key: owner.token })).body['data']).toEqual([first.body]);

    const start = (): Promise<Answer> => server.post('/v1/runs', { key: owner.token, body: START });
    await eventually(async () => expect((await start()).body).toMatchObject({ code: 'stop_active' }));
    const path = `/v1/stops/${first.body['id'] as string}/release`;
    const released = await server.post(path, { key: owner.token, body: { reason: 'Repaired.' } });
    expect(released.body).toMatchObject({ released_by: 'user:root' });
    const twice = await server.post(path, { key: owner.token, body: { reason: 'Again.' } });
    expect([twice.status, twice.body['code']]).toEqual([409, 'state_conflict']);
    await eventually(async () => expect((await start()).status).toBe(201));
    expect((await server.get('/v1/stops?state=all', { key: owner.token })).body['data']).toHaveLength(1);
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types).toEqual(expect.arrayContaining(['stop.set', 'stop.released']));
  });

  it('name a target wherever there is one to name, and are nobody else’s', async () => {
    for (const body of [{ scope: 'tenant', target: 'x' }, { scope: 'tool' }, { scope: 'all' }]) {
      const refused = await server.post('/v1/stops', { key: admin.token, body: { ...body, reason: 'r' } });
      expect(refused.body).toMatchObject({ code: 'invalid_request' });
    }
    const set = await server.post('/v1/stops', { key: admin.token, body: { scope: 'tenant', reason: 'r' } });
    const stranger = await server.tenant();
    const path = `/v1/stops/${set.body['id'] as string}/release`;
    const foreign = await server.post(path, { key: stranger.token, body: { reason: 'r' } });
    expect(foreign.status).toBe(404);
    const second = await server.key(admin.tenant, { principal: 'user:second', roles: ['operator'] });
    expect((await server.post(path, { key: second.token, body: { reason: 'over' } })).status).toBe(200);
  });

  it('hold the first answer for a repeat, and nothing of a request that was refused', async () => {
    const headers = { 'idempotency-key': 'again' };
    const body = { scope: 'tool', target: 'pay', reason: 'r' };
    const refused = await server.post('/v1/stops', { key: nobody.token, body, headers });
    expect(refused.status).toBe(403);
    const { rows } = await server.outsider.query(`select 1 from writ.idempotency where key = 'again'`);
    expect(rows).toEqual([]);
    expect((await server.post('/v1/stops', { key: admin.token, body, headers })).status).toBe(201);
    const other = await server.post('/v1/stops', { key: admin.token, body: { ...body, reason: 'x' }, headers });
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_mismatch']);
    await server.outsider.query(
      `update writ.idempotency set created_at = now() - interval '25 hours' where key = 'again'`,
    );
    const dayAfter = await server.post('/v1/stops', { key: admin.token, body: { ...body, reason: 'x' }, headers });
    expect([dayAfter.status, dayAfter.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});

describe('the ladder', () => {
  const set = async (owner: Caller, body: object): Promise<Answer> =>
    server.post('/v1/stops', { key: owner.token, body: { reason: 'It misbehaves.', ...body } });
  const release = (caller: Caller, id: unknown, body: object = {}): Promise<Answer> =>
    server.post(`/v1/stops/${id as string}/release`, { key: caller.token, body: { reason: 'Repaired.', ...body } });

  it('a wide or a hard stop is released by two persons: one asks, another agrees', async () => {
    const owner = await server.tenant();
    const second = await server.key(owner.tenant, { principal: 'user:second', roles: ['operator'] });
    for (const body of [{ scope: 'tenant' }, { scope: 'agent', target: 'clerk', mode: 'revoke' }]) {
      const { id, two_persons: two } = (await set(owner, body)).body;
      expect(two).toBe(true);
      const asked = await release(owner, id);
      expect(asked.body).toMatchObject({ asked_by: 'user:root', released_at: null });
      expect((await release(owner, id)).body).toMatchObject({ code: 'second_person_required' });
      expect((await server.get('/v1/stops', { key: owner.token })).body['data']).toHaveLength(1);
      expect((await release(second, id)).body).toMatchObject({ released_by: 'user:second' });
    }
    const { id } = (await set(owner, { scope: 'tenant' })).body;
    expect((await release(second, id)).body).toMatchObject({ released_by: 'user:second' });
    const types = (await server.tenantEvents(owner)).map((event) => event['type']);
    expect(types.filter((type) => type === 'stop.release_asked')).toHaveLength(2);
  });

  it('is gone down rung by rung, and never up', async () => {
    const owner = await server.tenant();
    const { id } = (await set(owner, { scope: 'tool', target: 'pay' })).body;
    expect((await release(owner, id, { to: 'terminate' })).body).toMatchObject({ code: 'schema_violation' });
    await release(owner, id, { to: 'throttle', per_minute: 5 });
    const { data } = (await server.get('/v1/stops', { key: owner.token })).body as { data: Record<string, unknown>[] };
    expect(data).toMatchObject([{ mode: 'throttle', per_minute: 5, target: 'pay' }]);
    const { rows } = await server.outsider.query(
      `select ceiling::int, dimension, period, crossing from writ.budget where tenant = $1 and removed_at is null`,
      [owner.tenant],
    );
    expect(rows).toEqual([{ ceiling: 5, dimension: 'steps', period: 'minute', crossing: 'wait' }]);
    expect((await server.get('/v1/budgets', { key: owner.token })).body['data']).toEqual([]);
    await release(owner, data[0]!['id']);
    const left = await server.outsider.query(`select 1 from writ.budget where tenant = $1 and removed_at is null`, [
      owner.tenant,
    ]);
    expect(left.rows).toEqual([]);
  });

  it('freezing new runs refuses starts and covers no step', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, DOCUMENTS);
    await set(owner, { scope: 'workflow', target: 'desk', mode: 'freeze_new' });
    await eventually(async () => {
      const start = await server.post('/v1/runs', { key: owner.token, body: START });
      expect(start.body).toMatchObject({ code: 'stop_active' });
    });
  });

  it('revoking an agent ends its keys, and nobody else’s', async () => {
    const owner = await server.tenant();
    const agent = await server.key(owner.tenant, { principal: 'agent:clerk' });
    await server.outsider.query(`update writ.api_key set kind = 'agent' where principal = 'agent:clerk'`);
    expect((await server.get('/v1/me', { key: agent.token })).status).toBe(200);
    await set(owner, { scope: 'agent', target: 'clerk', mode: 'revoke' });
    expect((await server.get('/v1/me', { key: agent.token })).body).toMatchObject({ code: 'key_revoked' });
    expect((await server.get('/v1/me', { key: owner.token })).status).toBe(200);
  });

  it('tells who has applied it and how fast, what it would hit and what it hit', async () => {
    const owner = await server.tenant();
    await server.publish(owner.tenant, DOCUMENTS);
    expect((await server.post('/v1/runs', { key: owner.token, body: START })).status).toBe(201);
    const preview = await server.post('/v1/stops/preview', {
      key: owner.token,
      body: { scope: 'workflow', target: 'desk' },
    });
    expect(preview.body).toEqual({ runs: { queued: 1 }, steps: [] });
    const { id } = (await set(owner, { scope: 'workflow', target: 'desk' })).body;
    await eventually(async () => {
      const { body } = await server.get(`/v1/stops/${id as string}`, { key: owner.token });
      const acks = body['acks'] as { kind: string; after_ms: number }[];
      expect(acks).toHaveLength(1);
      expect(acks[0]).toMatchObject({ kind: 'control_plane' });
      expect((body['time_to_stop'] as { last: number }).last).toBe(acks[0]!.after_ms);
      expect(body['residue']).toEqual([]);
    });
    const stranger = await server.tenant();
    expect((await server.get(`/v1/stops/${id as string}`, { key: stranger.token })).status).toBe(404);
  });

  it('is drilled: set, timed, released and recorded', async () => {
    const owner = await server.tenant();
    const body = { scope: 'workflow', target: 'canary', reason: 'the monthly one' };
    const drill = await server.post('/v1/stops/drills', { key: owner.token, body });
    expect(drill.status).toBe(200);
    expect(drill.body['stop']).toMatchObject({ released_by: 'user:root' });
    expect((await server.get('/v1/stops', { key: owner.token })).body['data']).toEqual([]);
    const recorded = (await server.tenantEvents(owner)).find((event) => event['type'] === 'stop.drill');
    expect(recorded).toMatchObject({ detail: { target: 'canary', instances: 1, silent: 0, residue: 0 } });
  });
});

describe('[I3] a write commits only under the authority it was decided under', () => {
  it('a right taken away while the write waits is gone when it would commit', async () => {
    const owner = await server.tenant(`g, user:temp, role:operator, {tenant}`);
    const temp = await server.key(owner.tenant, { principal: 'user:temp' });
    expect((await server.get('/v1/stops', { key: temp.token })).status).toBe(200);
    const { rows } = await server.outsider.query<{ digest: string; body: string }>(
      `select b.digest, b.body from writ.policy_head h join writ.policy_bundle b using (tenant, digest) where h.tenant = $1`,
      [owner.tenant],
    );
    const without = (await server.tenant()).tenant;
    const other = new Client(server.ownerUrl);
    await other.connect();
    try {
      // Somebody is taking the right away: the change is made and not yet committed, so the write below is decided under
      // the old policy and then waits for this transaction.
      await other.query('begin');
      await other.query(`select pg_advisory_xact_lock(writ.authority_lock())`);
      await other.query(
        `insert into writ.policy_bundle (tenant, digest, body, author)
         select $1, digest, body, author from writ.policy_bundle where tenant = $2`,
        [owner.tenant, without],
      );
      await other.query(
        `update writ.policy_head set digest = (select digest from writ.policy_head where tenant = $2) where tenant = $1`,
        [owner.tenant, without],
      );
      await other.query(`update writ.authority_head set epoch = epoch + 1 where tenant = $1`, [owner.tenant]);
      const body = { scope: 'tool', target: 'pay', reason: 'r' };
      const write = server.post('/v1/stops', { key: temp.token, body });
      await waitingForLock();
      await other.query('commit');
      const refused = await write;
      expect([refused.status, refused.body['code']]).toEqual([403, 'policy_denied']);
    } finally {
      await other.end();
    }
    expect(rows).toHaveLength(1);
    const stops = await server.get('/v1/stops', { key: owner.token });
    expect(stops.body['data']).toEqual([]);
  });

  async function waitingForLock(): Promise<void> {
    await eventually(async () => {
      const { rows } = await server.outsider.query(
        `select 1 from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(rows.length).toBeGreaterThan(0);
    });
  }
});
