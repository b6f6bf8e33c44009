import {
  functionTransport,
  mcpTransport,
  openAiProvider,
  type ScriptedModel,
  startScriptedModel,
  type ToolFunction,
  ToolGateway,
  EgressGuard,
  httpTransport,
  readEgressRules,
} from '@writ/gateways';
import type { JsonObject, Principal, RunId } from '@writ/kernel';
import type { PolicyBundle } from '@writ/policy';
import { type Engine, type RunEvent, type StartRunInput } from '@writ/engine';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { until } from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

const accountable = { owner: 'desk', purpose: 'answers questions and pays refunds' };

const tool = (name: string, effect: string | null, extra: object = {}): object => ({
  kind: 'tool',
  name,
  description: `the tool ${name}`,
  ...(effect !== null && { effect }),
  endpoint: { type: 'function', function: name },
  input: { type: 'object', properties: { order: { type: 'string' }, amount: { type: 'number' } } },
  timeout_ms: 20_000,
  max_bytes: 65_536,
  max_attempts: 2,
  ...extra,
});

/** Long enough for a call that hangs; what answers has all the time it needs on a busy machine. */
const HANGS_MS = 400;

export const documents: readonly object[] = [
  {
    kind: 'model',
    name: 'scripted',
    model: 'scripted',
    base_url_env: 'DESK_MODEL_URL',
    api_key_env: null,
    timeout_ms: 20_000,
    max_attempts: 2,
  },
  tool('look', 'read'),
  tool('pay', 'irreversible', { resource: { type: 'order', id: '/order' } }),
  tool('quiet', null),
  ...['throws', 'huge', 'nul', 'surrogate', 'bigint'].map((name) => tool(name, 'read')),
  tool('hangs', 'read', { timeout_ms: HANGS_MS }),
  tool('hangs_hard', 'irreversible', { timeout_ms: HANGS_MS }),
  tool('owner_of', 'read'),
  { kind: 'resolver', name: 'order_owner', resource: 'order', attribute: 'owner', tool: 'owner_of', argument: 'order' },
  {
    kind: 'agent',
    name: 'clerk',
    ...accountable,
    model: 'scripted',
    instructions: 'You are the clerk.',
    tools: ['look', 'pay', 'quiet', 'throws', 'hangs', 'hangs_hard', 'huge', 'nul', 'surrogate', 'bigint'],
    handoffs: ['cashier'],
  },
  {
    kind: 'agent',
    name: 'cashier',
    ...accountable,
    model: 'scripted',
    instructions: 'You are the cashier.',
    tools: ['look', 'pay'],
    handoffs: ['clerk'],
  },
  {
    kind: 'workflow',
    name: 'desk',
    ...accountable,
    root: { type: 'swarm', entry: 'clerk', agents: ['clerk', 'cashier'] },
  },
  { kind: 'workflow', name: 'look_twice', ...accountable, root: pipeline(['look', 'look']) },
  {
    kind: 'workflow',
    name: 'pay_once',
    ...accountable,
    root: { type: 'tool', tool: 'pay', args: { order: { $from: '/input/order' } } },
  },
  { kind: 'workflow', name: 'waits', ...accountable, root: { type: 'wait', signal: 'go' } },
  {
    kind: 'workflow',
    name: 'waits_then_looks',
    ...accountable,
    root: {
      type: 'sequence',
      steps: [
        { id: 'wait', node: { type: 'wait', signal: 'go' } },
        { id: 'look', node: { type: 'tool', tool: 'look', args: {} } },
      ],
    },
  },
];

function pipeline(tools: readonly string[]): object {
  return {
    type: 'sequence',
    steps: tools.map((name, i) => ({ id: `s${i}`, node: { type: 'tool', tool: name, args: {} } })),
  };
}

/** Everybody may do everything, but `pay`, which only the owner of the order may have done for them. */
export const policy: PolicyBundle = {
  rules: [
    ...['user:*', 'agent:clerk', 'agent:cashier'].flatMap((who) => [
      `p, ${who}, {tenant}, model:*, model.invoke, , allow`,
      `p, ${who}, {tenant}, class:harmless, tool.invoke, , allow`,
      `p, ${who}, {tenant}, data:*, data.read, , allow`,
      `p, ${who}, {tenant}, tool:pay, tool.invoke, own_order, allow`,
    ]),
    ...['look', 'quiet', 'throws', 'hangs', 'hangs_hard', 'huge', 'nul', 'surrogate', 'bigint'].map(
      (name) => `g2, tool:${name}, class:harmless, {tenant}`,
    ),
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, user:*, {tenant}, agent:*, handoff, , allow',
    'p, user:boss, {tenant}, run:*, run.cancel, , allow',
    'p, user:boss, {tenant}, run:*, run.signal, , allow',
    'p, user:boss, {tenant}, run:*, run.reconcile, , allow',
    'p2, agent:clerk, agent:cashier, {tenant}, *, attenuate, , allow',
  ].join('\n'),
  conditions: { own_order: { eq: [{ path: 'resource.owner' }, { path: 'initiator.id' }] } },
  obligations: {},
  attributes: { 'order.owner': { type: 'string', max_age_ms: 0 } },
  limits: { handoff_depth: 10 },
};

