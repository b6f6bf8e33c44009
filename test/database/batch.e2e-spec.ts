import { claimRun, insertMail, isCommitted, type Unit } from '@writ/database';
import { type MailId, newId, type RunId } from '@writ/kernel';
import { checkLedger, Ledger } from '../support/ledger';
import { creating, following } from '../support/units';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});

afterAll(() => ledger?.close());

/** Text that no index can hold: a key of random letters does not compress below the page's third. */
const long = (): string => Array.from({ length: 500 }, () => newId('request')).join('');

/** Each row: data the database refuses, the SQLSTATE it is refused with, and a unit that carries it. */
const POISON: readonly (readonly [string, string, (run: Unit) => Unit])[] = [
  ['a status it does not know', '23514', (run) => following(run, { status: 'lost' as Unit['status'] })],
  ['an end that keeps the lease', '23514', (run) => following(run, { status: 'failed' })],
  ['half a hash', '23514', (run) => following(run, { auditHashes: new Uint8Array(33) })],
  ['no evidence', '23514', (run) => following(run, { audit: '', auditHashes: new Uint8Array(0) })],
  ['an empty journal', '23514', (run) => following(run, { journal: '' })],
  ['a time after the end of time', '22008', (run) => following(run, { wakeAt: 9e15 })],
  ['a time that is no number', '22008', (run) => following(run, { wakeAt: NaN })],
  ['a sequence that is no whole number', '22003', (run) => following(run, { nextSeq: 2.5 })],
  ['a sequence beyond four bytes', '22003', (run) => following(run, { nextSeq: 2 ** 31 })],
  ['NUL in the journal', '22021', (run) => following(run, { journal: '{"a":"\u0000"}' })],
  ['NUL in the name of a mail', '22021', (run) => following(run, { mail: ['mai_\u0000' as MailId] })],
  ['a lone surrogate in the evidence', '22021', (run) => following(run, { audit: '{"a":"\ud800"}' })],
  ['NUL in an idempotency key', '22021', (run) => creating(run.tenant, { create: { idempotencyKey: 'a\u0000' } })],
  ['a key too long for its index', '54000', (run) => creating(run.tenant, { create: { idempotencyKey: long() } })],
  ['more than a unit may hold', '54000', (run) => following(run, { journal: 'x'.repeat(17 * 1_048_576) })],
];

describe('a poisoned unit', () => {
  it.each(POISON)(
    '%s is refused with %s, and its 99 neighbours in the batch are committed',
    async (_w, state, spoil) => {
      const runs = await Promise.all(Array.from({ length: 100 }, () => ledger.run()));
      const units = runs.map((run, i) => (i === 61 ? spoil(run) : following(run)));
      const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
      expect(outcomes[61]).toEqual({ kind: 'refused', reason: 'poisoned', detail: state });
      expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(99);
      const written = await checkLedger(ledger.outsider);
      expect(written).not.toContain(units[61]!.id);
      if (units[61]!.seq > 0) await ledger.put(following(runs[61]!));
    },
  );

  it('two of them in one batch are both found', async () => {
    const runs = await Promise.all(Array.from({ length: 33 }, () => ledger.run()));
    const units = runs.map((run, i) => (i === 3 || i === 32 ? following(run, { journal: '' }) : following(run)));
    const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
    expect(outcomes.flatMap(({ kind }, i) => (kind === 'refused' ? [i] : []))).toEqual([3, 32]);
    await checkLedger(ledger.outsider);
  });
});

describe('a run that sends ahead', () => {
  it('has its units committed in order', async () => {
    const first = creating(ledger.tenant);
    const second = following(first);
    const units = [first, second, following(second)];
    const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
    expect(outcomes.every(({ kind }) => kind === 'committed')).toBe(true);
    await checkLedger(ledger.outsider);
  });

  it.each([
    ['stale', (run: Unit) => following(run, { authority: { tenant: 0, platform: 1 } }), 'authority'],
    ['poisoned', (run: Unit) => following(run, { journal: '' }), 'poisoned'],
  ])('[I3] loses every later unit with a %s one: they were built on it', async (_what, spoil, reason) => {
    const run = await ledger.run();
    const spoiled = spoil(run);
    const later = [following(spoiled), following(following(spoiled))];
    const outcomes = await Promise.all([spoiled, ...later].map((unit) => ledger.commit(unit)));
    expect(outcomes[0]).toMatchObject({ kind: 'refused', reason });
    expect(outcomes.slice(1)).toEqual([
      { kind: 'refused', reason: 'earlier' },
      { kind: 'refused', reason: 'earlier' },
    ]);
    await ledger.put(following(run));
  });
});

