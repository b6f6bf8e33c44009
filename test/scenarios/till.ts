import { type Engine, openEngine, type RunEvent } from '@writ/engine';
import { functionTransport, openAiProvider, type ScriptedModel, startScriptedModel } from '@writ/gateways';
import type { JsonObject, Principal, RunId } from '@writ/kernel';
import type { PolicyBundle } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { until } from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

const accountable = { owner: 'till', purpose: 'pays when people agree' };

const payment = (amount: number): object => ({ type: 'tool', tool: 'pay', args: { order: 'A', amount } });

const documents: readonly object[] = [
  {
    kind: 'tool',
    name: 'pay',
    description: 'pays an amount for an order',
    effect: 'irreversible',
    endpoint: { type: 'function', function: 'pay' },
    resource: { type: 'order', id: '/order' },
    input: {
      type: 'object',
      properties: { order: { type: 'string' }, amount: { type: 'number', minimum: 0 } },
      required: ['order', 'amount'],
      additionalProperties: false,
    },
  },
  {
    kind: 'model',
    name: 'scripted',
    model: 'scripted',
    base_url_env: 'TILL_MODEL_URL',
    api_key_env: null,
    timeout_ms: 20_000,
    max_attempts: 2,
  },
  {
    kind: 'agent',
    name: 'clerk',
    ...accountable,
    model: 'scripted',
    instructions: 'You pay refunds.',
    tools: ['pay'],
  },
  { kind: 'workflow', name: 'desk', ...accountable, root: { type: 'agent', agent: 'clerk' } },
  {
    kind: 'workflow',
    name: 'interview',
    ...accountable,
    root: {
      type: 'sequence',
      steps: [
        {
          id: 'how_much',
          node: {
            type: 'input',
            question: 'How much does the customer get back?',
            schema: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
            role: 'support',
            timeout_ms: 60_000,
          },
        },
        {
          id: 'pay',
          node: {
            type: 'tool',
            tool: 'pay',
            args: { order: 'A', amount: { $from: '/steps/how_much/output/amount' } },
          },
        },
        { id: 'tell', node: { type: 'agent', agent: 'clerk', input: { script: { $from: '/input/script' } } } },
      ],
    },
  },
  {
    kind: 'workflow',
    name: 'brief',
    ...accountable,
    root: { type: 'input', question: 'Are you there?', schema: { type: 'boolean' }, timeout_ms: 3_000 },
  },
  {
    kind: 'workflow',
    name: 'beside',
    ...accountable,
    root: {
      type: 'fanout',
      branches: [
        { key: 'asked', node: payment(100) },
        { key: 'also', node: payment(200) },
        {
          key: 'free',
          node: {
            type: 'sequence',
            steps: [1, 2, 3].map((amount) => ({ id: `s${amount}`, node: payment(amount) })),
          },
        },
      ],
      merge: { policy: 'all' },
    },
  },
  {
    kind: 'workflow',
    name: 'first',
    ...accountable,
    root: {
      type: 'fanout',
      branches: [
        { key: 'asked', node: payment(100) },
        { key: 'free', node: payment(1) },
      ],
      merge: { policy: 'first_success' },
    },
  },
  {
    kind: 'workflow',
    name: 'pay',
    ...accountable,
    root: { type: 'tool', tool: 'pay', args: { order: { $from: '/input/order' }, amount: { $from: '/input/amount' } } },
  },
];

export const ASK = { type: 'require_approval', values: { count: 1, roles: ['payments'] } } as const;
/** People who hold the role by the policy itself. */
export const PAYERS = Array.from({ length: 50 }, (_, i) => `user:p${i}`);

export const paying = (
  more: {
    readonly values?: object;
    readonly rules?: readonly string[];
    readonly payers?: readonly string[];
    readonly allow?: string;
  } = {},
): PolicyBundle => ({
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, user:*, {tenant}, model:*, model.invoke, , allow',
    'p, agent:clerk, {tenant}, model:*, model.invoke, , allow',
    'p, agent:clerk, {tenant}, tool:pay, tool.invoke, , allow',
    'p, user:*, {tenant}, tool:pay, tool.invoke, small, allow, , free-pay',
    more.allow ?? 'p, user:*, {tenant}, tool:pay, tool.invoke, large, allow, ask, asked-pay',
    'p, user:*, {tenant}, approval:*, approval.*, , allow',
    'p, user:*, {tenant}, run:*, run.*, , allow',
    ...(more.payers ?? PAYERS).map((id) => `g, ${id}, role:payments, {tenant}`),
    ...(more.rules ?? []),
  ].join('\n'),
  conditions: {
    small: { lt: ['args./amount', 10] },
    large: { gte: ['args./amount', 10] },
  },
  obligations: { ask: { type: ASK.type, values: { ...ASK.values, ...more.values } as never } },
  attributes: {},
  limits: { handoff_depth: 10 },
});

