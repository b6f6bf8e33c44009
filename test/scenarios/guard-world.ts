import type { ScriptedModel } from '@writ/gateways';
import type { RunEvent } from '@writ/engine';
import type { Json, JsonObject, RunId } from '@writ/kernel';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import type { Scenario } from '../support/scenario';
import { openScriptedScenario, SCRIPTED } from '../support/scripted-scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'has guardrails before it' };
const agent = (name: string, more: object = {}): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const workflow = (name: string, root: object, more: object = {}): object => ({
  kind: 'workflow',
  name,
  ...accountable,
  ...more,
  root,
});
const tool = (name: string, effect: string): object => ({
  kind: 'tool',
  name,
  effect,
  endpoint: { type: 'function', function: name },
});
const seq = (...nodes: object[]): object => ({
  type: 'sequence',
  steps: nodes.map((node, i) => ({ id: `s${i}`, node })),
});
const speak = (name: string): object => ({ type: 'agent', agent: name });
const given = (from: string): object => ({ message: { $from: from } });

const WORKFLOWS: readonly object[] = [
  workflow('alone', speak('ann')),
  workflow('chain', seq(speak('ann'), { ...speak('bob'), input: given('/steps/s0/output') })),
  workflow('fan', {
    type: 'fanout',
    branches: [
      { key: 'a', node: speak('ann') },
      { key: 'b', node: speak('bob') },
    ],
    merge: { policy: 'all' },
  }),
  workflow('team', { type: 'supervisor', supervisor: 'ann', workers: ['bob'] }),
  workflow('ways', {
    type: 'router',
    router: 'cas',
    routes: [
      { name: 'one', agent: 'ann' },
      { name: 'two', agent: 'bob' },
    ],
    fallback: { type: 'fail' },
  }),
  workflow('peers', { type: 'swarm', entry: 'ann', agents: ['ann', 'bob'], max_handoffs: 4 }),
  workflow('parent', seq({ type: 'run', workflow: 'alone', input: given('/input/message') }, speak('bob'))),
  workflow('posts', { type: 'tool', tool: 'post', args: { text: { $from: '/input/message' } } }),
];

const documents: readonly object[] = [
  { kind: 'model', name: 'scripted', ...SCRIPTED },
  tool('page', 'read'),
  tool('post', 'idempotent'),
  tool('judge', 'read'),
  agent('ann', { tools: ['page', 'post'], handoffs: ['bob'] }),
  agent('bob', { tools: ['page', 'post'] }),
  agent('cas'),
  ...WORKFLOWS,
];

export const RULES = `
rules: |
  p, *, {tenant}, workflow:*, run.start, , allow
  p, *, {tenant}, workflow:*, run.finish, , allow
  p, *, {tenant}, model:*, model.invoke, , allow
  p, *, {tenant}, tool:*, tool.invoke, , allow
  p, *, {tenant}, agent:*, delegate, , allow
  p, *, {tenant}, agent:*, handoff, , allow
  p, user:*, {tenant}, guardrail:*, guardrail.check, , allow
  p, agent:*, {tenant}, guardrail:*, guardrail.check, , allow
  p, user:owner, {tenant}, approval:*, approval.*, , allow
  p2, *, *, {tenant}, *, attenuate, , allow
obligations:
  ask_owner: { type: require_approval, values: { editable: true } }
guardrails:
`;

export interface GuardWorld {
  readonly scenario: Scenario;
  readonly model: ScriptedModel;
  /** What the tool `post` was called with. */
  readonly posted: string[];
  /** What the tool `judge` was asked, and what it answers. */
  readonly judged: JsonObject[];
  judge: (asked: JsonObject) => Json;
  /** What the tool `page` answers. */
  page: string;
  guard(guardrails: string): Promise<void>;
  /** Starts a workflow; each agent says its own turns. */
  start(workflow: string, turns?: { readonly [agent: string]: readonly object[] }, message?: string): Promise<RunId>;
  over(run: RunId): Promise<Ended>;
  /** The request to people that a run waits for, another than `but`. */
  asked(run: RunId, but?: string): Promise<string>;
  audits(run: RunId): Promise<readonly Audit[]>;
  close(): Promise<void>;
}

interface Ended {
  readonly status: RunStatus;
  readonly events: readonly RunEvent[];
  readonly output: Json;
  readonly code: string | null;
}

export interface Audit {
  readonly type: string;
  readonly outcome?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly object?: { readonly id: string };
  readonly detail?: { readonly [name: string]: Json };
}

export const bundleOf = (guardrails: string): PolicyBundle => {
  const parsed = parseBundle(`${RULES}${guardrails}`);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
};

export async function openGuardWorld(guardrails: string): Promise<GuardWorld> {
  const posted: string[] = [];
  const judged: JsonObject[] = [];
  let scripts = 0;
  const scenario = await openScriptedScenario({
    documents,
    policy: bundleOf(guardrails),
    functions: {
      page: () => world.page,
      post: ({ text }) => posted.push(String(text)) && 'posted',
      judge: (args) => (judged.push(args), world.judge(args)),
    },
    options: { concurrency: 8, heartbeatMs: 1_000, sweepMs: 50, mailMs: 50 },
    // Runs are taken up from snapshots again, so that what guardrails have said stands in these too.
    snapshotEvery: 3,
  });
  const { tenant, caller, engine, outsider, model } = scenario;
  const rowOf = async (run: string) => {
    const { rows } = await outsider.query<{ status: RunStatus; wait: string | null }>(
      'select status, wait from writ.run where id = $1',
      [run],
    );
    return rows[0]!;
  };
  const world: GuardWorld = {
    scenario,
    model,
    posted,
    judged,
    judge: () => ({ flagged: false }),
    page: 'nothing of note',
    guard: (text) => scenario.activate(bundleOf(text)),
    async start(name, turns = {}, message = 'please') {
      const id = `g${(scripts += 1)}`;
      const agents = Object.entries(turns).map(([one, said]) => ({
        instructions: `You are ${one}.`,
        turns: said as never,
      }));
      model.play({ [id]: { agents, final: 'done' } });
      const input = { message: `script:${id} ${message}` };
      const started = await engine.commands.start({ tenant, caller, workflow: name, input });
      if (!started.ok) throw new Error(started.failure.message);
      return started.value.run;
    },
    async over(run) {
      await until(`${run} to end`, async () => isFinal((await rowOf(run)).status), 60_000);
      const { events, status } = await checkRun(outsider, run);
      const last = events.at(-1)!;
      return {
        status,
        events,
        output: last.type === 'run_finished' ? last.output : null,
        code: last.type === 'run_failed' ? last.failure.code : null,
      };
    },
    async asked(run, but = '') {
      let found = '';
      await until(
        `${run} to ask`,
        async () => {
          const { status, wait } = await rowOf(run);
          if (status !== 'waiting_approval' || wait === null) return false;
          found = (JSON.parse(wait) as { approval?: string }).approval ?? '';
          return found !== '' && found !== but;
        },
        60_000,
      );
      return found;
    },
    async audits(run) {
      const { rows } = await outsider.query<{ events: string }>(
        'select writ.audit_lines(u) as events from writ.audit_unit u where run = $1 order by seq',
        [run],
      );
      return rows.flatMap(({ events }) => events.split('\n').map((line) => JSON.parse(line) as Audit));
    },
    close: () => scenario.close(),
  };
  return world;
}