describe('mail', () => {
  async function letter(run: RunId): Promise<MailId> {
    const id = newId('mail');
    const { tenant } = ledger;
    await ledger.db.withTenant(tenant, (tx) =>
      insertMail(tx, { tenant, run, id, kind: 'signal', body: '{}', dedup: null, sender: 'user:somebody' }),
    );
    return id;
  }
  const readAt = async (id: MailId): Promise<number | null | undefined> =>
    (
      await ledger.outsider.query<{ consumed_seq: number | null }>(
        'select consumed_seq from writ.run_mail where id = $1',
        [id],
      )
    ).rows[0]?.consumed_seq;

  it('is read in the very unit that acts on it', async () => {
    const run = await ledger.run();
    const other = await ledger.run();
    const [one, two, three] = [await letter(run.run), await letter(run.run), await letter(other.run)];
    const unit = following(run, { mail: [one, two] });
    await Promise.all([ledger.put(unit), ledger.put(following(other, { mail: [three] }))]);
    expect([await readAt(one), await readAt(two), await readAt(three)]).toEqual([1, 1, 1]);
  });

  it('stays unread beside a refused unit, also when a neighbour in the batch is committed', async () => {
    const run = await ledger.run();
    const neighbour = await ledger.run();
    const [mine, theirs] = [await letter(run.run), await letter(neighbour.run)];
    await Promise.all([
      ledger.commit(following(run, { mail: [mine], leaseEpoch: 9 })),
      ledger.commit(following(neighbour, { mail: [theirs] })),
    ]);
    expect([await readAt(mine), await readAt(theirs)]).toEqual([null, 1]);
  });

  it('of another run is not read by naming it, and what is read keeps the unit that read it', async () => {
    const run = await ledger.run();
    const theirs = await letter((await ledger.run()).run);
    const mine = await letter(run.run);
    const first = await ledger.put(following(run, { mail: [mine, theirs] }));
    await ledger.put(following(first, { mail: [mine] }));
    expect([await readAt(theirs), await readAt(mine)]).toEqual([null, 1]);
  });
});

describe('what a unit leaves of its run', () => {
  const row = async (run: RunId): Promise<unknown> =>
    (
      await ledger.outsider.query(
        `select status, wait, wake_at, lease_owner, lease_epoch::float8, next_seq, audit_seq, idempotency_key,
                deadline_at, finished_at is not null as finished
           from writ.run where id = $1`,
        [run],
      )
    ).rows[0];

  it('a leased creation is led by its creator, under epoch 1', async () => {
    const leaseOwner = newId('worker');
    const deadlineAt = Date.parse('2031-02-03T04:05:06.789Z');
    const unit = await ledger.put(creating(ledger.tenant, { create: { leaseOwner, deadlineAt } }));
    expect(await row(unit.run)).toMatchObject({
      lease_owner: leaseOwner,
      lease_epoch: 1,
      next_seq: 1,
      audit_seq: 1,
      deadline_at: new Date(deadlineAt),
      finished: false,
    });
  });

  it('an unleased creation is free to claim, and the claim is another epoch', async () => {
    const { tenant, db } = ledger;
    const unit = await ledger.put(
      creating(tenant, { leaseEpoch: 0, status: 'queued', release: true, create: { leaseOwner: null } }),
    );
    expect(await row(unit.run)).toMatchObject({ status: 'queued', lease_owner: null, lease_epoch: 0 });
    const claimed = await claimRun(db, { tenant, run: unit.run, worker: newId('worker') });
    expect(claimed).toMatchObject({ nextSeq: 1, auditSeq: 1, takenOver: false });
    expect(claimed!.leaseEpoch).toBeGreaterThan(0);
  });

  it('a creation that ends its run at once is final and leads nothing', async () => {
    const unit = await ledger.put(creating(ledger.tenant, { status: 'denied', release: true }));
    expect(await row(unit.run)).toMatchObject({ status: 'denied', lease_owner: null, finished: true });
  });

  it('a wait keeps what it waits for and when to look, and the next unit of a new holder clears both', async () => {
    const { tenant, db } = ledger;
    const wakeAt = Date.parse('2030-01-01T00:00:00.001Z');
    const waits = await ledger.put(
      following(await ledger.run(), { status: 'waiting_external', wait: '{"for":"ü"}', wakeAt, release: true }),
    );
    expect(await row(waits.run)).toMatchObject({ wait: '{"for":"ü"}', wake_at: new Date(wakeAt), lease_owner: null });
    const claimed = await claimRun(db, { tenant, run: waits.run, worker: newId('worker') });
    await ledger.put(
      following(waits, {
        leaseEpoch: claimed!.leaseEpoch,
        status: 'running',
        wait: null,
        wakeAt: null,
        release: false,
      }),
    );
    expect(await row(waits.run)).toMatchObject({ status: 'running', wait: null, wake_at: null });
  });

  it('the answer proves its own decisions and no others', async () => {
    const [decision, other] = [newId('decision'), newId('decision')];
    const outcome = await ledger.commit(following(await ledger.run(), { decisions: [decision] }));
    if (outcome.kind !== 'committed') throw new Error('it is committed');
    expect(isCommitted(outcome.committed)).toBe(true);
    expect([outcome.committed.covers(decision), outcome.committed.covers(other)]).toEqual([true, false]);
  });
});

describe('the group', () => {
  it('gathers what is sent meanwhile: a thousand units take a few batches, none above 256', async () => {
    const before = ledger.writer.stats();
    const units = Array.from({ length: 1_000 }, () => creating(ledger.tenant));
    const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
    expect(outcomes.every(({ kind }) => kind === 'committed')).toBe(true);
    const after = ledger.writer.stats();
    expect(after.units - before.units).toBe(1_000);
    expect(after.batches - before.batches).toBe(4);
    expect(after.busyMs).toBeGreaterThan(before.busyMs);
  });

  it('splits what is large by its bytes, so that no statement outgrows the server', async () => {
    const units = Array.from({ length: 8 }, () => creating(ledger.tenant, { journal: 'x'.repeat(2 * 1_048_576) }));
    const before = ledger.writer.stats().batches;
    const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
    expect(outcomes.every(({ kind }) => kind === 'committed')).toBe(true);
    expect(ledger.writer.stats().batches - before).toBeGreaterThan(1);
  });
});
