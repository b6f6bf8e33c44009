import { Client } from 'pg';
import { claimRun, type GroupCommit, openGroupCommit, type Unit } from '@writ/database';
import { newId, systemClock } from '@writ/kernel';
import { type Cut, CUTS, CuttingProxy } from '../support/cutting-proxy';
import { checkLedger, Ledger, openWriter } from '../support/ledger';
import { creating, following } from '../support/units';
import { until } from '../support/until';

const ROUNDS = 50;
const RUNS = 8;

let ledger: Ledger;
let proxy: CuttingProxy;
let writer: GroupCommit;

beforeAll(async () => {
  ledger = await Ledger.open();
  proxy = await CuttingProxy.open(ledger.fresh.url);
});

afterAll(async () => {
  await proxy?.close();
  await ledger?.close();
});

beforeEach(async () => {
  proxy.leadTo(ledger.fresh.url);
  writer = await openWriter(proxy.url(ledger.fresh.url));
});

afterEach(() => writer?.close());

/** Backends of the group commit that wait for a lock: they are at work on a batch, whoever sent it. */
async function waiting(): Promise<number> {
  const { rows } = await ledger.outsider.query<{ n: number }>(
    `select count(*)::int n from pg_stat_activity
      where datname = current_database() and application_name like '%commit%' and wait_event_type = 'Lock'`,
  );
  return rows[0]!.n;
}

describe('an answer that is read late', () => {
  it('[I3] makes no permit fresh: what is committed counts from when it was sent', async () => {
    const unit = following(await ledger.run());
    let now = 1_000;
    const frozen = await openGroupCommit(
      { url: ledger.fresh.url, role: 'writer', allowUnsafeDurability: true },
      { clock: { ...systemClock, monotonic: () => now } },
    );
    const holder = new Client(ledger.fresh.url);
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from writ.run where id = $1 for update', [unit.run]);
    const answer = frozen.commit(unit);
    await until('the commit to be on its way', async () => (await waiting()) > 0);
    // As for a process that is frozen while its commit is on its way, and thaws when its answer is long there.
    now = 60_000;
    await holder.query('commit');
    await holder.end();
    const outcome = await answer;
    expect(outcome.kind === 'committed' && outcome.committed.at).toBe(1_000);
    await frozen.close();
  });
});

describe('a connection cut during the commit', () => {
  it.each(CUTS)(
    `[I2] %s, ${ROUNDS} times: every unit is applied exactly once, and its sender is told`,
    async (cut) => {
      let units: readonly Unit[] = await Promise.all(Array.from({ length: RUNS }, () => ledger.run()));
      const sent: Unit[] = [];
      const before = proxy.cuts;
      for (let round = 0; round < ROUNDS; round += 1) {
        // A creation among them, so that both ways into the ledger are sent twice.
        units = [...units.slice(1).map((unit) => following(unit)), creating(ledger.tenant)];
        sent.push(...units);
        proxy.cutNext(cut);
        const outcomes = await Promise.all(units.map((unit) => writer.commit(unit)));
        expect(outcomes.map(({ kind }) => kind)).toEqual(units.map(() => 'committed'));
      }
      expect(proxy.cuts - before).toBe(ROUNDS);
      expect(writer.stats().reconnects).toBeGreaterThanOrEqual(ROUNDS);
      const written = await checkLedger(ledger.outsider);
      expect(sent.filter(({ id }) => !written.has(id))).toEqual([]);
    },
    400_000,
  );

  it('[I2] the old backend still at work on a unit while it is sent again: applied once', async () => {
    const run = await ledger.run();
    const unit = following(run);
    const holder = new Client(ledger.fresh.url);
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from writ.run where id = $1 for update', [run.run]);
    proxy.cutNext('at_work');
    const outcome = writer.commit(unit);
    await until('both backends to stand before the locked row', async () => (await waiting()) === 2);
    await holder.end();
    expect((await outcome).kind).toBe('committed');
    expect(await checkLedger(ledger.outsider)).toContain(unit.id);
  });

  it('[I3] a takeover between the cut and the second sending: the unit is in, and proves nothing to the one who lost', async () => {
    const { tenant } = ledger;
    const run = await ledger.run();
    const unit = following(run);
    // The way back leads nowhere until the run has a new holder.
    proxy.cutNext('before_answer');
    const outcome = writer.commit(unit);
    proxy.leadTo('postgres://127.0.0.1:9/');
    await until('the unit to be in', async () => (await checkLedger(ledger.outsider)).has(unit.id));
    const claimed = await claimRun(ledger.db, { tenant, run: run.run, worker: newId('worker') });
    expect(claimed).toMatchObject({ nextSeq: 2, takenOver: true });
    proxy.leadTo(ledger.fresh.url);
    expect(await outcome).toEqual({ kind: 'refused', reason: 'lease' });
    await checkLedger(ledger.outsider);
  });

  it('[I1] closed while the answer is lost: the sender is told that it does not know', async () => {
    const unit = following(await ledger.run());
    proxy.cutNext('before_answer');
    const outcome = writer.commit(unit);
    proxy.leadTo('postgres://127.0.0.1:9/');
    const told = expect(outcome).rejects.toMatchObject({ code: 'commit_outcome_unknown' });
    await until('the unit to be in', async () => (await checkLedger(ledger.outsider)).has(unit.id));
    await writer.close();
    await told;
    proxy.leadTo(ledger.fresh.url);
    await expect(writer.commit(following(unit))).rejects.toMatchObject({ code: 'commit_closed' });
  });

  it('a run whose row somebody keeps locked holds up no other, and goes on when it is free', async () => {
    const locked = await Promise.all([ledger.run(), ledger.run()]);
    const holder = new Client(ledger.fresh.url);
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from writ.run where id = any ($1) for update', [locked.map(({ run }) => run)]);
    const two = await openWriter(ledger.fresh.url, 2);
    const stuck = locked.map((run) => two.commit(following(run)));
    let units = await Promise.all(Array.from({ length: 40 }, () => ledger.run()));
    for (let round = 0; round < 20; round += 1) {
      units = units.map((unit) => following(unit));
      const outcomes = await Promise.all(units.map((unit) => two.commit(unit)));
      expect(outcomes.map(({ kind }) => kind)).toEqual(units.map(() => 'committed'));
    }
    expect(await Promise.race([...stuck, Promise.resolve('still waiting')])).toBe('still waiting');
    await holder.end();
    expect((await Promise.all(stuck)).map(({ kind }) => kind)).toEqual(['committed', 'committed']);
    await two.close();
    await checkLedger(ledger.outsider);
  });
});

describe('the proxy itself', () => {
  it.each<[Cut, boolean]>([
    ['before_request', false],
    ['inside_request', false],
    ['before_answer', true],
  ])(
    '%s leaves the unit written: %s',
    async (cut, written) => {
      const unit = following(await ledger.run());
      proxy.cutNext(cut);
      const outcome = writer.commit(unit).catch(() => undefined);
      proxy.leadTo('postgres://127.0.0.1:9/');
      await until('the cut', async () => writer.stats().reconnects > 0);
      expect((await checkLedger(ledger.outsider)).has(unit.id)).toBe(written);
      proxy.leadTo(ledger.fresh.url);
      await outcome;
    },
    400_000,
  );
});
