import type { FaultPoint } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import type { PolicyBundle } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import {
  type Child,
  effectsOf,
  endLease,
  person,
  shortenLeases,
  startCounter,
  startWorkerProcess,
  until,
} from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

/** The crash policy, with people to be asked before each of the two tools. */
const asking: PolicyBundle = {
  ...crashPolicy,
  rules: `${crashPolicy.rules}
    p, user:caller, {tenant}, class:asked, tool.invoke, , allow, ask, asked
    p, user:payer, {tenant}, approval:*, approval.decide, , allow
    g, user:payer, role:payments, {tenant}
    g2, tool:pay, class:asked, {tenant}
    g2, tool:note, class:asked, {tenant}`,
  obligations: { ask: { type: 'require_approval', values: { count: 1, roles: ['payments'] } } },
};

const POINTS: readonly FaultPoint[] = [
  'after_request',
  'before_intent',
  'after_intent',
  'inside_call',
  'before_outcome',
  'after_outcome',
];

describe('an approved act while workers are killed', () => {
  let scenario: Scenario;
  let counter: Child;
  const workers: Child[] = [];

  beforeAll(async () => {
    scenario = await openScenario({ documents: payOrNote, policy: asking });
    await shortenLeases(scenario.ownerUrl, 3);
    counter = await startCounter();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((child) => child.kill('SIGKILL')));
  });
  afterAll(async () => {
    await counter.kill('SIGKILL');
    await scenario.close();
  });

  const worker = async (fault?: FaultPoint): Promise<Child> => {
    const child = await startWorkerProcess({
      url: scenario.ownerUrl,
      counter: counter.ready,
      ...(fault && { fault: { point: fault, signal: 'SIGKILL' } }),
    });
    workers.push(child);
    return child;
  };
  const rowOf = async (run: RunId): Promise<{ readonly status: string; readonly wait: string | null }> => {
    const { rows } = await scenario.outsider.query<{ status: string; wait: string | null }>(
      `select status, wait from writ.run where id = $1`,
      [run],
    );
    return rows[0]!;
  };
  const requests = async (run: RunId): Promise<{ readonly id: string; readonly status: string }[]> => {
    const { rows } = await scenario.outsider.query<{ id: string; status: string }>(
      `select id, status from writ.approval where run = $1 order by requested_at`,
      [run],
    );
    return rows;
  };
  const mails = async (run: RunId): Promise<number> => {
    const { rowCount } = await scenario.outsider.query(
      `select 1 from writ.run_mail where run = $1 and kind = 'approval'`,
      [run],
    );
    return rowCount ?? 0;
  };
  const approve = (approval: string) =>
    scenario.engine.approvals.commands.vote({
      tenant: scenario.tenant,
      caller: { tenant: scenario.tenant, kind: 'user', id: 'user:payer', roles: [] },
      approval,
      verdict: 'approve',
      comment: '',
    });

  it.each([...POINTS.map((point) => [point, 'pay'] as const), ['inside_call', 'note'] as const])(
    '[I2] [I4] killed %s, and before and after every other step, %s happens once under one approval',
    async (point, tool) => {
      const { tenant, caller } = scenario;
      const started = await scenario.engine.commands.start({ tenant, caller, workflow: tool, input: {} });
      if (!started.ok) throw new Error(started.failure.message);
      const { run } = started.value;
      // Killed somewhere on its way to the question, then once more while the question waits.
      const first = await worker(point === 'after_request' || point === 'after_outcome' ? point : undefined);
      const [asked] = await until('somebody to be asked', async () => {
        const found = await requests(run);
        return found.length > 0 && found;
      });
      if (point === 'after_request') {
        await first.exited();
        await endLease(scenario.outsider, first);
        await worker();
      }
      await until('the run to wait', async () => (await rowOf(run)).status === 'waiting_approval');
      const dead = workers.splice(0);
      await Promise.all(dead.map((child) => child.kill('SIGKILL')));
      for (const child of dead) await endLease(scenario.outsider, child);
      // Nobody leads anything while people answer.
      expect(await approve(asked!.id)).toMatchObject({ ok: true, value: { status: 'approved', counted: true } });
      expect(await mails(run)).toBe(1);
      const victim = await worker(point === 'after_request' ? undefined : point);
      if (point !== 'after_request') {
        await victim.exited();
        await endLease(scenario.outsider, victim);
        await worker();
      }
      await until('the run to come to rest', async () =>
        ['succeeded', 'waiting_reconciliation'].includes((await rowOf(run)).status),
      );
      const lost = await rowOf(run);
      if (lost.status === 'waiting_reconciliation') await reconcile(run, lost.wait!);
      await until('the run to succeed', async () => (await rowOf(run)).status === 'succeeded');
      const { events } = await checkRun(scenario.outsider, run);
      const effects = (await effectsOf(counter.ready))[`${run}.1`];
      expect(effects?.effects).toBe(1);
      expect(await requests(run)).toEqual([{ id: asked!.id, status: 'used' }]);
      for (const event of events) {
        if (event.type === 'step_intended') expect(event.decision.approval).toBe(asked!.id);
      }
      expect(await mails(run)).toBe(1);
    },
    400_000,
  );

  /** A call that is lost and must not be repeated: somebody looks at the other side. */
  async function reconcile(run: RunId, wait: string): Promise<void> {
    const { step, not_before: notBefore } = JSON.parse(wait) as { step: number; not_before: number };
    await until('the call to be over', () => Promise.resolve(Date.now() >= notBefore));
    const happened = ((await effectsOf(counter.ready))[`${run}.${step}`]?.arrivals ?? 0) > 0;
    const answered = await scenario.engine.commands.reconcile({
      tenant: scenario.tenant,
      caller: person(scenario.tenant),
      run,
      step,
      verdict: happened ? 'happened' : 'did_not_happen',
      result: {},
      note: 'looked at the other side',
    });
    if (!answered.ok) throw new Error(answered.failure.message);
  }
});
