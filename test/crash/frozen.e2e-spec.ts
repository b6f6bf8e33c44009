import { setStop } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { effectsOf, shortenLeases, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { openScenario } from '../support/scenario';

describe('a worker frozen between its commit and its call', () => {
  it('[I1] [I3] thawed after its lease and after a stop, it neither writes nor sends', async () => {
    const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy });
    // A lease must outlive any permit (two seconds): then whoever lost one can open nothing with the other.
    await shortenLeases(scenario.ownerUrl, 3);
    const counter = await startCounter();
    const { tenant, caller } = scenario;
    const frozen = await startWorkerProcess({
      url: scenario.ownerUrl,
      counter: counter.ready,
      fault: { point: 'after_intent', signal: 'SIGSTOP' },
    });
    const started = await scenario.engine.commands.start({ tenant, caller, workflow: 'pay', input: {} });
    if (!started.ok) throw new Error(started.failure.message);
    const { run } = started.value;
    const read = async () =>
      (
        await scenario.outsider.query<{ status: string; next_seq: number; lease_epoch: string }>(
          `select status, next_seq, lease_epoch from writ.run where id = $1`,
          [run],
        )
      ).rows[0]!;
    await until('the intent to be committed', async () => (await read()).next_seq >= 2);
    const other = await startWorkerProcess({ url: scenario.ownerUrl, counter: counter.ready });
    await until('another worker to take over', async () => (await read()).status === 'waiting_reconciliation');
    await scenario.db.withTenant(tenant, (tx) =>
      setStop(tx, { tenant, scope: 'tenant', target: tenant, reason: 'drill', author: 'user:operator' }),
    );
    const before = await read();
    await frozen.kill('SIGCONT');
    // Long enough for the thawed worker to try its call, its outcome and a sweep.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await read()).toEqual(before);
    expect((await effectsOf(counter.ready))[`${run}.1`]).toBeUndefined();
    await checkRun(scenario.outsider, run);
    await Promise.all([frozen, other, counter].map((child) => child.kill('SIGKILL')));
    await scenario.close();
  });
});
