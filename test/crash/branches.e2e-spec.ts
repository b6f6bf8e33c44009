import type { Json, RunId } from '@writ/kernel';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { branching, crashPolicy, payOrNote } from '../support/crash-documents';
import { type Child, effectsOf, shortenLeases, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { reconcileAll } from '../support/reconcile-all';
import { openScenario, type Scenario } from '../support/scenario';
import { seeded } from '../support/seeded';

const SOAK = process.env['WRIT_SOAK'] === '1';
const KILLS = SOAK ? 400 : 20;
const WORKERS = 3;
const WORKFLOWS = ['fan', 'undo'] as const;

/** What a run came to, apart from when and by whom. */
interface Outcome {
  readonly status: RunStatus;
  readonly output: Json;
  readonly failure: string | null;
  /** Path and tool of each effect, with how often it happened outside. */
  readonly effects: readonly string[];
}

describe('random kills of runs with branches', () => {
  let scenario: Scenario;
  let counter: Child;
  let workers: Child[] = [];

  beforeAll(async () => {
    scenario = await openScenario({ documents: [...payOrNote, ...branching], policy: crashPolicy });
    await shortenLeases(scenario.ownerUrl, 3);
    counter = await startCounter();
    workers = await Promise.all(Array.from({ length: WORKERS }, newWorker));
  });

  afterAll(async () => {
    await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  });

  const newWorker = (): Promise<Child> => startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready });

  async function start(workflow: string): Promise<RunId> {
    const { tenant, caller } = scenario;
    const started = await scenario.engine.commands.start({ tenant, caller, workflow, input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  async function over(): Promise<void> {
    await until(
      'every run to end',
      async () => {
        await reconcileAll(scenario, counter.ready);
        const { rows } = await scenario.outsider.query(`select 1 from writ.run where finished_at is null limit 1`);
        return rows.length === 0;
      },
      400_000,
    );
  }

  async function outcomeOf(run: RunId): Promise<Outcome> {
    const { events, status } = await checkRun(scenario.outsider, run);
    const counted = await effectsOf(counter.ready);
    const effects = new Map<string, string>();
    for (const event of events) {
      if (event.type !== 'step_intended') continue;
      const times = counted[`${run}.${event.step}`]?.effects ?? 0;
      effects.set(String(event.step), `${event.path} ${event.target} ×${times}`);
    }
    const last = events.at(-1);
    return {
      status,
      output: last?.type === 'run_finished' ? last.output : null,
      failure: last?.type === 'run_failed' ? last.failure.code : null,
      effects: [...effects.values()].sort(),
    };
  }

  it(
    `[I2] [I4] [I5] ${KILLS} kills at random moments: every run comes to what it comes to without them`,
    async () => {
      const random = seeded('branch kills');
      const calm = await Promise.all(WORKFLOWS.map(start));
      await over();
      const expected = new Map<string, Outcome>();
      for (const [i, run] of calm.entries()) expected.set(WORKFLOWS[i]!, await outcomeOf(run));
      expect(expected.get('fan')).toMatchObject({ status: 'succeeded' });
      expect(expected.get('fan')!.effects).toHaveLength(8);
      expect(expected.get('undo')).toMatchObject({ status: 'failed', failure: 'template_unresolved' });
      expect(expected.get('undo')!.effects).toEqual(['ua note ×1', 'ua/~ note ×1', 'ub pay ×1', 'ub/~ pay ×1']);
      const runs: [workflow: string, run: RunId][] = [];
      for (let kills = 0; kills < KILLS;) {
        for (const workflow of WORKFLOWS) runs.push([workflow, await start(workflow)]);
        await new Promise((resolve) => setTimeout(resolve, 10 + random() * 250));
        const victims = [...workers.keys()].filter(() => random() < 0.6).slice(0, KILLS - kills);
        await Promise.all(
          victims.map(async (victim) => {
            await workers[victim]!.kill('SIGKILL');
            workers[victim] = await newWorker();
          }),
        );
        kills += victims.length;
        await reconcileAll(scenario, counter.ready);
      }
      await over();
      for (const [workflow, run] of runs) expect([run, await outcomeOf(run)]).toEqual([run, expected.get(workflow)]);
    },
    SOAK ? 3_600_000 : 400_000,
  );
});
