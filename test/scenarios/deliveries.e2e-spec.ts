import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendTenantEvent } from '@writ/audit';
import { Dispatcher, type DispatcherOptions, subscriptions } from '@writ/delivery';
import { EgressGuard, readEgressRules } from '@writ/gateways';
import { newId, type TenantId } from '@writ/kernel';
import { openScenario, type Scenario } from '../support/scenario';
import { paying } from './till';

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody who is told, and answers as the test likes. */
class Listener {
  readonly got: Got[] = [];
  answers: (got: Got) => number = () => 204;
  server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const got = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
        this.got.push(got);
        response.writeHead(this.answers(got)).end();
      });
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get types(): string[] {
    return this.got.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  }
}

describe('those who are told what happens', () => {
  let scenario: Scenario;
  let listener: Listener;
  beforeAll(async () => {
    scenario = await openScenario({ documents: [], policy: paying() });
    listener = new Listener();
    await new Promise<void>((resolve) => listener.server.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(async () => {
    await new Promise((resolve) => listener.server.close(resolve));
    await scenario.close();
  });
  beforeEach(() => {
    listener.got.length = 0;
    listener.answers = () => 204;
  });
  afterEach(async () => {
    await scenario.outsider.query(
      `update writ.subscription set removed_at = now(), status = 'paused', secret = '' where removed_at is null`,
    );
  });

  const dispatcher = (options: DispatcherOptions = {}, egress = `${listener.origin};private`): Dispatcher => {
    const guard = new EgressGuard({ rules: readEgressRules(egress) });
    return new Dispatcher(scenario.db, guard, newId('worker'), { firstDelayMs: 20, timeoutMs: 2_000, ...options });
  };
  const subscribe = async (types: readonly string[], path = '/hook') => {
    const { db, tenant } = scenario;
    const made = await db.withTenant(tenant, (tx) =>
      subscriptions.create(tx, {
        tenant,
        url: `${listener.origin}${path}`,
        label: 'test',
        types,
        by: 'user:root',
        now: Date.now(),
      }),
    );
    if (!made.ok) throw new Error(made.failure.message);
    return { id: made.value.one.id, secret: made.value.secret };
  };
  const happens = (type: 'stop.set' | 'stop.released' | 'budget.set', id: string, tenant: TenantId = scenario.tenant) =>
    scenario.db.withTenant(tenant, (tx) =>
      appendTenantEvent(tx, tenant, { type, actor: 'user:root', object: { type: 'stop', id } }),
    );
  const stands = (id: string) =>
    scenario.db.withTenant(scenario.tenant, (tx) => subscriptions.find(tx, scenario.tenant, id));
  const tries = (id: string) =>
    scenario.db.withTenant(scenario.tenant, (tx) =>
      subscriptions.deliveries(tx, { tenant: scenario.tenant, id, limit: 50 }),
    );

  it('hear what they asked for, in order and once, signed with their secret', async () => {
    await happens('stop.set', 'before');
    const { id, secret } = await subscribe(['stop.*']);
    for (let i = 0; i < 5; i++) await happens(i % 2 === 0 ? 'stop.set' : 'budget.set', `s${i}`);
    const sender = dispatcher();
    await sender.look();
    await sender.look();
    const bodies = listener.got.map(({ body }) => JSON.parse(body) as { subject: string; data: { link: string } });
    expect(bodies.map(({ subject }) => subject)).toEqual(['stop/s0', 'stop/s2', 'stop/s4']);
    expect(bodies[0]!.data.link).toBe('/stops?sel=s0');
    for (const { headers, body } of listener.got) {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(text).digest('base64')}`);
    }
    expect(await stands(id)).toMatchObject({ behind: 0, failures: 0, status: 'active' });
  });

  it('are tried again until they take it, and miss nothing after it', async () => {
    const { id } = await subscribe(['stop.*']);
    for (const one of ['a', 'b', 'c']) await happens('stop.set', one);
    let refusals = 3;
    listener.answers = () => (refusals-- > 0 ? 503 : 204);
    const sender = dispatcher();
    for (let i = 0; i < 40 && listener.got.length < 6; i++) {
      await sender.look();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const subjects = listener.got.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);
    expect(subjects).toEqual(['stop/a', 'stop/a', 'stop/a', 'stop/a', 'stop/b', 'stop/c']);
    expect(new Set(listener.got.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
    const noted = (await tries(id)).toReversed();
    expect(noted.map(({ attempt, error }) => [attempt, error])).toEqual([
      [1, 'http_503'],
      [2, 'http_503'],
      [3, 'http_503'],
      [4, null],
      [1, null],
      [1, null],
    ]);
  });

  it('are told each thing once by any number of senders', async () => {
    await subscribe(['stop.*']);
    await subscribe(['stop.*'], '/other');
    for (let i = 0; i < 10; i++) await happens('stop.set', `m${i}`);
    const senders = Array.from({ length: 4 }, () => dispatcher());
    for (let round = 0; round < 3; round++) await Promise.all(senders.map((one) => one.look()));
    expect(listener.got).toHaveLength(20);
  });

  it('are told nothing more when they are gone, or take nothing for too long, and the log says so', async () => {
    const gone = await subscribe(['stop.*']);
    await happens('stop.set', 'x');
    listener.answers = () => 410;
    await dispatcher().look();
    expect(await stands(gone.id)).toMatchObject({ status: 'disabled', reason: 'it answered that it is gone' });
    const deaf = await subscribe(['stop.*']);
    await happens('stop.set', 'y');
    listener.answers = () => 500;
    const sender = dispatcher({ giveUpMs: 100, firstDelayMs: 10 });
    for (let i = 0; i < 40 && (await stands(deaf.id))?.status === 'active'; i++) {
      await sender.look();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await stands(deaf.id)).toMatchObject({ status: 'disabled' });
    // Taken up again, it goes on with what it has not taken.
    listener.answers = () => 204;
    listener.got.length = 0;
    const { db, tenant, outsider } = scenario;
    await db.withTenant(tenant, (tx) =>
      subscriptions.set(tx, { tenant, id: deaf.id, by: 'user:root', to: 'active', reason: 'mended' }),
    );
    await dispatcher().look();
    expect(listener.types).toEqual(['stop.set']);
    const { rows } = await outsider.query<{ n: string }>(
      `select count(*) as n from writ.audit_unit where tenant = $1 and events like '%subscription.disabled%'`,
      [tenant],
    );
    expect(Number(rows[0]!.n)).toBe(2);
  });

  it('are reached only where the operator lets messages go', async () => {
    const { id } = await subscribe(['stop.*']);
    await happens('stop.set', 'z');
    await dispatcher({}, 'public').look();
    expect(listener.got).toEqual([]);
    expect(await tries(id)).toMatchObject([{ status: null, error: 'egress_insecure' }]);
  });

  it('a test reaches only the one that is tested, whatever it asked for', async () => {
    const { db, tenant } = scenario;
    const one = await subscribe(['budget.*']);
    await subscribe(['budget.*'], '/other');
    await db.withTenant(tenant, (tx) => subscriptions.test(tx, { tenant, id: one.id, by: 'user:root' }));
    await dispatcher().look();
    expect(listener.types).toEqual(['subscription.tested']);
  });
});
