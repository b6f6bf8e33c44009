import { WritClient, WritError } from '@writ/sdk';
import { DOCUMENTS, START } from './documents';
import { ApiServer, type Caller, withRules } from './server';

let server: ApiServer;
let admin: Caller;
let client: WritClient;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  client = new WritClient({ url: await server.url(), apiKey: admin.token });
});
afterAll(() => server.close());

async function refusal(call: Promise<unknown>): Promise<WritError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof WritError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe('the client over the real server', () => {
  it('publishes, starts, reads and cancels', async () => {
    expect((await client.system.me()).principal).toBe('user:root');
    const applied = await client.config.apply({ documents: [...DOCUMENTS] });
    expect(applied.documents.map((one) => one.changed)).toEqual([true, true, true]);
    const started = await client.runs.start(START);
    const run = await client.runs.get(started.id);
    expect(run).toMatchObject({ status: 'queued', workflow: 'desk' });
    const events = [];
    for await (const event of client.runs.events(started.id)) events.push(event.type);
    expect(events).toEqual(['run_started']);
    await expect(client.runs.cancel(started.id, { reason: 'enough' })).resolves.toEqual({ accepted: true });
    const names = [];
    for await (const workflow of client.config.workflows({ limit: 1 })) names.push(workflow.name);
    expect(names).toEqual(['desk']);
  });

  it('walks the audit log to its end, page by page', async () => {
    const types: string[] = [];
    for await (const event of client.audit.events({ limit: 2 })) types.push(event.type);
    expect(types).toEqual(expect.arrayContaining(['tenant.created', 'policy.activated', 'key.created', 'run.started']));
  });

  it('replaces the policy it has seen, and no other', async () => {
    const { etag, policy } = await client.policies.active();
    const bundle = withRules(
      policy.bundle as { rules: string },
      'p, user:y, {tenant}, stop:*, stop.read, , allow, , y',
    );
    const apply = () => client.config.apply({ policy: { bundle: bundle as typeof policy.bundle } }, { ifMatch: etag });
    expect((await apply()).policy?.changed).toBe(true);
    const stale = await refusal(apply());
    expect([stale.code, stale.status, stale.retryable]).toEqual(['version_mismatch', 412, false]);
  });

  it('gives a key, stops with it, and learns by code what it may not do', async () => {
    const key = await client.apiKeys.create({
      label: 'stopper',
      roles: ['administrator'],
      scopes: ['stop.*'],
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    });
    const stopper = new WritClient({ url: await server.url(), apiKey: key.secret! });
    const stop = await stopper.stops.set({ scope: 'tool', target: 'pay', reason: 'r' });
    const listed = [];
    for await (const one of stopper.stops.list()) listed.push(one.id);
    expect(listed).toEqual([stop.id]);
    expect((await stopper.stops.release(stop.id, { reason: 'over' })).released_by).toBe('user:root');
    expect((await refusal(stopper.runs.start(START))).code).toBe('insufficient_scope');
    await client.apiKeys.revoke(key.id);
    expect((await refusal(stopper.system.me())).code).toBe('key_revoked');
  });

  it('explains a refusal from its error', async () => {
    const { token } = await server.key(admin.tenant, { principal: 'user:nobody' });
    const nobody = new WritClient({ url: await server.url(), apiKey: token });
    const denied = await refusal(nobody.runs.start(START));
    expect(denied.code).toBe('policy_denied');
    const decision = await client.decisions.get(denied.problem!.decision_id!);
    expect(decision).toMatchObject({ action: 'run.start', verdict: 'deny' });
    expect(denied.requestId).toBe(denied.problem!.request_id);
  });
});
