import { StopReports } from '@writ/engine';
import { releaseStop, setBudget, setStop, type StopRecord } from '@writ/policy';
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
} from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

const SOAK = process.env['WRIT_SOAK'] === '1';
const WORKERS = 4;
const RUNS = 1_000;
/** More than a quarter of the runs each: a worker keeps some of its places for other tenants. */
const CONCURRENCY = 320;
/** Enough that many steps are under way at any moment; below the tool’s own time limit. */
const CALL_MS = 500;
const STOPS = SOAK ? 250 : 25;

async function set(scenario: Scenario, reason: string): Promise<StopRecord> {
  const { tenant, db } = scenario;
  const done = await db.withTenant(tenant, (tx) =>
    setStop(tx, { tenant, scope: 'workflow', target: 'note_five', reason, author: 'user:operator' }),
  );
  if (!done.ok) throw new Error(done.failure.message);
  return done.value.stop;
}

const release = (scenario: Scenario, id: string): Promise<unknown> => {
  const { tenant, db } = scenario;
  return db.withTenant(tenant, (tx) => releaseStop(tx, { tenant, id, reason: 'over', author: 'user:second' }));
};

const start = async (scenario: Scenario, workflow: string): Promise<string> => {
  const { tenant, caller } = scenario;
  const started = await scenario.engine.commands.start({ tenant, caller, workflow, input: {} });
  if (!started.ok) throw new Error(started.failure.message);
  return started.value.run;
};

const quantile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0).toFixed(1);

describe('a freeze', () => {
  let scenario: Scenario;
  let counter: Child;
  let workers: Child[];

  beforeAll(async () => {
    scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    counter = await startCounter(CALL_MS);
    const setup = { url: scenario.ownerUrl, counter: counter.ready, concurrency: CONCURRENCY };
    workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorkerProcess(setup)));
  });

  afterAll(async () => {
    await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  });

  it(`[I1] [I3] during ${RUNS} running steps: no intent commits after it, and what is sent after it is in the residue`, async () => {
    const runs: string[] = [];
    while (runs.length < RUNS) {
      runs.push(...(await Promise.all(Array.from({ length: 20 }, () => start(scenario, 'note_five')))));
    }
    const arrived = async (): Promise<Map<string, number>> =>
      new Map(Object.entries(await effectsOf(counter.ready)).map(([key, { arrivals }]) => [key, arrivals]));
    await until('the steps to be under way', async () => (await arrived()).size >= RUNS * 0.9, 120_000);

    const stop = await set(scenario, 'a freeze in the middle of everything');
    const before = await arrived();
    await until(
      'all runs to rest',
      async () => {
        const { rows } = await scenario.outsider.query<{ n: number }>(
          `select count(*)::int n from writ.run where finished_at is null and status <> 'paused'`,
        );
        return rows[0]!.n === 0;
      },
      400_000,
    );
    const after = await arrived();
    const sent = [...after].filter(([key, count]) => count > (before.get(key) ?? 0)).map(([key]) => key);
    const report = (await new StopReports(scenario.db).report(scenario.tenant, stop.id))!;
    const residue = new Set(report.residue.map(({ run, step }) => `${run}.${step}`));
    const { rows } = await scenario.outsider.query<{ n: number }>(
      `select count(*)::int n from writ.journal j
         join writ.audit_unit a on a.tenant = j.tenant and a.run = j.run and a.seq = j.audit_seq
        where j.tenant = $1 and position('"type":"step_intended"' in j.events) > 0
          and not pg_visible_in_snapshot(a.xid::text::xid8,
                (select horizon::pg_snapshot from writ.stop where id = $2))`,
      [scenario.tenant, stop.id],
    );
    process.stdout.write(
      `freeze during ${RUNS} runs: ${residue.size} calls on their way, ${sent.length} of them sent after it, ` +
        `${report.residue.filter(({ fate }) => fate === 'settled').length} came home, ${rows[0]!.n} intents after it\n`,
    );
    expect(rows[0]!.n).toBe(0);
    expect(sent.filter((key) => !residue.has(key))).toEqual([]);
    expect(residue.size).toBeGreaterThan(0);

    await release(scenario, stop.id);
    await until(
      'all runs to end',
      async () => {
        const left = await scenario.outsider.query(`select 1 from writ.run where finished_at is null limit 1`);
        return left.rows.length === 0;
      },
      400_000,
    );
    // A call may be late for its time limit on a busy machine, so not every run succeeds; every one is whole.
    for (const run of runs.slice(0, 100)) await checkRun(scenario.outsider, run);
    const effects = Object.values(await effectsOf(counter.ready));
    expect(effects.every((one) => one.effects === 1)).toBe(true);
  }, 400_000);

  it(`is applied by ${WORKERS} workers, ${STOPS} times: how fast is printed`, async () => {
    const times: number[] = [];
    for (let i = 0; i < STOPS; i++) {
      const stop = await set(scenario, `measured, number ${i}`);
      const acks = await until(
        'every worker to apply it',
        async () => {
          const { rows } = await scenario.outsider.query<{ ms: string }>(
            `select extract(epoch from a.at - s.set_at) * 1000 as ms
               from writ.stop_ack a join writ.stop s on s.tenant = a.tenant and s.id = a.stop
              where a.stop = $1 and a.kind = 'worker'`,
            [stop.id],
          );
          return rows.length === WORKERS ? rows : null;
        },
        400_000,
      );
      times.push(...acks.map(({ ms }) => Number(ms)));
      await release(scenario, stop.id);
    }
    times.sort((a, b) => a - b);
    process.stdout.write(
      `time to stop, ${WORKERS} workers, ${times.length} acknowledgements: p50 ${quantile(times, 0.5)} ms, ` +
        `p99 ${quantile(times, 0.99)} ms, last ${quantile(times, 1)} ms\n`,
    );
    expect(times).toHaveLength(STOPS * WORKERS);
  });
});

