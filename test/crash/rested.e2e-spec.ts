import type { FaultPoint } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import {
  type Child,
  effectsOf,
  endLease,
  frozen,
  startCounter,
  startWorkerProcess,
  until,
} from '../support/crash-world';
import { openScenario, type Scenario } from '../support/scenario';

/**
 * A run that is led on from its rest, by the process that led it to there: the unit of its first act takes the lease. `taken`:
 * whether that is in when the process is killed.
 */
type Row = [point: FaultPoint, tool: 'pay' | 'note', taken: boolean, stands: string, arrivals: number];

const TABLE: Row[] = [
  ['before_intent', 'note', false, 'succeeded', 1],
  ['after_intent', 'note', true, 'succeeded', 1],
  ['inside_call', 'note', true, 'succeeded', 2],
  ['before_outcome', 'note', true, 'succeeded', 2],
  ['before_intent', 'pay', false, 'succeeded', 1],
  ['after_intent', 'pay', true, 'waiting_reconciliation', 0],
  ['inside_call', 'pay', true, 'waiting_reconciliation', 1],
];

describe('a worker that leads a run on from its rest', () => {
  let scenario: Scenario;
  let counter: Child;
  const children: Child[] = [];

  beforeAll(async () => {
    scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    counter = await startCounter();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill('SIGKILL')));
  });
  afterAll(async () => {
    await counter.kill('SIGKILL');
    await scenario.close();
  });

  interface Stands {
    readonly status: string;
    readonly lease_owner: string | null;
    readonly lease_epoch: string;
    readonly next_seq: number;
  }
  const row = async (run: RunId): Promise<Stands> => {
    const { rows } = await scenario.outsider.query<Stands>(
      'select status, lease_owner, lease_epoch, next_seq from writ.run where id = $1',
      [run],
    );
    return rows[0]!;
  };
  const worker = async (fault?: { readonly point: FaultPoint; readonly signal: 'SIGKILL' | 'SIGSTOP' }) => {
    const child = await startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready, ...(fault && { fault }) });
    children.push(child);
    return child;
  };
  /** A run that a worker has led until it came to rest, and the epoch it was led under. */
  const resting = async (tool: string): Promise<{ readonly run: RunId; readonly epoch: number }> => {
    const { tenant, caller } = scenario;
    const started = await scenario.engine.commands.start({ tenant, caller, workflow: `later_${tool}`, input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    const { run } = started.value;
    await until('the run to rest', async () => {
      const { status, lease_owner: owner } = await row(run);
      return status === 'waiting_external' && owner === null;
    });
    return { run, epoch: Number((await row(run)).lease_epoch) };
  };

  it.each(TABLE)(
    '[I2] [I3] [I5] killed %s, tool %s: the lease is taken is %s, and the run is then %s after %i arrivals',
    async (point, tool, taken, stands, arrivals) => {
      const victim = await worker({ point, signal: 'SIGKILL' });
      const { run, epoch } = await resting(tool);
      await victim.exited();
      expect(Number((await row(run)).lease_epoch) - epoch).toBe(taken ? 1 : 0);
      await endLease(scenario.outsider, victim);
      await worker();
      await until(`run ${run} to be ${stands}`, async () => (await row(run)).status === stands);
      expect((await effectsOf(counter.ready))[`${run}.1`]?.arrivals ?? 0).toBe(arrivals);
      await checkRun(scenario.outsider, run);
    },
    400_000,
  );

  it('[I1] [I3] frozen before its unit and thawed when the run is over, it neither writes nor sends', async () => {
    const stopped = await worker({ point: 'before_intent', signal: 'SIGSTOP' });
    const { run } = await resting('pay');
    await frozen(stopped);
    // Nobody's lease has to run out: none was taken.
    await worker();
    await until('another worker to end it', async () => (await row(run)).status === 'succeeded');
    const before = await row(run);
    await stopped.kill('SIGCONT');
    const { run: next } = await resting('note');
    await until('the next run to end', async () => (await row(next)).status === 'succeeded');
    expect(await row(run)).toEqual(before);
    expect((await effectsOf(counter.ready))[`${run}.1`]).toEqual({ arrivals: 1, effects: 1 });
    await checkRun(scenario.outsider, run);
  });
});
