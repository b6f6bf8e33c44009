import { claimRun, type Unit } from '@writ/database';
import { newId } from '@writ/kernel';
import { checkLedger, Ledger, openWriter } from '../support/ledger';
import { creating, following } from '../support/units';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});

afterAll(() => ledger?.close());

const refused = (reason: string) => ({ kind: 'refused', reason });

async function takenOver(unit: Unit): Promise<void> {
  const claimed = await claimRun(ledger.db, { tenant: ledger.tenant, run: unit.run, worker: newId('worker') });
  if (!claimed?.takenOver) throw new Error('the run of a worker without a beat can be taken over');
}

/** Each row: what is wrong with a unit that would otherwise be the run's next, and what it is refused for. */
const FENCE: readonly (readonly [string, string, (run: Unit) => Unit | Promise<Unit>])[] = [
  ['an older lease epoch', 'lease', (run) => following(run, { leaseEpoch: 0 })],
  ['a lease epoch nobody was given yet', 'lease', (run) => following(run, { leaseEpoch: 2 })],
  ['a lease that another worker took over', 'lease', async (run) => (await takenOver(run), following(run))],
  [
    'a lease that was given back',
    'lease',
    async (run) => following(await ledger.put(following(run, { status: 'queued', release: true }))),
  ],
  [
    'a run that is over',
    'lease',
    async (run) => following(await ledger.put(following(run, { status: 'succeeded', release: true }))),
  ],
  ['a run that does not exist', 'lease', (run) => following({ ...run, run: newId('run') })],
  ["another tenant's run", 'lease', async (run) => following({ ...run, tenant: newId('tenant') })],
  ['a sequence the run has passed', 'sequence', async (run) => (await ledger.put(following(run)), following(run))],
  ['a sequence the run has not reached', 'sequence', (run) => following(run, { seq: run.nextSeq + 1 })],
  ['an audit sequence that leaves a gap', 'sequence', (run) => following(run, { auditSeq: 2 })],
  ['an earlier tenant epoch', 'authority', (run) => following(run, { authority: { tenant: 0, platform: 1 } })],
  ['a later tenant epoch', 'authority', (run) => following(run, { authority: { tenant: 2, platform: 1 } })],
  ['an earlier platform epoch', 'authority', (run) => following(run, { authority: { tenant: 1, platform: 0 } })],
  ['a later platform epoch', 'authority', (run) => following(run, { authority: { tenant: 1, platform: 2 } })],
  ['a creation under an earlier tenant epoch', 'authority', (run) => created(run, { tenant: 0, platform: 1 })],
  ['a creation under an earlier platform epoch', 'authority', (run) => created(run, { tenant: 1, platform: 0 })],
  ['a creation of a run that exists', 'exists', (run) => creating(run.tenant, { run: run.run })],
  ['a creation that does not begin at zero', 'sequence', (run) => creating(run.tenant, { auditSeq: 1 })],
  ['a beginning that creates nothing', 'sequence', (run) => ({ ...creating(run.tenant), create: null })],
];

const created = (run: Unit, authority: Unit['authority']): Unit => creating(run.tenant, { authority });

describe('the fence', () => {
  it.each(FENCE)('[I3] refuses %s as %s, and writes nothing of it', async (_what, reason, spoil) => {
    const run = await ledger.run();
    const unit = await spoil(run);
    expect(await ledger.commit(unit)).toEqual(refused(reason));
    expect(await checkLedger(ledger.outsider)).not.toContain(unit.id);
  });

  it('[I3] answers every unit of one batch on its own: what is spoiled beside it costs a good one nothing', async () => {
    const spoiled = await Promise.all(FENCE.map(async ([, , spoil]) => spoil(await ledger.run())));
    const good = await Promise.all(FENCE.map(async () => following(await ledger.run())));
    const batches = ledger.writer.stats().batches;
    const outcomes = await Promise.all([...spoiled, ...good].map((unit) => ledger.commit(unit)));
    expect(outcomes.slice(0, FENCE.length)).toEqual(FENCE.map(([, reason]) => refused(reason)));
    expect(outcomes.slice(FENCE.length).every(({ kind }) => kind === 'committed')).toBe(true);
    expect(ledger.writer.stats().batches).toBe(batches + 1);
    await checkLedger(ledger.outsider);
  });

  it('[I3] a raised tenant epoch refuses the tenant, a raised platform epoch everybody; the newest numbers pass', async () => {
    const own = await Ledger.open();
    try {
      const run = await own.run();
      await own.raise(own.tenant);
      expect(await own.commit(following(run))).toEqual(refused('authority'));
      await own.raise('*');
      expect(await own.commit(following(run, { authority: { tenant: 2, platform: 1 } }))).toEqual(refused('authority'));
      expect(await own.commit(following(run, { authority: { tenant: 2, platform: 2 } }))).toMatchObject({
        kind: 'committed',
      });
    } finally {
      await own.close();
    }
  });

  it('[I3] refuses to work at an isolation level whose snapshot is older than the lock', async () => {
    const { outsider } = ledger;
    await outsider.query('begin isolation level repeatable read');
    const empty = Array.from({ length: 37 }, () => `'{}'`).join(', ');
    await expect(outsider.query(`select writ.commit_units(${empty})`)).rejects.toThrow(/needs READ COMMITTED/);
    await outsider.query('rollback');
    for (const [name, count] of [
      ['commit_step', 16],
      ['commit_start', 22],
      ['commit_resumed', 40],
    ] as const) {
      await outsider.query('begin isolation level repeatable read');
      const none = Array.from({ length: count }, () => 'null').join(', ');
      await expect(outsider.query(`select writ.${name}(${none})`)).rejects.toThrow(/needs READ COMMITTED/);
      await outsider.query('rollback');
    }
  });
});

