import { LOG_FAULT_POINTS } from '@writ/audit';
import { Ledger } from '../support/ledger';
import { type Child } from '../support/crash-world';
import { logHome, type LogHome, startSequencerProcess, unsealedUnits } from '../support/log-world';
import { seeded } from '../support/seeded';
import { following } from '../support/units';
import { until } from '../support/until';
import { verifyLog } from '../support/verify-log';

const SOAK = process.env['WRIT_SOAK'] === '1';
const KILLS = SOAK ? 1_000 : 15;

let ledger: Ledger;
let home: LogHome;
const children: Child[] = [];

beforeEach(async () => {
  ledger = await Ledger.open();
  home = logHome();
});

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill('SIGKILL')));
  await ledger.close();
  home.remove();
});

const start = async (more: Parameters<typeof startSequencerProcess>[2] = {}): Promise<Child> => {
  const child = await startSequencerProcess(ledger.fresh.url, home, more);
  children.push(child);
  return child;
};

/** Runs that go on committing until they are told to stop; answers how many events they wrote. */
function producing(runs: number): { stop(): Promise<number> } {
  let over = false;
  const loops = Array.from({ length: runs }, async () => {
    let unit = await ledger.run();
    let events = 1;
    for (; !over; events++) {
      unit = await ledger.put(following(unit));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return events;
  });
  return {
    async stop() {
      over = true;
      return (await Promise.all(loops)).reduce((sum, events) => sum + events, 0);
    },
  };
}

/** Everything is sealed, nothing twice, nothing lost; answers how many events of the tenant the log has. */
async function whole(): Promise<number> {
  await until('every unit to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 0);
  const logs = await verifyLog(ledger.outsider, { outside: home.checkpoints, allSealed: true });
  return logs.find(({ tenant }) => tenant === ledger.tenant)!.size;
}

describe('a sequencer killed in the middle of a round', () => {
  it.each(LOG_FAULT_POINTS.flatMap((point) => [1, 3].map((time) => [point, time] as const)))(
    '[I9] SIGKILL when it is %s, the %i. time: the next one leaves no gap, seals nothing twice and loses nothing',
    async (point, time) => {
      const producers = producing(4);
      const victim = await start({ fault: { point, time, signal: 'SIGKILL' } });
      await victim.exited();
      await start();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const events = await producers.stop();
      expect(await whole()).toBe(events);
    },
    400_000,
  );

  it('[I9] frozen in a round, and thawed when another has taken over: what it had begun is not committed', async () => {
    const producers = producing(4);
    const frozen = await start({ fault: { point: 'written', time: 2, signal: 'SIGSTOP' } });
    const epoch = async (): Promise<number> =>
      Number((await ledger.outsider.query<{ epoch: string }>(`select epoch from writ.log_lease`)).rows[0]!.epoch);
    await until('a first round', async () => (await sizes()) > 0);
    const before = await epoch();
    await start();
    await until('another to take over', async () => (await epoch()) > before);
    const seen = await sizes();
    await until('the other to seal', async () => (await sizes()) > seen);
    await frozen.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const events = await producers.stop();
    expect(await whole()).toBe(events);
  });

  it(
    `[I9] three at once, of which somebody is killed ${KILLS} times at random moments`,
    async () => {
      const random = seeded('sequencer kills');
      const producers = producing(8);
      const three = await Promise.all([start(), start(), start()]);
      for (let kills = 0; kills < KILLS; kills++) {
        await new Promise((resolve) => setTimeout(resolve, random() * 300));
        const one = Math.floor(random() * three.length);
        await three[one]!.kill('SIGKILL');
        three[one] = await start({ units: random() < 0.5 ? 64 : 20_000 });
      }
      const events = await producers.stop();
      expect(await whole()).toBe(events);
    },
    SOAK ? 3_600_000 : 400_000,
  );

  const sizes = async (): Promise<number> =>
    Number(
      (await ledger.outsider.query<{ size: string }>(`select coalesce(sum(size), 0) as size from writ.log_head`))
        .rows[0]!.size,
    );
});
