import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  openAiProvider,
  readEgressRules,
  type ScriptedModel,
  startScriptedModel,
  ToolGateway,
} from '@writ/gateways';
import { openEngine, type RunEvent, type StartRunInput } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { agentLoop, Died, type FrameworkPeer, startFramework } from '../support/framework';
import { openScenario, type Scenario, type ScenarioOptions } from '../support/scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'is led from outside' };
const tool = (name: string, effect: string, more: object = {}): object => ({
  kind: 'tool',
  name,
  effect,
  input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  endpoint: { type: 'function', function: name },
  ...more,
});
const documents = (origin: string): readonly object[] => [
  { kind: 'model', name: 'scripted', model: 'scripted', base_url_env: 'FRAMEWORK_MODEL_URL', api_key_env: null },
  { kind: 'http_service', name: 'frameworks', origin },
  tool('look', 'read'),
  tool('pay', 'irreversible'),
  tool('forbidden', 'read'),
  tool('not_its_own', 'read'),
  {
    kind: 'agent',
    name: 'outsider',
    ...accountable,
    model: 'scripted',
    instructions: 'You are the outsider.',
    tools: ['look', 'pay', 'forbidden'],
    framework: { service: 'frameworks', path: '/run', timeout_ms: 60_000 },
    output: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
  },
  { kind: 'agent', name: 'boss', ...accountable, model: 'scripted', instructions: 'You are the boss.' },
  { kind: 'workflow', name: 'alone', ...accountable, root: { type: 'agent', agent: 'outsider' } },
  {
    kind: 'workflow',
    name: 'team',
    ...accountable,
    root: { type: 'supervisor', supervisor: 'boss', workers: ['outsider'], worker_budget: { tool_calls: 1 } },
  },
];
const rules = [
  'p, user:*, {tenant}, workflow:*, run.start, , allow',
  'p, user:*, {tenant}, run:*, run.cancel, , allow',
  'p, user:*, {tenant}, agent:*, agent.invoke, , allow',
  'p, user:*, {tenant}, agent:*, delegate, , allow',
  'p, *, {tenant}, model:*, model.invoke, , allow',
  'p, user:*, {tenant}, tool:*, tool.invoke, , allow',
  'p, agent:outsider, {tenant}, tool:look, tool.invoke, , allow',
  'p, agent:outsider, {tenant}, tool:pay, tool.invoke, , allow',
  'p, agent:boss, {tenant}, agent:outsider, agent.invoke, , allow',
  'p2, agent:boss, agent:outsider, {tenant}, *, service, , allow',
];

const NO_MASTRA = 'Mastra is not installed: run `npm ci` in examples/framework';

const call = (name: string, n: number): object => ({ name, arguments: { n } });