/** A till whose runs nobody leads until somebody is told to: what happens in between is the test's to choose. */
export interface Till {
  readonly scenario: Scenario;
  readonly model: ScriptedModel;
  /** Arguments of each payment that was made. */
  readonly paid: JsonObject[];
  as(id: string, roles?: readonly string[]): Principal;
  pay(amount: number): Promise<RunId>;
  start(workflow: string, input?: JsonObject): Promise<RunId>;
  talk(id: string, turns: readonly object[]): Promise<RunId>;
  /** Leads runs until this one stands so, then lets go of everything; the run is checked whole. */
  lead(run: RunId, ...statuses: RunStatus[]): Promise<{ readonly events: readonly RunEvent[] }>;
  /** Leads runs for as long as `work` lasts. */
  leading<T>(work: (engine: Engine) => Promise<T>): Promise<T>;
  /** Id of the request the run waits for. */
  asked(run: RunId): Promise<string>;
  vote(id: string, approval: string, verdict?: 'approve' | 'reject', comment?: string): ReturnType<Vote>;
  status(approval: string): Promise<{ readonly status: string; readonly reason: string | null }>;
  close(): Promise<void>;
}
type Vote = Engine['approvals']['commands']['vote'];

export async function openTill(): Promise<Till> {
  const model = await startScriptedModel();
  process.env['TILL_MODEL_URL'] = model.url;
  const scenario = await openScenario({ documents, policy: paying() });
  const { tenant, db, writer, engine, outsider } = scenario;
  const paid: JsonObject[] = [];
  const as = (id: string, roles: readonly string[] = []): Principal => ({ tenant, kind: 'user', id, roles });
  const start = async (workflow: string, input: JsonObject = {}): Promise<RunId> => {
    const started = await engine.commands.start({ tenant, caller: as('user:ann'), workflow, input });
    if (!started.ok) throw new Error(`${started.failure.code}: ${started.failure.message}`);
    return started.value.run;
  };
  const leading = async <T>(work: (one: Engine) => Promise<T>): Promise<T> => {
    const leader = openEngine({
      db,
      writer,
      doors: (open) => ({
        models: openAiProvider({ open, env: process.env }),
        tools: functionTransport({
          open,
          functions: {
            pay: (args) => {
              paid.push(args);
              return { paid: true };
            },
          },
        }),
      }),
      options: { concurrency: 16, heartbeatMs: 500, sweepMs: 50, mailMs: 50 },
    });
    await leader.start();
    try {
      return await work(leader);
    } finally {
      await leader.close(5_000);
    }
  };
  const stands = async (run: RunId, statuses: readonly RunStatus[]): Promise<boolean> => {
    const { rows } = await outsider.query<{ status: RunStatus }>(`select status from writ.run where id = $1`, [run]);
    return statuses.includes(rows[0]!.status);
  };
  return {
    scenario,
    model,
    paid,
    as,
    leading,
    pay: (amount) => start('pay', { order: 'A', amount }),
    start,
    talk: (id, turns) => {
      model.play({ [id]: { turns: turns as never } });
      return start('desk', { script: id });
    },
    async lead(run, ...statuses) {
      await leading(() => until(`${run} to be ${statuses.join(' or ')}`, () => stands(run, statuses)));
      return checkRun(outsider, run);
    },
    async asked(run) {
      const { rows } = await outsider.query<{ wait: string | null }>(`select wait from writ.run where id = $1`, [run]);
      const wait = rows[0]?.wait ?? null;
      return wait === null ? '' : ((JSON.parse(wait) as { approval?: string }).approval ?? '');
    },
    vote: (id, approval, verdict = 'approve', comment = '') =>
      engine.approvals.commands.vote({ tenant, caller: as(id), approval, verdict, comment }),
    async status(approval) {
      const { rows } = await outsider.query<{ status: string; reason: string | null }>(
        `select status, reason from writ.approval where id = $1`,
        [approval],
      );
      return rows[0]!;
    },
    async close() {
      await scenario.close();
      await model.close();
    },
  };
}
