import { type GroupCommit, openGroupCommit } from '@writ/database';
import { type Engine, openEngine } from '@writ/engine';
import { functionTransport, openAiProvider, type ScriptedModel, startScriptedModel } from '@writ/gateways';
import { canonicalJson, systemClock } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { until } from '../support/until';
import { faultsOf } from '../verify/recorded';
import { ApiServer, type Answer, type Caller } from './server';

const accountable = { owner: 'team:desk', purpose: 'Answers.' };
const agent = (name: string, more: object): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const DOCUMENTS = [
  { kind: 'model', name: 'scripted', model: 'scripted', base_url_env: 'GIVEN_MODEL_URL', api_key_env: null },
  {
    kind: 'tool',
    name: 'work',
    effect: 'read',
    input: { type: 'object', properties: {} },
    endpoint: { type: 'function', function: 'work' },
  },
  agent('asker', {
    consults: ['asked'],
    gives: { asked: { tools: ['work'], uses: 3, depth: 0, lasts_ms: 3_600_000 } },
  }),
  agent('asked', { tools: ['work'] }),
  { kind: 'workflow', name: 'desk', ...accountable, root: { type: 'agent', agent: 'asker' } },
];
const RULES = [
  'p, *, {tenant}, model:*, model.invoke, , allow',
  'p, *, {tenant}, tool:*, tool.invoke, , allow',
  'p, *, {tenant}, agent:*, delegate, , allow',
  'p2, agent:asker, agent:asked, {tenant}, *, attenuate, , allow',
].join('\n');