describe('an agent that an external framework leads', () => {
  let scenario: Scenario;
  let model: ScriptedModel;
  let peer: FrameworkPeer;
  const reached: string[] = [];
  let doors: NonNullable<ScenarioOptions['doors']>;

  beforeAll(async () => {
    model = await startScriptedModel();
    process.env['FRAMEWORK_MODEL_URL'] = model.url;
    peer = await startFramework();
    const guard = new EgressGuard({ rules: readEgressRules(`${peer.origin};private`) });
    const note =
      (name: string) =>
      (args: { readonly [name: string]: unknown }): string => (
        reached.push(`${name} ${String(args['n'])}`),
        `${name} done`
      );
    doors = (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: new ToolGateway({
        function: functionTransport({
          open,
          functions: Object.fromEntries(['look', 'pay', 'forbidden', 'not_its_own'].map((name) => [name, note(name)])),
        }),
        mcp: mcpTransport({ open, env: {} }),
        http: httpTransport({ open, env: {}, guard }),
      }),
    });
    scenario = await openScenario({
      documents: documents(peer.origin),
      policy: {
        rules: rules.join('\n'),
        conditions: {},
        obligations: {},
        attributes: {},
        limits: { handoff_depth: 5 },
      },
      doors,
      options: { concurrency: 8, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
    });
  });
  afterAll(async () => {
    await scenario?.close();
    await peer?.close();
    await model?.close();
  });
  beforeEach(() => {
    reached.length = 0;
    peer.heard.length = 0;
    peer.work = (asked, way) => agentLoop(asked, way, (text) => void peer.heard.push(text));
  });

  let scripts = 0;
  async function start(
    workflow: string,
    turns: readonly object[],
    more: Partial<StartRunInput> = {},
    boss: readonly object[] = [],
  ): Promise<RunId> {
    const id = `f${(scripts += 1)}`;
    const agents = [
      { instructions: 'You are the outsider.', turns: turns as never },
      { instructions: 'You are the boss.', turns: boss as never },
    ];
    model.play({ [id]: { agents, final: 'done' } });
    const { tenant, caller, engine } = scenario;
    const started = await engine.commands.start({
      tenant,
      caller,
      workflow,
      input: { message: `script:${id}` },
      ...more,
    });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }
  async function ended(run: RunId) {
    await until(`${run} to end`, async () => {
      const { rows } = await scenario.outsider.query<{ status: RunStatus }>(
        `select status from writ.run where id = $1`,
        [run],
      );
      return isFinal(rows[0]?.status ?? 'queued');
    });
    const checked = await checkRun(scenario.outsider, run);
    const last = checked.events.at(-1)!;
    return {
      ...checked,
      output: last.type === 'run_finished' ? last.output : null,
      failure: last.type === 'run_failed' ? last.failure : null,
    };
  }
  const intents = (events: readonly RunEvent[]) => events.filter((event) => event.type === 'step_intended');

  test('[I1] makes its calls through the run: each is decided for the agent, recorded, charged and permitted', async () => {
    const run = await start('alone', [{ calls: [call('look', 1), call('pay', 2)] }, { text: 'all done' }]);
    const { status, events, output } = await ended(run);
    expect([status, output]).toEqual(['succeeded', { answer: 'all done' }]);
    expect(reached).toEqual(['look 1', 'pay 2']);
    expect(intents(events).map(({ kind, agent, target }) => [kind, agent, target])).toEqual([
      ['agent', null, 'outsider'],
      ['model', 'outsider', 'scripted'],
      ['tool', 'outsider', 'look'],
      ['tool', 'outsider', 'pay'],
      ['model', 'outsider', 'scripted'],
    ]);
    expect(model.journal('f1').every((request) => request.user === run && request.model === 'scripted')).toBe(true);
    const { rows } = await scenario.outsider.query<{ events: string }>(
      `select events from writ.journal where run = $1`,
      [run],
    );
    expect(rows.map((row) => row.events).join()).not.toContain('x-writ-relay-token');
  });

  test('[I6] has its agent’s rights and no more: another tool does not exist for it, a tool it is not granted is denied by a code', async () => {
    const turns = [{ calls: [call('not_its_own', 1), call('forbidden', 2), call('look', 3)] }, { text: 'tried' }];
    const { events } = await ended(await start('alone', turns));
    expect(reached).toEqual(['look 3']);
    expect(peer.heard).toContain('forbidden: Error: denied: agent_not_granted');
    expect(peer.heard.join()).toContain('there is no tool "not_its_own"');
    expect(events.filter((event) => event.type === 'step_denied')).toHaveLength(1);
  });

  test('[I6] as a worker it is bound by whoever gave it the work, and by that work’s budget', async () => {
    const turns = [{ calls: [call('look', 1)] }, { calls: [call('look', 2)] }, { text: 'as far as it went' }];
    const boss = [
      { calls: [{ name: 'delegate', arguments: { worker: 'outsider', task: 't', brief: '' } }] },
      { text: 'thanks' },
    ];
    const id = `f${scripts + 1}`;
    (boss[0] as { calls: { arguments: { brief: string } }[] }).calls[0]!.arguments.brief = `script:${id}`;
    const { events, output } = await ended(await start('team', turns, {}, boss));
    expect(output).toBe('thanks');
    expect(reached).toEqual(['look 1']);
    expect(peer.heard.join()).toContain('the delegation at =d');
    const chains = intents(events).filter(({ agent }) => agent === 'outsider');
    expect(chains.every(({ decision }) => decision.stages.some(({ stage }) => stage === 'initiator'))).toBe(true);
  });

  test('[I13] stops at the run’s budget, which is told apart from a denial', async () => {
    const turns = [{ calls: [call('look', 1)] }, { calls: [call('look', 2)] }, { text: 'never' }];
    const { failure } = await ended(await start('alone', turns, { budget: { model_calls: 1 } }));
    expect(peer.heard).toContain('model: 403 budget_exhausted');
    expect(failure).toMatchObject({ class: 'permanent' });
    expect(model.journal(`f${scripts}`)).toHaveLength(1);
  });

  test('[I4] called anew it is given what came of all it asked before: nothing is done or billed twice', async () => {
    let calls = 0;
    peer.work = async (asked, way) => {
      calls += 1;
      const done = await agentLoop(asked, way, (text) => void peer.heard.push(text));
      // It has asked for everything, and its process dies before it can answer.
      if (calls === 1) throw new Died();
      return done;
    };
    const turns = [{ calls: [call('pay', 1), call('pay', 1)] }, { text: 'paid twice, as wanted' }];
    const { output, events } = await ended(await start('alone', turns));
    expect(output).toEqual({ answer: 'paid twice, as wanted' });
    expect(peer.heard.filter((text) => text.startsWith('called'))).toEqual([
      'called outsider, attempt 1',
      'called outsider, attempt 2',
    ]);
    expect(peer.heard.filter((text) => text.startsWith('pay'))).toHaveLength(4);
    expect(reached).toEqual(['pay 1', 'pay 1']);
    expect(model.journal(`f${scripts}`)).toHaveLength(2);
    expect(events.filter((event) => event.type === 'relay_asked')).toHaveLength(4);
  });

  test('a cancel reaches it: its call is cut, and what it asks for then is refused', async () => {
    let late: number | null = null;
    peer.work = async (_asked, way) => {
      await until('the cancel', async () => {
        const answer = await fetch(`${way.url}/v1/models`, { headers: { authorization: `Bearer ${way.token}` } });
        late = answer.status;
        return late === 401;
      });
      return { answer: 'too late' };
    };
    const run = await start('alone', []);
    await until('the framework to be called', () => peer.heard.length > 0);
    const { tenant, caller, engine } = scenario;
    await engine.commands.cancel({ tenant, run, caller, reason: 'enough' });
    expect((await ended(run)).status).toBe('cancelled');
    await until('its token to be worth nothing', () => late === 401);
  });

  test('answers what its agent declares, or its node fails', async () => {
    peer.work = () => Promise.resolve({ something: 'else' });
    const { failure } = await ended(await start('alone', []));
    expect(failure).toMatchObject({ code: 'tool_output_invalid' });
  });

  // `npm test` installs it in a folder of its own. Where it must be there its absence is a failure, elsewhere it is told.
  const installed = existsSync(join(__dirname, '../../examples/framework/node_modules/@mastra/core'));
  if (!installed) process.stderr.write(`\n${process.env['CI'] === 'true' ? 'MISSING' : 'SKIPPED'}: ${NO_MASTRA}\n`);
  const withMastra = installed || process.env['CI'] === 'true' ? test : test.skip;
  withMastra(
    'may be Mastra’s, unchanged: its model and its tools are the run’s',
    async () => {
      if (!installed) throw new Error(NO_MASTRA);
      const script = join(__dirname, '../../examples/framework/mastra.mjs');
      const service = spawn(process.execPath, [script, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const [line] = (await once(service.stdout, 'data')) as [Buffer];
        const { url } = JSON.parse(line.toString('utf8')) as { url: string };
        peer.work = async (asked, way) => {
          const headers = { 'x-writ-relay': way.url, 'x-writ-relay-token': way.token };
          const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(asked) });
          return answer.json();
        };
        const turns = [{ calls: [call('look', 1), call('forbidden', 2)] }, { text: 'Mastra is done' }];
        const { output, events } = await ended(await start('alone', turns));
        expect(output).toEqual({ answer: 'Mastra is done' });
        expect(reached).toEqual(['look 1']);
        expect(events.filter((event) => event.type === 'step_denied')).toHaveLength(1);
      } finally {
        service.kill();
      }
    },
    400_000,
  );

  test('hears nothing that has not passed the guardrails, from its run, from its tools or through its model, and each once', async () => {
    const guarded = (guardrails: object): PolicyBundle => {
      const bundle = parseBundle(JSON.stringify({ rules, guardrails: { checks: guardrails } }));
      if (!bundle.ok) throw new Error(bundle.failure.message);
      return bundle.value;
    };
    const key = `ghp_${'a1B2'.repeat(9)}`;
    await scenario.activate(
      guarded({
        no_keys: { at: ['input'], detect: ['credential'], then: 'redact' },
        not_done: { at: ['input'], words: ['look done'] },
      }),
    );
    const given: unknown[] = [];
    peer.work = (asked, way) => {
      given.push(asked.input);
      return agentLoop(asked, way, (text) => void peer.heard.push(text));
    };
    const message = `script:f${scripts + 1} with ${key}`;
    const turns = [{ calls: [call('look', 1), call('pay', 2)] }, { text: 'over' }];
    const { status, output, events } = await ended(await start('alone', turns, { input: { message } }));
    expect([status, output]).toEqual(['succeeded', { answer: 'over' }]);
    expect(given).toEqual([{ message: `script:f${scripts} with [redacted: credential]` }]);
    const wire = JSON.stringify(model.journal(`f${scripts}`));
    for (const secret of [key, 'look done']) expect([secret, wire.includes(secret)]).toEqual([secret, false]);
    expect(wire).toContain('pay done');
    expect(wire).toContain('denied: guardrail_denied');
    const looked = events.flatMap((event) =>
      event.type === 'content_checked' ? event.content.map((name) => `${event.scope} ${name}`) : [],
    );
    expect(new Set(looked).size).toBe(looked.length);
    expect(looked.length).toBeGreaterThan(5);
    await scenario.activate(guarded({}));
  });

  test('[I4] whose worker leaves in the middle is called by the next one, and goes on behind what it had done', async () => {
    let calls = 0;
    peer.work = async (asked, way) => {
      calls += 1;
      const first = calls === 1;
      const done = await agentLoop(asked, way, (text) => void peer.heard.push(text));
      if (first) await new Promise<never>(() => undefined);
      return done;
    };
    const run = await start('alone', [{ calls: [call('pay', 7)] }, { text: 'paid once' }]);
    await until('the framework to have asked for all it wants', () => model.journal(`f${scripts}`).length === 2);
    await scenario.engine.close(5_000);
    const { db, writer } = scenario;
    const next = openEngine({
      db,
      writer,
      doors,
      options: { concurrency: 8, heartbeatMs: 500, sweepMs: 100, mailMs: 50 },
    });
    await next.start();
    try {
      const { output, events } = await ended(run);
      expect(output).toEqual({ answer: 'paid once' });
      expect([calls, reached]).toEqual([2, ['pay 7']]);
      expect(model.journal(`f${scripts}`)).toHaveLength(2);
      expect(events.filter((event) => event.type === 'relay_asked')).toHaveLength(3);
    } finally {
      await next.close(2_000);
    }
  });
});