describe('a worker that dies in the middle of a call', () => {
  it('[I13] leaves its reservation to whoever comes next: it is charged once, and never for ever', async () => {
    const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    await shortenLeases(scenario.ownerUrl, 3);
    const counter = await startCounter();
    const { tenant, db } = scenario;
    const budget = await db.withTenant(tenant, (tx) =>
      setBudget(tx, {
        tenant,
        scope: 'tenant',
        dimension: 'tool_calls',
        period: 'total',
        limit: 100,
        reason: 'a test',
        author: 'user:admin',
      }),
    );
    if (!budget.ok) throw new Error(budget.failure.message);
    const held = async (): Promise<{ reserved: number; spent: number }> =>
      (
        await scenario.outsider.query<{ reserved: number; spent: number }>(
          `select reserved::int, spent::int from writ.budget where id = $1`,
          [budget.value.budget.id],
        )
      ).rows[0]!;
    const setup = { url: scenario.ownerUrl, counter: counter.ready };
    const dying = await startWorkerProcess({ ...setup, fault: { point: 'inside_call', signal: 'SIGKILL' } });
    const run = await start(scenario, 'note');
    await dying.exited();
    await endLease(scenario.outsider, dying);
    expect(await held()).toEqual({ reserved: 1, spent: 0 });
    const next = await startWorkerProcess(setup);
    await until('the run to end', async () => {
      const { rows } = await scenario.outsider.query<{ status: string }>(`select status from writ.run`);
      return rows[0]?.status === 'succeeded';
    });
    // The lost attempt and the one after it: both may have cost something.
    expect(await held()).toEqual({ reserved: 0, spent: 2 });
    expect((await scenario.outsider.query(`select 1 from writ.budget_reservation`)).rows).toEqual([]);
    await checkRun(scenario.outsider, run);
    await Promise.all([next, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  });

  it('[I13] keeps the reservation of an unknown outcome until a person says what became of it', async () => {
    const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    await shortenLeases(scenario.ownerUrl, 3);
    const counter = await startCounter();
    const { tenant, db } = scenario;
    await db.withTenant(tenant, (tx) =>
      setBudget(tx, {
        tenant,
        scope: 'tool',
        target: 'pay',
        dimension: 'steps',
        period: 'day',
        limit: 5,
        reason: 'a test',
        author: 'user:admin',
      }),
    );
    const held = async (): Promise<unknown> =>
      (await scenario.outsider.query(`select reserved::int, spent::int from writ.budget`)).rows[0];
    const setup = { url: scenario.ownerUrl, counter: counter.ready };
    const dying = await startWorkerProcess({ ...setup, fault: { point: 'inside_call', signal: 'SIGKILL' } });
    const run = await start(scenario, 'pay');
    await dying.exited();
    await endLease(scenario.outsider, dying);
    const next = await startWorkerProcess(setup);
    const row = await until('the run to wait for a person', async () => {
      const { rows } = await scenario.outsider.query<{ status: string; wait: string }>(
        `select status, wait from writ.run where id = $1`,
        [run],
      );
      return rows[0]?.status === 'waiting_reconciliation' ? rows[0] : null;
    });
    expect(await held()).toEqual({ reserved: 1, spent: 0 });
    const { step, not_before } = JSON.parse(row.wait) as { step: number; not_before: number };
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, not_before - Date.now() + 50)));
    const caller = { tenant, kind: 'user', id: 'user:operator', roles: [] } as const;
    const told = { tenant, caller, run: run as never, step, note: 'looked' } as const;
    const said = await scenario.engine.commands.reconcile({ ...told, verdict: 'happened', result: { count: 1 } });
    expect(said.ok).toBe(true);
    await until('the reservation to be settled', async () => {
      const { rows } = await scenario.outsider.query(`select 1 from writ.budget_reservation`);
      return rows.length === 0;
    });
    expect(await held()).toEqual({ reserved: 0, spent: 1 });
    await checkRun(scenario.outsider, run);
    await Promise.all([next, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  });
});
