import type { FaultPoint } from '@writ/engine';
import { type ScriptedModel, startScriptedModel } from '@writ/gateways';
import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import {
  type Child,
  effectsOf,
  endLease,
  shortenLeases,
  startCounter,
  startWorkerProcess,
  until,
  type WorkerSetup,
} from '../support/crash-world';
import { agentLoop, type FrameworkPeer, startFramework } from '../support/framework';
import { openScenario, type Scenario } from '../support/scenario';

const accountable = { owner: 'reliability', purpose: 'is led from outside while workers are killed' };
const documents = (origin: string): readonly unknown[] => [
  ...payOrNote,
  { kind: 'model', name: 'scripted', model: 'scripted', base_url_env: 'FRAMEWORK_MODEL_URL', api_key_env: null },
  { kind: 'http_service', name: 'frameworks', origin },
  {
    kind: 'agent',
    name: 'outsider',
    ...accountable,
    model: 'scripted',
    instructions: 'You are the outsider.',
    tools: ['note', 'pay'],
    framework: { service: 'frameworks', path: '/run', timeout_ms: 60_000 },
  },
  { kind: 'workflow', name: 'alone', ...accountable, root: { type: 'agent', agent: 'outsider' } },
];
const policy = {
  ...crashPolicy,
  rules: [
    crashPolicy.rules,
    'p, user:*, {tenant}, agent:*, agent.invoke, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    'p, agent:outsider, {tenant}, tool:*, tool.invoke, , allow',
  ].join('\n'),
};

describe('an agent that an external framework leads, when the worker that called it is killed', () => {
  let scenario: Scenario;
  let model: ScriptedModel;
  let peer: FrameworkPeer;
  let counter: Child;
  let setup: WorkerSetup;
  const workers: Child[] = [];

  beforeAll(async () => {
    [model, peer, counter] = await Promise.all([startScriptedModel(), startFramework(), startCounter()]);
    // What workers inherit.
    process.env['FRAMEWORK_MODEL_URL'] = model.url;
    scenario = await openScenario({ documents: documents(peer.origin), policy });
    await shortenLeases(scenario.ownerUrl, 3);
    setup = { url: scenario.ownerUrl, counter: counter.ready, reaches: peer.origin };
  });
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.kill('SIGKILL'))));
  afterAll(async () => {
    await scenario?.close();
    await peer?.close();
    await model?.close();
    await counter?.kill('SIGKILL');
  });

  const worker = async (fault?: FaultPoint): Promise<Child> => {
    const made = await startWorkerProcess({ ...setup, ...(fault && { fault: { point: fault, signal: 'SIGKILL' } }) });
    workers.push(made);
    return made;
  };
  const statusOf = async (run: RunId): Promise<string | undefined> =>
    (await scenario.outsider.query<{ status: string }>(`select status from writ.run where id = $1`, [run])).rows[0]
      ?.status;

  /** `arrivals` is how often the second call, which honours its key, reaches the other side. */
  it.each<readonly [when: FaultPoint | 'while it works', arrivals: number]>([
    ['after_intent', 1],
    ['inside_call', 2],
    ['before_outcome', 1],
    ['while it works', 1],
  ])(
    '[I2] [I4] SIGKILL %s: the next worker calls it anew, what it had done is not done again, and the run ends',
    async (when, arrivals) => {
      const script = `killed-${when.replaceAll(/\W/g, '-')}`;
      const turns = [
        { calls: [{ name: 'note', arguments: {} }] },
        { calls: [{ name: 'note', arguments: {} }] },
        { text: 'noted twice' },
      ];
      model.play({ [script]: { turns } as never });
      let calls = 0;
      let asked = false;
      peer.heard.length = 0;
      peer.work = async (call, way) => {
        const first = ++calls === 1;
        const done = await agentLoop(call, way, (text) => void peer.heard.push(text));
        asked = true;
        // The first time it never comes to its answer.
        if (when === 'while it works' && first) await new Promise<never>(() => undefined);
        return done;
      };
      const { tenant, caller, engine } = scenario;
      const input = { message: `script:${script}` };
      const victim = await worker(when === 'while it works' ? undefined : when);
      const started = await engine.commands.start({ tenant, caller, workflow: 'alone', input });
      if (!started.ok) throw new Error(started.failure.message);
      const { run } = started.value;
      if (when === 'while it works') {
        await until('it to have asked for all it wants', () => Promise.resolve(asked));
        await victim.kill('SIGKILL');
      }
      await victim.exited();
      expect(await statusOf(run)).toBe('running');
      await endLease(scenario.outsider, victim);
      await worker();
      await until('the run to end', async () => (await statusOf(run)) === 'succeeded');
      const { events } = await checkRun(scenario.outsider, run);
      expect(events.at(-1)).toMatchObject({ type: 'run_finished', output: { answer: 'noted twice' } });
      const notes = events.filter((event) => event.type === 'step_intended' && event.target === 'note');
      expect(new Set(notes.map((event) => 'step' in event && event.step)).size).toBe(2);
      const effects = Object.entries(await effectsOf(counter.ready)).filter(([key]) => key.startsWith(run));
      expect(effects.map(([, { effects: times }]) => times)).toEqual([1, 1]);
      expect(Math.max(...effects.map(([, one]) => one.arrivals))).toBe(arrivals);
    },
    400_000,
  );
});
