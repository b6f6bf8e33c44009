import {
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  readEgressRules,
  ToolGateway,
} from '@writ/gateways';
import type { JsonObject, RunId } from '@writ/kernel';
import type { RunStatus } from '@writ/words';
import { answerJson, httpPeer, type HttpServicePeer } from '../gateways/peers/http-peer';
import { checkRun } from '../support/check-run';
import { until } from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

const accountable = { owner: 'shop', purpose: 'pays refunds' };
const CANARY = 'canary-8d1f4e0b77aa';

const documents = (origin: string): readonly object[] => [
  { kind: 'http_service', name: 'payments', origin, headers_env: { authorization: 'PAYMENTS_TOKEN' } },
  ...(['idempotent', 'irreversible'] as const).map((effect) => ({
    kind: 'tool',
    name: `refund_${effect}`,
    effect,
    input: {
      type: 'object',
      properties: { order: { type: 'string' }, cents: { type: 'integer' } },
      required: ['order', 'cents'],
    },
    endpoint: {
      type: 'http',
      service: 'payments',
      method: 'POST',
      path: '/v1/orders/{order}/refunds',
      body: { amount_cents: { $from: '/cents' } },
      idempotency_key: 'idempotency-key',
      attempt: 'x-attempt',
    },
    timeout_ms: 20_000,
  })),
  ...(['idempotent', 'irreversible'] as const).map((effect) => ({
    kind: 'workflow',
    name: `w_${effect}`,
    ...accountable,
    root: { type: 'tool', tool: `refund_${effect}`, args: { order: { $from: '/input/order' }, cents: 500 } },
  })),
];

const rules = [
  'p, user:*, {tenant}, workflow:*, run.start, , allow',
  'p, user:*, {tenant}, tool:*, tool.invoke, , allow',
];

describe('a run with an HTTP tool', () => {
  let peer: HttpServicePeer;
  let scenario: Scenario;
  /** Refunds by key, as a service that keeps its promise remembers them. */
  const paid = new Map<string, number>();
  let losing = 0;

  beforeAll(async () => {
    peer = await httpPeer((request, response) => {
      const key = String(request.headers['idempotency-key']);
      paid.set(key, paid.get(key) ?? paid.size + 1);
      // The refund is made and its answer lost.
      if (losing > 0) {
        losing -= 1;
        response.socket?.resetAndDestroy();
        return;
      }
      answerJson(response, { refund: paid.get(key), echo: request.headers });
    });
    const origin = `http://127.0.0.1:${peer.port}`;
    const env = { PAYMENTS_TOKEN: `Bearer ${CANARY}` };
    const guard = new EgressGuard({ rules: readEgressRules(`${origin};private;secret=PAYMENTS_TOKEN`) });
    scenario = await openScenario({
      documents: documents(origin),
      policy: { rules: rules.join('\n'), conditions: {}, obligations: {}, attributes: {}, limits: {} } as never,
      doors: (open) => ({
        models: { complete: () => Promise.reject(new Error('no model here')) },
        tools: new ToolGateway({
          function: functionTransport({ open, functions: {} }),
          mcp: mcpTransport({ open, env: {} }),
          http: httpTransport({ open, env, guard }),
        }),
      }),
    });
  });
  afterAll(async () => {
    await scenario?.close();
    await peer?.close();
  });
  beforeEach(() => {
    paid.clear();
    peer.heard.length = 0;
  });

  async function play(workflow: string, input: JsonObject, ...ends: RunStatus[]) {
    const { engine, tenant, caller, outsider } = scenario;
    const started = await engine.commands.start({ tenant, caller, workflow, input });
    if (!started.ok) throw new Error(started.failure.message);
    const { run } = started.value;
    await until(`${run} to be ${ends.join()}`, async () => {
      const { rows } = await outsider.query<{ status: RunStatus }>('select status from writ.run where id = $1', [run]);
      return ends.includes(rows[0]!.status) ? true : null;
    });
    return { run, ...(await checkRun(outsider, run)) };
  }

  it('is performed as published, with the step’s key and attempt', async () => {
    const { run } = await play('w_irreversible', { order: 'W 1' }, 'succeeded');
    expect(peer.heard).toMatchObject([
      {
        method: 'POST',
        target: '/v1/orders/W%201/refunds',
        body: '{"amount_cents":500}',
        headers: { authorization: `Bearer ${CANARY}`, 'x-attempt': '1' },
      },
    ]);
    expect(peer.heard[0]?.headers['idempotency-key']).toContain(run);
  });

  it('[I5] whose answer is lost is asked again with the same key, where its effect may be repeated', async () => {
    losing = 2;
    await play('w_idempotent', { order: 'W1' }, 'succeeded');
    expect(peer.heard.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '2', '3']);
    expect(paid.size).toBe(1);
  });

  it('[I5] whose answer is lost waits for a person, where it may not', async () => {
    losing = 1;
    await play('w_irreversible', { order: 'W1' }, 'waiting_reconciliation');
    expect(peer.heard).toHaveLength(1);
  });

  it('fails, with nothing sent, when its argument would change the path', async () => {
    const { events } = await play('w_irreversible', { order: '../../admin' }, 'failed');
    expect(JSON.stringify(events)).toContain('tool_arguments_unsendable');
    expect(peer.heard).toEqual([]);
  });

  it('leaves its secret in no table, though the service echoes it', async () => {
    const { run } = await play('w_irreversible', { order: 'W1' }, 'succeeded');
    const { outsider } = scenario;
    const tables = await outsider.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'writ'`,
    );
    expect(tables.rows.length).toBeGreaterThan(10);
    for (const { name } of tables.rows) {
      const found = await outsider.query<{ n: string }>(`select count(*) as n from ${name} t where t::text like $1`, [
        `%${CANARY}%`,
      ]);
      expect({ name, n: found.rows[0]?.n }).toEqual({ name, n: '0' });
    }
    const answers = await outsider.query<{ n: string }>(
      `select count(*) as n from writ.journal t where run = $1 and t::text like '%[redacted]%'`,
      [run as RunId],
    );
    expect(Number(answers.rows[0]?.n)).toBeGreaterThan(0);
  });
});