describe('what agents of a run gave each other to do', () => {
  let server: ApiServer;
  let model: ScriptedModel;
  let writer: GroupCommit;
  let worker: Engine;
  let admin: Caller;
  let run: string;
  let working = 0;
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));

  beforeAll(async () => {
    server = await ApiServer.open();
    model = await startScriptedModel();
    process.env['GIVEN_MODEL_URL'] = model.url;
    const config = { url: server.ownerUrl, role: 'writer', allowUnsafeDurability: true } as const;
    writer = await openGroupCommit(config, { clock: systemClock });
    worker = openEngine({
      db: server.db,
      writer,
      doors: (open) => ({
        models: openAiProvider({ open, env: process.env }),
        tools: functionTransport({
          open,
          functions: {
            work: async () => {
              working += 1;
              await gone;
              return 'worked';
            },
          },
        }),
      }),
      build: 'test',
    });
    await worker.start();
    admin = await server.tenant(RULES);
    await server.publish(admin.tenant, DOCUMENTS);
    const turns = {
      asker: [{ calls: [{ name: 'ask_asked', arguments: { task: 'script:given' } }] }, { text: 'over' }],
      asked: [{ calls: [{ name: 'work', arguments: {} }] }, { text: 'never said' }],
    };
    const agents = Object.entries(turns).map(([name, said]) => ({
      instructions: `You are ${name}.`,
      turns: said as never,
    }));
    model.play({ given: { agents, final: 'done' } });
    const input = { message: 'script:given please' };
    const started = await server.post('/v1/runs', { key: admin.token, body: { workflow: 'desk', input } });
    run = started.body['id'] as string;
    await until('the tool to be called', () => working > 0);
  });
  afterAll(async () => {
    letGo();
    await worker.close(5_000);
    await writer.close();
    await model.close();
    await server.close();
  });

  const list = (caller: Caller): Promise<Answer> => server.get(`/v1/runs/${run}/delegations`, { key: caller.token });
  const revoke = (caller: Caller, delegation: string, key?: string): Promise<Answer> =>
    server.post(`/v1/runs/${run}/delegations/${delegation}/revoke`, {
      key: caller.token,
      body: { reason: 'the wrong order' },
      ...(key !== undefined && { headers: { 'idempotency-key': key } }),
    });

  it('is listed with its bounds, taken back by who may, once, and stops what it was given for', async () => {
    const listed = await list(admin);
    expect(listed.body).toMatchObject({
      under: [],
      data: [
        {
          run,
          parent: null,
          root: { kind: 'user', id: 'user:root' },
          from: 'asker',
          to: { agent: 'asked' },
          how: 'question',
          mode: 'attenuate',
          tools: [{ tool: 'work' }],
          depth: 0,
          labels: null,
          budget: { tool_calls: 3 },
          used: 1,
          state: 'active',
          revoked: null,
        },
      ],
    });
    const [{ id }] = listed.body['data'] as [{ id: string }];
    const stranger = await server.tenant();
    const developer = await server.key(admin.tenant, { principal: 'user:dev', roles: ['developer'] });
    expect((await list(developer)).status).toBe(200);
    expect((await revoke(developer, id)).body).toMatchObject({ code: 'policy_denied' });
    expect([(await list(stranger)).status, (await revoke(stranger, id)).status]).toEqual([404, 404]);
    expect((await revoke(admin, 'dlg_01k8x0q3wsf5z8k2m4n6p8r0t4')).body).toMatchObject({ code: 'not_found' });

    const taken = await revoke(admin, id, 'once');
    expect([taken.status, taken.body]).toMatchObject([
      200,
      { id, state: 'revoked', revoked: { by: 'user:root', reason: 'the wrong order' } },
    ]);
    expect((await revoke(admin, id, 'once')).text).toBe(taken.text);
    // Taking back what was taken back says when that was, and is no second event.
    expect((await revoke(admin, id)).body['revoked']).toEqual(taken.body['revoked']);
    const told = (await server.tenantEvents(admin)).filter(({ type }) => type === 'delegation.revoked');
    expect(told).toMatchObject([{ actor: 'user:root', object: { type: 'delegation', id }, detail: { run } }]);

    letGo();
    await until('the run to end', async () => {
      const read = await server.get(`/v1/runs/${run}`, { key: admin.token });
      return read.body['status'] === 'succeeded';
    });
    const { events } = await checkRun(server.outsider, run);
    expect(events.filter((event) => event.type === 'step_denied')).toMatchObject([
      { agent: 'asked', kind: 'model', decision: { reason: 'delegation_revoked' } },
    ]);
  });

  it('[I3] [I6] is told by evidence alone: whoever reads it offline names an allow that came after it was taken back', async () => {
    const { rows } = await server.outsider.query<{ run: string; events: string }>(
      `select run, writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run in ('tenant', $2) order by run, seq`,
      [admin.tenant, run],
    );
    const lines = rows.flatMap(({ events }) => events.split('\n')).filter((line) => line !== '');
    const parsed = lines.map(
      (line) => JSON.parse(line) as { type: string; actor?: string; action?: string; detail?: { epoch?: number } },
    );
    const epoch = parsed.find(({ type }) => type === 'delegation.revoked')?.detail?.epoch;
    const allow = parsed.findIndex(
      ({ type, actor, action }) => type === 'action.authorized' && actor === 'agent:asked' && action === 'tool.invoke',
    );
    expect([typeof epoch, allow >= 0]).toEqual(['number', true]);
    const forged = lines.with(allow, canonicalJson({ ...parsed[allow]!, authority: { tenant: epoch!, platform: 1 } }));
    // The log may hold the tenant's own events before those of its runs, or after them.
    for (const turn of [0, 1]) {
      const tenantFirst = (told: readonly string[]) =>
        told.toSorted(
          (a, b) =>
            (turn === 0 ? 1 : -1) * (Number(b.includes('"run":"tenant"')) - Number(a.includes('"run":"tenant"'))),
        );
      expect(faultsOf(admin.tenant, tenantFirst(lines))).toEqual([]);
      const told = tenantFirst(forged);
      expect(faultsOf(admin.tenant, told)).toEqual([
        [told.indexOf(forged[allow]!), expect.stringMatching(/^Delegation "dlg_.*was revoked/)],
      ]);
    }
  });

  it('is searched for ahead of time: which agent reaches which tool, through whom', async () => {
    const reach = (query: string, caller = admin): Promise<Answer> =>
      server.get(`/v1/policies/reach${query}`, { key: caller.token });
    const all = await reach('?tool=work');
    expect(all.body).toMatchObject({ complete: true, agents: 2 });
    const ways = (all.body['data'] as { from: string; steps: { to: string; mode: string }[] }[]).map(
      ({ from, steps }) => [from, ...steps.map(({ to, mode }) => `${mode} ${to}`)],
    );
    expect(ways).toEqual([['asked'], ['asker', 'attenuate asked']]);
    expect((await reach('?deputies=true')).body['data']).toEqual([]);
    expect((await reach('?tool=other&from=asker')).body['data']).toEqual([]);
    const nobody = await server.key(admin.tenant, { principal: 'user:nobody' });
    expect((await reach('', nobody)).body).toMatchObject({ code: 'policy_denied' });
  });
});
