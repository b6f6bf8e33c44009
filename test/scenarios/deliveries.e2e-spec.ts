import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendTenantEvent } from '@writ/audit';
import { Dispatcher, type DispatcherOptions, subscriptions } from '@writ/delivery';
import { EgressGuard, readEgressRules } from '@writ/gateways';
import { type Database, runMigrations } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';
import { openScenario, type Scenario } from '../support/scenario';
import { until } from '../support/until';
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
  });
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
    return new Dispatcher(scenario.db, guard, newId('worker'), { firstDelayMs: 20, timeoutMs: 20_000, ...options });
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
        secrets: db.secrets,
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

  const aside = (id: string) =>
    scenario.db.withTenant(scenario.tenant, (tx) =>
      subscriptions.deadLetters(tx, { tenant: scenario.tenant, id, limit: 50 }),
    );
  const expectSignedWith = (secret: string): void => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    for (const { headers, body } of listener.got) {
      const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(text).digest('base64')}`);
    }
  };

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
    expectSignedWith(secret);
    expect(await stands(id)).toMatchObject({ behind: 0, failures: 0, status: 'active' });
  });

  it('have their secret kept encrypted, also one from before secrets were, and nothing is sent to them unsigned', async () => {
    const { tenant, outsider, ownerUrl, db } = scenario;
    const { id, secret } = await subscribe(['stop.*']);
    const kept = async (): Promise<string> => {
      const { rows } = await outsider.query<{ secret: string }>(
        `select secret from writ.subscription where tenant = $1 and id = $2`,
        [tenant, id],
      );
      return rows[0]!.secret;
    };
    const keep = (text: string): Promise<unknown> =>
      outsider.query(`update writ.subscription set secret = $3, due_at = now() where tenant = $1 and id = $2`, [
        tenant,
        id,
        text,
      ]);
    const ENCRYPTED = /^enc:[0-9a-f]{8}:/;
    expect(await kept()).toMatch(ENCRYPTED);
    expect(await kept()).not.toContain(secret.slice('whsec_'.length));
    await keep(secret);
    await runMigrations(ownerUrl);
    expect(await kept()).toMatch(ENCRYPTED);
    await happens('stop.set', 'first');
    await dispatcher().look();
    expect(listener.types).toEqual(['stop.set']);
    expectSignedWith(secret);
    // As if the deployment's secret had been another one until now.
    const SecretBox = db.secrets.constructor as new (newest: string) => Database['secrets'];
    await keep(new SecretBox('the secret before').encrypt(secret, `subscription/${tenant}/${id}`));
    await happens('stop.set', 'second');
    await dispatcher().look();
    expect(listener.types).toHaveLength(1);
    expect(await tries(id)).toMatchObject([{ status: null, error: 'secret_unreadable' }, { error: null }]);
    process.env['WRIT_SECRET_BEFORE'] = 'the secret before';
    await runMigrations(ownerUrl).finally(() => delete process.env['WRIT_SECRET_BEFORE']);
    await keep(await kept());
    await dispatcher().look();
    expect(listener.types).toHaveLength(2);
    expectSignedWith(secret);
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

  it('are not held up by a message that they refuse as it is: it is put aside, and sent again when somebody asks', async () => {
    const { id } = await subscribe(['stop.*']);
    for (const one of ['bad', 'good']) await happens('stop.set', one);
    let mended = false;
    const subject = ({ body }: Got): string => (JSON.parse(body) as { subject: string }).subject;
    listener.answers = (got) => (subject(got) === 'stop/bad' && !mended ? 422 : 204);
    const sender = dispatcher({ refusals: 3, firstDelayMs: 5 });
    await until('the good one to be told', async () => {
      await sender.look();
      return listener.got.some((got) => subject(got) === 'stop/good');
    });
    expect(listener.got.map(subject)).toEqual(['stop/bad', 'stop/bad', 'stop/bad', 'stop/good']);
    expect(await stands(id)).toMatchObject({ status: 'active', behind: 0, failures: 0, dead: 1 });
    expect(await aside(id)).toMatchObject([{ type: 'stop.set', attempts: 3, error: 'http_422', again: false }]);
    const again = (): Promise<unknown> => {
      const { db, tenant } = scenario;
      const asked = { tenant, id, by: 'user:root', to: 'active', reason: 'mended', redeliver: true } as const;
      return db.withTenant(tenant, (tx) => subscriptions.set(tx, asked));
    };
    // Still refused: it stays aside, and is not tried by itself.
    await again();
    for (let i = 0; i < 3; i++) await sender.look();
    expect(listener.got).toHaveLength(5);
    expect(await aside(id)).toMatchObject([{ attempts: 4, again: false }]);
    mended = true;
    await again();
    for (let i = 0; i < 3; i++) await sender.look();
    expect(listener.got.map(subject).slice(5)).toEqual(['stop/bad']);
    expect(new Set(listener.got.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(await aside(id)).toEqual([]);
  });

  it('are not told what is no news any more', async () => {
    const { id } = await subscribe(['stop.*']);
    await happens('stop.set', 'old');
    await dispatcher({ tooOldMs: -60_000 }).look();
    expect(listener.got).toEqual([]);
    expect(await stands(id)).toMatchObject({ status: 'active', dead: 1, behind: 0 });
    expect(await aside(id)).toMatchObject([{ attempts: 0, error: 'too_old' }]);
    await happens('stop.set', 'new');
    await dispatcher().look();
    expect(listener.types).toEqual(['stop.set']);
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