export const OWNER = 'user:ann';

/** A desk with a scripted model and real doors, in this process. */
export interface Desk {
  readonly scenario: Scenario;
  readonly engine: Engine;
  readonly model: ScriptedModel;
  /** Names of the tools that were reached, in order. */
  readonly reached: string[];
  as(id: string): Principal;
  start(input: Partial<StartRunInput> & { readonly workflow: string }): Promise<RunId>;
  /** Waits until the run stands in one of these, then checks it whole. */
  stands(run: RunId, ...statuses: RunStatus[]): Promise<{ events: RunEvent[]; status: RunStatus }>;
  close(): Promise<void>;
}

/** `modelTimeoutMs`: for tests of models that do not answer. */
export async function openDesk({ modelTimeoutMs }: { readonly modelTimeoutMs?: number } = {}): Promise<Desk> {
  const model = await startScriptedModel();
  process.env['DESK_MODEL_URL'] = model.url;
  const reached: string[] = [];
  const noted =
    (name: string, work: ToolFunction): ToolFunction =>
    (args, context) => {
      reached.push(name);
      return work(args, context);
    };
  const never = (): Promise<never> => new Promise(() => undefined);
  const functions: Record<string, ToolFunction> = {
    look: () => ({ found: true }),
    pay: () => ({ paid: true }),
    quiet: () => 'done',
    throws: () => {
      throw new Error('the shelf is empty');
    },
    hangs: never,
    hangs_hard: never,
    huge: () => 'x'.repeat(50 * 1024 * 1024),
    nul: () => ({ text: 'a\u0000b' }),
    surrogate: () => '\ud800',
    bigint: () => 10n,
    owner_of: (args) => (args['order'] === '#1' ? OWNER : args['order'] === '#2' ? 'user:bob' : null),
  };
  const impatient = (one: object): object =>
    'model' in one && 'base_url_env' in one ? { ...one, timeout_ms: modelTimeoutMs } : one;
  const scenario = await openScenario({
    documents: modelTimeoutMs === undefined ? documents : documents.map(impatient),
    policy,
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: new ToolGateway({
        function: functionTransport({
          open,
          functions: Object.fromEntries(Object.entries(functions).map(([name, work]) => [name, noted(name, work)])),
        }),
        mcp: mcpTransport({ open, env: process.env }),
        http: httpTransport({ open, env: {}, guard: new EgressGuard({ rules: readEgressRules(undefined) }) }),
      }),
    }),
    options: { concurrency: 32, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
  });
  const { tenant, engine, outsider } = scenario;
  const as = (id: string): Principal => ({ tenant, kind: 'user', id, roles: [] });
  return {
    scenario,
    engine,
    model,
    reached,
    as,
    async start(input) {
      const started = await engine.commands.start({ tenant, caller: as(OWNER), input: {}, ...input });
      if (!started.ok) throw new Error(`${started.failure.code}: ${started.failure.message}`);
      return started.value.run;
    },
    async stands(run, ...statuses) {
      const { rows } = await until(`run ${run} to be ${statuses.join(' or ')}`, async () => {
        const found = await outsider.query<{ status: RunStatus }>(`select status from writ.run where id = $1`, [run]);
        return statuses.includes(found.rows[0]!.status) ? found : null;
      }).catch(async (error: Error) => {
        const now = await outsider.query<{ status: string; wait: string }>(
          `select status, wait from writ.run where id = $1`,
          [run],
        );
        throw new Error(`${error.message}; it is ${JSON.stringify(now.rows[0])}`);
      });
      void rows;
      return checkRun(outsider, run);
    },
    async close() {
      await scenario.close();
      await model.close();
    },
  };
}

/** What the desk's agents are told and say, as one script. */
export const say = (desk: Desk, id: string, turns: readonly object[]): JsonObject => {
  desk.model.play({ [id]: { turns: turns as never } });
  return { script: id };
};