describe('the journal', () => {
  it('[I1] [I2] takes no unit whose evidence is not there, whoever writes it and whatever stands beside it', async () => {
    const run = await ledger.run();
    const insert = (auditSeqs: readonly number[]) =>
      ledger.outsider.query(
        `insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
         select $1, $2, 1000 + a.seq, $3, a.seq, '{}' from unnest($4::int[]) as a(seq)`,
        [run.tenant, run.run, newId('unit'), auditSeqs],
      );
    await expect(insert([1_000])).rejects.toMatchObject({ code: '23503' });
    await expect(insert([run.auditSeq, 1_000])).rejects.toMatchObject({ code: '23503' });
    await ledger.outsider.query('begin');
    await insert([run.auditSeq]);
    await ledger.outsider.query('rollback');
    await checkLedger(ledger.outsider);
  });
});

describe('a unit sent again', () => {
  it('is committed once, and its sender gets the same answer', async () => {
    const run = await ledger.run();
    const unit = await ledger.put(following(run));
    expect((await ledger.commit(unit)).kind).toBe('committed');
    expect((await ledger.commit(run)).kind).toBe('committed');
    await ledger.put(following(unit));
    expect((await ledger.commit(unit)).kind).toBe('committed');
    await checkLedger(ledger.outsider);
  });

  it('is committed once beside a fresh unit of another run in the same batch', async () => {
    const unit = await ledger.put(following(await ledger.run()));
    const other = following(await ledger.run());
    const outcomes = await Promise.all([ledger.commit(unit), ledger.commit(other)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed']);
    await checkLedger(ledger.outsider);
  });

  it('ends the run once: the final unit gives the lease back and is still recognised', async () => {
    const last = await ledger.put(following(await ledger.run(), { status: 'succeeded', release: true }));
    expect((await ledger.commit(last)).kind).toBe('committed');
  });

  it('[I3] after a takeover it is in, and yet no proof for the one who lost the run', async () => {
    const unit = await ledger.put(following(await ledger.run()));
    await takenOver(unit);
    expect(await ledger.commit(unit)).toEqual(refused('lease'));
  });

  it('[I3] a creation is no proof after a takeover either: the run is lost to its creator, not taken by another', async () => {
    const run = await ledger.run();
    await takenOver(run);
    expect(await ledger.commit(run)).toEqual(refused('lease'));
  });

  it('a creation that took no lease is its own proof for ever', async () => {
    const unit = await ledger.put(
      creating(ledger.tenant, { leaseEpoch: 0, status: 'queued', release: true, create: { leaseOwner: null } }),
    );
    await claimRun(ledger.db, { tenant: ledger.tenant, run: unit.run, worker: newId('worker') });
    expect((await ledger.commit(unit)).kind).toBe('committed');
  });

  it('another unit under the same sequence is not taken for it', async () => {
    const run = await ledger.run();
    await ledger.put(following(run));
    expect(await ledger.commit(following(run))).toEqual(refused('sequence'));
  });
});

describe('one winner', () => {
  it('[I12] of fifty creations under one idempotency key from two processes, one takes effect', async () => {
    const other = await openWriter(ledger.fresh.url, 2);
    const idempotencyKey = newId('request');
    const units = Array.from({ length: 50 }, () => creating(ledger.tenant, { create: { idempotencyKey } }));
    const outcomes = await Promise.all(units.map((unit, i) => (i % 2 === 0 ? ledger : other).commit(unit)));
    await other.close();
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'refused' && outcome.reason === 'exists')).toHaveLength(49);
    const { rows } = await ledger.outsider.query('select id from writ.run where idempotency_key = $1', [
      idempotencyKey,
    ]);
    expect(rows).toEqual([{ id: units[outcomes.findIndex(({ kind }) => kind === 'committed')]!.run }]);
  });

  it('[I12] one key starts a run for each tenant: tenants do not share keys', async () => {
    const other = await Ledger.open();
    const idempotencyKey = newId('request');
    await ledger.put(creating(ledger.tenant, { create: { idempotencyKey } }));
    await other.put(creating(other.tenant, { create: { idempotencyKey } }));
    await other.close();
  });

  it('[I12] of two holders of one lease epoch who both send the next sequence, one is committed', async () => {
    const other = await openWriter(ledger.fresh.url);
    for (let round = 0; round < 20; round += 1) {
      const run = await ledger.run();
      const outcomes = await Promise.all([ledger.commit(following(run)), other.commit(following(run))]);
      expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
      expect(outcomes).toContainEqual(refused('sequence'));
    }
    await other.close();
    await checkLedger(ledger.outsider);
  });
});
