import type { Json, RunId } from '@writ/kernel';
import type { RunEvent } from '@writ/engine';
import type { PolicyBundle } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { type Child, effectsOf, shortenLeases, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { reconcileAll } from '../support/reconcile-all';
import { openScenario, type Scenario } from '../support/scenario';
import { seeded } from '../support/seeded';

const SOAK = process.env['WRIT_SOAK'] === '1';
const KILLS = SOAK ? 200 : 8;
const BATCHES = SOAK ? 20 : 2;

const accountable = { owner: 'reliability', purpose: 'runs that start runs while workers are killed' };
const tool = (name: string): object => ({ type: 'tool', tool: name, args: {} });
const child = (workflow: string, more: object = {}): object => ({ type: 'run', workflow, input: {}, ...more });
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const sequence = (...nodes: object[]): object => ({
  type: 'sequence',
  steps: nodes.map((node, i) => ({ id: `s${i}`, node })),
});
const documents: readonly unknown[] = [
  ...payOrNote,
  workflow('leaf', sequence(tool('note'), tool('pay'))),
  workflow('middle', sequence(tool('note'), child('leaf'), tool('pay'))),
  workflow('family', {
    type: 'fanout',
    merge: { policy: 'all' },
    branches: [
      { key: 'deep', node: sequence(child('middle'), tool('note')) },
      { key: 'flat', node: child('leaf') },
      { key: 'own', node: tool('pay') },
    ],
  }),
];
const policy: PolicyBundle = {
  ...crashPolicy,
  rules: [
    crashPolicy.rules,
    'p, user:caller, {tenant}, run:*, run.read, , allow',
    'p, user:caller, {tenant}, run:*, run.fork, , allow',
  ].join('\n'),
};

/** What a run and those below it came to, apart from when, by whom and under which ids. */
interface Outcome {
  readonly status: RunStatus;
  readonly output: Json;
  /** Node and tool of each effect, with how often it happened outside. */
  readonly effects: readonly string[];
  readonly below: { readonly [path: string]: Outcome };
}

/** Far more than any of it takes. */
const PATIENCE_MS = 120_000;

describe('random kills of runs that start runs, and of batches', () => {
  let scenario: Scenario;
  let counter: Child;
  let workers: Child[] = [];
  /** What a run of `middle` comes to without kills. */
  let middle: Outcome;
  const newWorker = (): Promise<Child> => startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready });

  beforeAll(async () => {
    scenario = await openScenario({ documents, policy });
    await shortenLeases(scenario.ownerUrl, 3);
    counter = await startCounter();
    workers = await Promise.all([newWorker(), newWorker()]);
  });
  afterAll(async () => {
    await Promise.all([...workers, counter].map((one) => one.kill('SIGKILL')));
    await scenario.close();
  });

  async function start(): Promise<RunId> {
    const { tenant, caller } = scenario;
    const started = await scenario.engine.commands.start({ tenant, caller, workflow: 'family', input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  async function startBatch(items: number, budget: { tool_calls?: number } = {}): Promise<string> {
    const { tenant, caller, db, engine } = scenario;
    const made = await db.withTenant(tenant, (tx) =>
      engine.batches.create(tx, {
        tenant,
        caller,
        workflow: 'middle',
        items: Array.from({ length: items }, () => ({ input: {} })),
        concurrency: 3,
        budget,
        start: {},
      }),
    );
    if (!made.ok) throw new Error(made.failure.message);
    return made.value.id;
  }

  /** Waits until nothing is under way; where that takes too long, says what stands and why. */
  async function over(): Promise<void> {
    const standing = async (): Promise<unknown[]> => {
      const { rows } = await scenario.outsider.query(
        `select 'run' as what, r.id, r.status, r.wait, r.wake_at, r.lease_owner, w.beat_at, now() as now
           from writ.run r left join writ.worker w on w.id = r.lease_owner where r.finished_at is null
          union all
         select 'batch', b.id, b.status, (select json_agg(json_build_array(i.place, i.state, i.run, i.code) order by i.place)::text
                                            from writ.batch_item i where i.tenant = b.tenant and i.batch = b.id),
                b.lease_until, b.lease_owner, null, now()
           from writ.batch b where b.finished_at is null`,
      );
      return rows;
    };
    await until(
      'every run and batch to end',
      async () => {
        await reconcileAll(scenario, counter.ready);
        return (await standing()).length === 0;
      },
      PATIENCE_MS,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(await standing())}`);
    });
  }

  const children = (events: readonly RunEvent[]) =>
    new Map(
      events.flatMap((event) => (event.type === 'step_intended' && event.child ? [[event.path, event.child.run]] : [])),
    );

  async function outcomeOf(run: RunId): Promise<Outcome> {
    const { events, status } = await checkRun(scenario.outsider, run);
    const counted = await effectsOf(counter.ready);
    const effects = new Map<number, string>();
    for (const event of events) {
      if (event.type !== 'step_intended' || event.kind !== 'tool') continue;
      effects.set(event.step, `${event.path} ${event.target} ×${counted[`${run}.${event.step}`]?.effects ?? 0}`);
    }
    const below: Record<string, Outcome> = {};
    for (const [path, id] of children(events)) below[path] = await outcomeOf(id);
    const reports = events.filter((event) => event.type === 'child_ended').length;
    expect([run, reports]).toEqual([run, Object.keys(below).length]);
    const last = events.at(-1);
    return {
      status,
      output: last?.type === 'run_finished' ? last.output : null,
      effects: [...effects.values()].sort(),
      below,
    };
  }

  it(
    `[I2] [I4] [I5] ${KILLS} kills at random moments: every family comes to what it comes to without them, each child reports once`,
    async () => {
      const random = seeded('family kills');
      const calm = await start();
      await over();
      const expected = await outcomeOf(calm);
      expect(expected.status).toBe('succeeded');
      expect(Object.keys(expected.below)).toHaveLength(2);
      const runs: RunId[] = [];
      for (let kills = 0; kills < KILLS; kills++) {
        runs.push(await start());
        await new Promise((resolve) => setTimeout(resolve, 10 + random() * 300));
        const victim = random() < 0.5 ? 0 : 1;
        await workers[victim]!.kill('SIGKILL');
        workers[victim] = await newWorker();
        await reconcileAll(scenario, counter.ready);
      }
      await over();
      for (const run of runs) expect([run, await outcomeOf(run)]).toEqual([run, expected]);
      middle = expected.below['=deep/s0']!;
    },
    SOAK ? 3_600_000 : 400_000,
  );

  it(
    '[I4] forks with stubbed effects, whose workers are killed, are given each outcome once and send nothing',
    async () => {
      const random = seeded('fork kills');
      const { tenant, caller, engine } = scenario;
      const source = await start();
      await over();
      const { events } = await checkRun(scenario.outsider, source);
      const before = await effectsOf(counter.ready);
      const forks: RunId[] = [];
      for (let kills = 0; kills < (SOAK ? 100 : 5); kills++) {
        const at = Math.floor(random() * (events.length - 1));
        const asked = { tenant, caller, run: source, at, step: null, effects: 'stubbed', reason: 'kills' } as const;
        const forked = await engine.commands.fork(asked);
        if (!forked.ok) throw new Error(forked.failure.message);
        forks.push(forked.value.run);
        await new Promise((resolve) => setTimeout(resolve, 5 + random() * 120));
        const victim = random() < 0.5 ? 0 : 1;
        await workers[victim]!.kill('SIGKILL');
        workers[victim] = await newWorker();
      }
      await over();
      const wanted = events.at(-1);
      for (const run of forks) {
        const fork = await checkRun(scenario.outsider, run);
        expect([run, fork.status, outputOf(fork.events.at(-1))]).toEqual([run, 'succeeded', outputOf(wanted)]);
      }
      expect(await effectsOf(counter.ready)).toEqual(before);
    },
    SOAK ? 3_600_000 : 400_000,
  );

  it(
    'and so does every item of a batch',
    async () => {
      const random = seeded('item kills');
      const id = await startBatch(SOAK ? 100 : 8);
      for (let kills = 0; kills < (SOAK ? 50 : 4); kills++) {
        await new Promise((resolve) => setTimeout(resolve, 50 + random() * 600));
        const victim = random() < 0.5 ? 0 : 1;
        await workers[victim]!.kill('SIGKILL');
        workers[victim] = await newWorker();
        await reconcileAll(scenario, counter.ready);
      }
      await over();
      const page = await scenario.engine.batches.items(scenario.tenant, id, { limit: 1000 });
      for (const { run } of page!.data) expect([run, await outcomeOf(run!)]).toEqual([run, middle]);
    },
    SOAK ? 3_600_000 : 400_000,
  );

  it(
    '[I12] [I13] batches whose workers are killed start each item once, and never use more than their budget',
    async () => {
      const random = seeded('batch kills');
      const batches: string[] = [];
      for (let i = 0; i < BATCHES; i++) {
        // Each of them makes four calls: what three of five need, and not one more.
        batches.push(await startBatch(5, { tool_calls: 4 * 3 }));
        for (let kills = 0; kills < 3; kills++) {
          await new Promise((resolve) => setTimeout(resolve, 50 + random() * 500));
          const victim = random() < 0.5 ? 0 : 1;
          await workers[victim]!.kill('SIGKILL');
          workers[victim] = await newWorker();
          await reconcileAll(scenario, counter.ready);
        }
      }
      await over();
      const { tenant, engine, outsider } = scenario;
      for (const id of batches) {
        const page = await engine.batches.items(tenant, id, { limit: 100 });
        const { rows } = await outsider.query<{ id: RunId }>(
          `select id from writ.run where tenant = $1 and idempotency_key like $2 || ' %'`,
          [tenant, id],
        );
        expect(rows.map((row) => row.id).sort()).toEqual(page!.data.map(({ run }) => run).sort());
        let calls = 0;
        for (const { run } of page!.data) calls += callsOf(await outcomeOf(run!));
        expect(calls).toBeLessThanOrEqual(12);
        // A lost attempt stays charged, so a kill may cost the batch a run; it never gives it one.
        const done = page!.data.filter(({ state }) => state === 'succeeded').length;
        expect(done).toBeLessThanOrEqual(3);
        const left = await outsider.query(
          `select 1 from writ.budget_reservation v join writ.budget b on b.id = v.budget where b.target = $1`,
          [id],
        );
        expect(left.rows).toEqual([]);
      }
    },
    SOAK ? 3_600_000 : 400_000,
  );
});

const outputOf = (event: RunEvent | undefined): Json => (event?.type === 'run_finished' ? event.output : null);

/** Calls that reached the outside, of a run and those below it. */
function callsOf({ effects, below }: Outcome): number {
  const own = effects.reduce((sum, one) => sum + Number(one.split('×')[1]), 0);
  return Object.values(below).reduce((sum, one) => sum + callsOf(one), own);
}
