import type { FaultPoint } from '@writ/engine';
import type { RunId } from '@writ/kernel';
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

/**
 * The five crash points of every effect, for a repeatable and an unrepeatable one. `arrivals` is how often the other
 * side was reached when the run first stands still; `person` is what somebody who looks there then answers.
 */
type Row = [point: FaultPoint, tool: 'pay' | 'note' | 'owned', stands: string, arrivals: number];

const TABLE: Row[] = [
  ['before_intent', 'note', 'succeeded', 1],
  ['after_intent', 'note', 'succeeded', 1],
  ['inside_call', 'note', 'succeeded', 2],
  ['before_outcome', 'note', 'succeeded', 2],
  ['after_outcome', 'note', 'succeeded', 1],
  // Its decision reads the owner first, and again after the crash: the step, and so its key, stay the same.
  ['inside_call', 'owned', 'succeeded', 2],
  ['before_intent', 'pay', 'succeeded', 1],
  ['after_intent', 'pay', 'waiting_reconciliation', 0],
  ['inside_call', 'pay', 'waiting_reconciliation', 1],
  ['before_outcome', 'pay', 'waiting_reconciliation', 1],
  ['after_outcome', 'pay', 'succeeded', 1],
];

describe('a worker killed at each point of an effect', () => {
  let scenario: Scenario;
  let counter: Child;
  const survivors: Child[] = [];

  beforeAll(async () => {
    scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    await shortenLeases(scenario.ownerUrl, 3);
    counter = await startCounter();
  });

  afterEach(async () => {
    await Promise.all(survivors.splice(0).map((child) => child.kill('SIGKILL')));
  });

  afterAll(async () => {
    await counter.kill('SIGKILL');
    await scenario.close();
  });

  const statusOf = async (run: RunId): Promise<string> => {
    const { rows } = await scenario.outsider.query<{ status: string }>(`select status from writ.run where id = $1`, [
      run,
    ]);
    return rows[0]?.status ?? 'absent';
  };

  it.each(TABLE)(
    '[I2] [I5] SIGKILL %s, tool %s: the run is then %s after %i arrivals, and ends with one effect',
    async (point, tool, stands, arrivals) => {
      const victim = await startWorkerProcess({
        url: scenario.ownerUrl,
        counter: counter.ready,
        fault: { point, signal: 'SIGKILL' },
      });
      const { tenant, caller } = scenario;
      const started = await scenario.engine.commands.start({ tenant, caller, workflow: tool, input: {} });
      if (!started.ok) throw new Error(started.failure.message);
      const { run } = started.value;
      await victim.exited();
      await endLease(scenario.outsider, victim);
      survivors.push(await startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready }));
      await until(`run ${run} to be ${stands}`, async () => (await statusOf(run)) === stands);
      const key = `${run}.${tool === 'owned' ? 2 : 1}`;
      const seen = (await effectsOf(counter.ready))[key];
      expect(seen?.arrivals ?? 0).toBe(arrivals);
      if (stands === 'waiting_reconciliation') {
        await checkRun(scenario.outsider, run);
        const verdict = arrivals > 0 ? 'happened' : 'did_not_happen';
        await until('the answer to be taken', async () => {
          const answer = await scenario.engine.commands.reconcile({
            tenant,
            caller: person(tenant),
            run,
            step: 1,
            verdict,
            result: { count: 1 },
            note: 'looked at the other side',
          });
          return answer.ok;
        });
        await until(`run ${run} to end`, async () => (await statusOf(run)) === 'succeeded');
      }
      const after = (await effectsOf(counter.ready))[key];
      expect(after?.effects).toBe(1);
      expect((await checkRun(scenario.outsider, run)).status).toBe('succeeded');
    },
    400_000,
  );
});
