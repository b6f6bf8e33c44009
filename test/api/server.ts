import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Client } from 'pg';
import { checkChain } from '@writ/audit';
import { Problem, type Route, ROUTES } from '@writ/contract';
import { type Database, openDatabase, openGroupCommit } from '@writ/database';
import { type Engine, openEngine } from '@writ/engine';
import { hashOf, mintKey } from '@writ/identity';
import { newId, systemClock, type TenantId } from '@writ/kernel';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { createControlPlane, openTenant } from '../../apps/control-plane/src';
import { freshDatabase } from '../support/database';
import { clientInLine } from '../support/in-line';

const nowhere = (): never => {
  throw new Error('these tests lead no runs');
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface Sent {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: { readonly [name: string]: string };
}

export interface Caller {
  readonly tenant: TenantId;
  readonly token: string;
}

/** The real server on a free port over a real database; every answer is held to the contract's own schemas. */
export class ApiServer {
  private constructor(
    readonly ownerUrl: string,
    readonly db: Database,
    readonly engine: Engine,
    readonly outsider: Client,
    private readonly app: NestFastifyApplication,
    private readonly ends: (() => Promise<void>)[],
  ) {}

  static async open(
    options: { readonly console?: string; readonly authzenDrafts?: ReadonlySet<string> } = {},
  ): Promise<ApiServer> {
    const fresh = await freshDatabase();
    const config = { url: fresh.ownerUrl, role: 'writer', allowUnsafeDurability: true } as const;
    const db = await openDatabase(config);
    const writer = await openGroupCommit(config, { clock: systemClock });
    const engine = openEngine({
      db,
      writer,
      leads: false,
      build: 'test',
      doors: () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: async () => {} } }),
    });
    await engine.start();
    const { authority, commands, queries, approvals, questions, live, triggers, batches } = engine;
    const app = await createControlPlane({
      database: db,
      authority,
      commands,
      queries,
      approvals,
      questions,
      live,
      triggers,
      batches,
      version: 'test',
      bodyLimit: 200_000,
      ...options,
    });
    await app.listen(0, '127.0.0.1');
    const outsider = clientInLine(fresh.ownerUrl);
    await outsider.connect();
    return new ApiServer(fresh.ownerUrl, db, engine, outsider, app, [
      () => app.close(),
      () => engine.close(1_000),
      () => outsider.end(),
      () => writer.close(),
      () => db.close(),
      () => fresh.drop(),
    ]);
  }

  async close(): Promise<void> {
    for (const end of this.ends) await end();
  }

  async url(): Promise<string> {
    return (await this.app.getUrl()).replace('[::1]', '127.0.0.1');
  }

  /** A tenant with the product's own policy, some rules of its own, and an administrator, `user:root`. */
  async tenant(rules = '', more: object = {}): Promise<Caller> {
    const tenant = newId('tenant');
    const policy = rulesOf(rules, more);
    const administrator = {
      label: 'first',
      principal: 'user:root',
      kind: 'user',
      roles: ['administrator'],
      scopes: ['*'],
      expiresAt: Date.now() + 3_600_000,
    } as const;
    const opened = await openTenant(this.db, { tenant, name: 'test', policy, administrator, now: Date.now() });
    if (!opened.ok) throw new Error(opened.failure.message);
    return { tenant, token: opened.value.token! };
  }

  /** Another key of the tenant, put in place from outside: whoever it is for, and whatever its state. */
  async key(
    tenant: TenantId,
    of: {
      readonly principal?: string;
      readonly roles?: readonly string[];
      readonly scopes?: readonly string[];
      readonly expiresInMs?: number;
    } = {},
  ): Promise<Caller> {
    const { id, token } = mintKey();
    const expires = Date.now() + (of.expiresInMs ?? 3_600_000);
    await this.outsider.query(
      `insert into writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
       values ($1, $2, $3, 'test', $4, 'user', $5, $6, 'test', to_timestamp(0), to_timestamp($7::float8 / 1000))`,
      [tenant, id, hashOf(token), of.principal ?? 'user:somebody', of.roles ?? [], of.scopes ?? ['*'], expires],
    );
    return { tenant, token };
  }

  async publish(tenant: TenantId, documents: readonly unknown[]): Promise<void> {
    const done = await this.db.withTenant(tenant, (tx) => publish(tx, { tenant, author: 'user:root', documents }));
    if (!done.ok) throw new Error(done.failure.message);
  }

  async send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, sent: Sent = {}): Promise<Answer> {
    const headers = new Headers(sent.headers);
    if (sent.key) headers.set('authorization', `Bearer ${sent.key}`);
    // Where AuthZEN answers, a problem document is what is asked for.
    if (!headers.has('accept')) headers.set('accept', 'application/json, application/problem+json, */*');
    const body = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
    const response = await fetch(`${await this.url()}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson(response.headers) ? parsed(text) : {}) as Record<string, unknown>,
    };
    heldToContract(method, path, answer);
    return answer;
  }

  /** The tenant's own stream of evidence, whole and checked. */
  async tenantEvents({ tenant }: Caller): Promise<Record<string, unknown>[]> {
    const { rows } = await this.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [tenant],
    );
    const lines = rows.flatMap((row) => row.events.split('\n'));
    expect(checkChain(lines)).toMatchObject({ ok: true });
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  get(path: string, sent?: Sent): Promise<Answer> {
    return this.send('GET', path, sent);
  }

  post(path: string, sent?: Sent): Promise<Answer> {
    return this.send('POST', path, sent);
  }
}

const isJson = (headers: Headers): boolean =>
  /^application\/(json|problem\+json)/.test(headers.get('content-type') ?? '');
const parsed = (text: string): unknown => (text === '' ? undefined : JSON.parse(text));

/** Rules as a bundle of their own, with whatever else it holds. */
export function rulesOf(rules: string, more: object = {}): PolicyBundle {
  const bundle = parseBundle(JSON.stringify({ rules, ...more }));
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

/** The rules in force and more of them, as `POST /v1/config/apply` takes a policy. */
export const withRules = (bundle: { readonly rules: string }, rules: string): object => ({
  ...bundle,
  rules: `${bundle.rules}\n${rules}`,
});

/** Every answer fits its operation's schema with nothing left over, and every refusal is a whole problem. */
function heldToContract(method: string, path: string, answer: Answer): void {
  expect(answer.headers.get('x-request-id')).toMatch(/^\S+$/);
  expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const type = answer.headers.get('content-type') ?? '';
  if (type.startsWith('application/problem+json')) {
    const problem = Problem.parse(answer.body);
    expect(problem).toEqual(answer.body);
    expect(problem.status).toBe(answer.status);
    expect(problem.request_id).toBe(answer.headers.get('x-request-id'));
    return;
  }
  if (answer.status === 304) return;
  const at = path.split('?')[0]!;
  const fitting = Object.values(ROUTES as { [operation: string]: Route }).filter(
    (one) =>
      one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, one.rest ? '.+' : '[^/]+')}$`).test(at),
  );
  // As the router has it: a path as it stands before one with parameters.
  const route = fitting.find((one) => one.path === at) ?? fitting[0];
  const outcome = route?.responses[answer.status];
  const schema = outcome?.schema;
  if (!schema) throw new Error(`${method} ${path} answered ${answer.status}, which the contract does not describe`);
  const media = [outcome.media ?? 'application/json', outcome.also?.media].filter((each) => each !== undefined);
  expect(media).toContain(type.split(';')[0]);
  if (isJson(answer.headers)) expect(schema.parse(answer.body)).toEqual(answer.body);
}

export { eventually } from '../support/until';
