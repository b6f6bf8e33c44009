import { functionTransport, type ToolFunction } from '@writ/gateways';
import type { Json, JsonObject, RunId } from '@writ/kernel';
import type { RunEvent, StartRunInput } from '@writ/engine';
import type { PolicyBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScenario, type Scenario, type ScenarioOptions } from '../support/scenario';
import { until } from '../support/until';

const TOOLS = { echo: 'read', slow: 'read', fails: 'read', pay: 'irreversible', refund: 'irreversible', odd: 'read' };

const accountable = { owner: 'tests', purpose: 'shows how branches come together' };

export const tool = (name: string, args: object = {}): object => ({ type: 'tool', tool: name, args });
export const from = (pointer: string): object => ({ $from: pointer });

export const branchPolicy: PolicyBundle = {
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, user:*, {tenant}, run:*, run.signal, , allow',
    'p, user:*, {tenant}, run:*, run.cancel, , allow',
    ...Object.keys(TOOLS).map((name) => `p, user:*, {tenant}, tool:${name}, tool.invoke, , allow`),
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const policyWith = (tools: readonly string[]): PolicyBundle => ({
  ...branchPolicy,
  rules: [branchPolicy.rules, ...tools.map((name) => `p, user:*, {tenant}, tool:${name}, tool.invoke, , allow`)].join(
    '\n',
  ),
});

/** Workflows of tools that run in this process, without agents: what branches do to one another, and nothing else. */
export interface BranchWorld {
  readonly scenario: Scenario;
  /** `name args` of each tool that was reached, in order. */
  readonly reached: string[];
  /** How many tools were under way at once, at most. */
  readonly most: () => number;
  start(workflow: string, input?: Partial<StartRunInput>): Promise<RunId>;
  /** Waits until the run stands in one of these statuses (or is over), then checks it whole. */
  stands(run: RunId, ...statuses: RunStatus[]): Promise<{ events: RunEvent[]; status: RunStatus; output: Json }>;
  /** Starts a run and waits until it is over. */
  play(workflow: string, input?: Partial<StartRunInput>): ReturnType<BranchWorld['stands']>;
  close(): Promise<void>;
}

export interface MoreParts extends Pick<ScenarioOptions, 'snapshotEvery' | 'patienceMs'> {
  /** Tools of a test's own: the members of their documents beside name and endpoint, and what they do. */
  readonly tools?: { readonly [name: string]: { readonly document: object; readonly work: ToolFunction } };
}

export async function openBranchWorld(
  workflows: { readonly [name: string]: object },
  { tools = {}, ...more }: MoreParts = {},
): Promise<BranchWorld> {
  const reached: string[] = [];
  let now = 0;
  let most = 0;
  const noted =
    (name: string, work: ToolFunction): ToolFunction =>
    async (args, context) => {
      reached.push(`${name} ${JSON.stringify(args)}`);
      most = Math.max(most, ++now);
      try {
        return await work(args, context);
      } finally {
        now -= 1;
      }
    };
  const functions: Record<string, ToolFunction> = {
    echo: (args) => args['say'] ?? args,
    slow: (args, { signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve(args['say'] ?? 'slow'), Number(args['ms'] ?? 200));
        signal.addEventListener('abort', () => (clearTimeout(timer), reject(new Error('aborted'))));
      }),
    fails: () => {
      throw new Error('it always fails');
    },
    pay: (args) => ({ paid: args['amount'] ?? 1, receipt: `r${String(args['amount'] ?? 1)}` }),
    refund: (args) => ({ refunded: args['receipt'] ?? null }),
    odd: (args) => Number(args['n']) % 2 === 1,
    ...Object.fromEntries(Object.entries(tools).map(([name, { work }]) => [name, work])),
  };
  const documents = [
    ...Object.entries(TOOLS).map(([name, effect]) => ({
      kind: 'tool',
      name,
      effect,
      endpoint: { type: 'function', function: name },
      max_attempts: 1,
      timeout_ms: 150_000,
    })),
    ...Object.entries(tools).map(([name, { document }]) => ({
      kind: 'tool',
      name,
      endpoint: { type: 'function', function: name },
      max_attempts: 1,
      ...document,
    })),
    ...Object.entries(workflows).map(([name, root]) => ({ kind: 'workflow', name, ...accountable, root })),
  ];
  const scenario = await openScenario({
    documents,
    policy: policyWith(Object.keys(tools)),
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('nobody speaks here')) },
      tools: functionTransport({
        open,
        functions: Object.fromEntries(Object.entries(functions).map(([name, work]) => [name, noted(name, work)])),
      }),
    }),
    options: { concurrency: 32, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
    ...more,
  });
  const { tenant, engine, outsider, caller } = scenario;
  const world: BranchWorld = {
    scenario,
    reached,
    most: () => most,
    async start(workflow, input = {}) {
      const started = await engine.commands.start({ tenant, caller, workflow, input: {}, ...input });
      if (!started.ok) throw new Error(`${started.failure.code}: ${started.failure.message}`);
      return started.value.run;
    },
    async stands(run, ...statuses) {
      let status: RunStatus = 'queued';
      await until(`run ${run} to be ${statuses.join(' or ') || 'over'}`, async () => {
        const { rows } = await outsider.query<{ status: RunStatus }>(`select status from writ.run where id = $1`, [
          run,
        ]);
        status = rows[0]?.status ?? 'queued';
        return statuses.length > 0 ? statuses.includes(status) : isFinal(status);
      });
      const checked = await checkRun(outsider, run);
      const last = checked.events.at(-1);
      return { ...checked, output: last?.type === 'run_finished' ? last.output : null };
    },
    play: async (workflow, input) => world.stands(await world.start(workflow, input)),
    close: () => scenario.close(),
  };
  return world;
}

export const input = (value: JsonObject): { readonly input: JsonObject } => ({ input: value });
