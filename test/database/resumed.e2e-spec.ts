import { beat, claimRun, insertMail, releaseRun, type Unit } from '@writ/database';
import { type MailId, newId, type RunId, type WorkerId } from '@writ/kernel';
import { CUTS, CuttingProxy } from '../support/cutting-proxy';
import { checkLedger, Ledger, newTenant, openWriter } from '../support/ledger';
import { seeded } from '../support/seeded';
import { creating, following } from '../support/units';

let ledger: Ledger;
let owner: WorkerId;

beforeAll(async () => {
  ledger = await Ledger.open();
  owner = await living();
});
afterAll(() => ledger?.close());

async function living(): Promise<WorkerId> {
  const worker = newId('worker');
  await beat(ledger.db, { worker, build: 'test', places: 1 });
  return worker;
}

const waiting = { status: 'waiting_external', wait: '{}', release: true } as const;
const refused = (reason: string) => ({ kind: 'refused', reason });

/** A run that `owner` led until it came to rest, under epoch 1. */
const resting = async (): Promise<Unit> =>
  ledger.put(following(await ledger.put(creating(ledger.tenant, { create: { leaseOwner: owner } })), waiting));

/** The next unit of a run at rest, by whoever led it last. */
const resumed = (rest: Unit, changes: Partial<Omit<Unit, 'create'>> = {}): Unit =>
  following(rest, {
    status: 'running',
    wait: null,
    release: false,
    leaseEpoch: rest.leaseEpoch + 1,
    resumes: { from: rest.leaseEpoch, owner },
    ...changes,
  });

async function row(run: RunId) {
  const { rows } = await ledger.outsider.query(
    `select lease_owner, lease_epoch, next_seq, audit_seq, chain_head, status, wait, wake_at, updated_at
       from writ.run where id = $1`,
    [run],
  );
  return rows[0] as { readonly lease_owner: string | null; readonly lease_epoch: string } | undefined;
}

async function send({ tenant, run }: Pick<Unit, 'tenant' | 'run'>): Promise<MailId> {
  const id = newId('mail');
  const letter = { tenant, run, id, kind: 'signal', body: '{}', dedup: null, sender: 'user:somebody' } as const;
  await ledger.db.withTenant(tenant, (tx) => insertMail(tx, letter));
  return id;
}

async function claimed({ tenant, run }: Unit): Promise<number> {
  const claim = await claimRun(ledger.db, { tenant, run, worker: await living() });
  if (!claim) throw new Error('a run at rest can be claimed');
  return claim.leaseEpoch;
}

const released = ({ tenant, run }: Unit, leaseEpoch: number): Promise<void> =>
  ledger.db.withTenant(tenant, (tx) => releaseRun(tx, { tenant, run, leaseEpoch, wakeAt: null }));

/** Each row: how a run differs from what its last leader knows, and what its next unit is refused for. */
const DIFFERENT: readonly (readonly [string, string, (rest: Unit) => Promise<Unit>])[] = [
  ['is led by somebody else', 'lease', async (rest) => (await claimed(rest), resumed(rest))],
  [
    'was led by somebody else, who gave it back as it was',
    'lease',
    async (rest) => (await released(rest, await claimed(rest)), resumed(rest)),
  ],
  [
    'was led by somebody else, and went on',
    'lease',
    async (rest) => {
      await ledger.put(following(rest, { ...waiting, leaseEpoch: await claimed(rest) }));
      return resumed(rest);
    },
  ],
  [
    'is over',
    'lease',
    async (rest) => {
      const ended = { status: 'succeeded', wait: null, release: true, leaseEpoch: await claimed(rest) } as const;
      await ledger.put(following(rest, ended));
      return resumed(rest);
    },
  ],
  ['has mail that its next unit does not read', 'lease', async (rest) => (await send(rest), resumed(rest))],
  [
    'has more mail than its next unit reads',
    'lease',
    async (rest) => resumed(rest, { mail: [await send(rest), (await send(rest), await send(rest))] }),
  ],
  ['has no such letter', 'lease', async (rest) => resumed(rest, { mail: [await send(rest), newId('mail')] })],
  [
    'has a letter of that name in the mail of another',
    'lease',
    async (rest) => resumed(rest, { mail: [await send(await resting())] }),
  ],
  ['stands further in its journal', 'lease', (rest) => Promise.resolve(resumed(rest, { seq: rest.seq }))],
  ['stands further in its evidence', 'lease', (rest) => Promise.resolve(resumed(rest, { auditSeq: rest.auditSeq }))],
  ['is of another tenant', 'lease', async (rest) => resumed({ ...rest, tenant: await newTenant(ledger.db) })],
  [
    'stands in line',
    'lease',
    async () => {
      const line = { leaseEpoch: 0, status: 'queued', wakeAt: Infinity, create: { leaseOwner: null } } as const;
      return resumed(await ledger.put(creating(ledger.tenant, line)), { wakeAt: null });
    },
  ],
  ['would get no newer epoch', 'lease', (rest) => Promise.resolve(resumed(rest, { leaseEpoch: rest.leaseEpoch }))],
];

describe('a run taken up by whoever led it last, with its next unit', () => {
  it('[I3] is led from that unit on, under a newer epoch, and no unit of its lease before is taken', async () => {
    const rest = await resting();
    const next = await ledger.put(resumed(rest, { mail: [await send(rest)] }));
    expect(await row(rest.run)).toMatchObject({ lease_owner: owner, lease_epoch: '2', wait: null });
    expect(await ledger.commit(following(next, { leaseEpoch: 1 }))).toEqual(refused('lease'));
    await ledger.put(following(next));
    await checkLedger(ledger.outsider);
  });

  it('may come to rest again with the same unit', async () => {
    const rest = await resting();
    const again = await ledger.put(resumed(rest, waiting));
    expect(await row(rest.run)).toMatchObject({ lease_owner: null, lease_epoch: '2' });
    await ledger.put(resumed(again));
  });

  it.each(DIFFERENT)(
    '[I3] is refused when it %s: nothing is taken, and nothing written',
    async (_what, reason, make) => {
      const unit = await make(await resting());
      const before = await row(unit.run);
      expect(await ledger.commit(unit)).toEqual(refused(reason));
      expect(await row(unit.run)).toEqual(before);
      expect(await checkLedger(ledger.outsider)).not.toContain(unit.id);
    },
  );

  it('[I3] is answered by itself: what differs beside it in the batch costs it nothing', async () => {
    const different = await Promise.all(DIFFERENT.map(async ([, , make]) => make(await resting())));
    const good = await Promise.all(DIFFERENT.map(async () => resumed(await resting())));
    const others = await Promise.all(DIFFERENT.map(async () => following(await ledger.run())));
    const { batches } = ledger.writer.stats();
    const outcomes = await Promise.all([...different, ...good, ...others].map((unit) => ledger.commit(unit)));
    expect(ledger.writer.stats().batches).toBe(batches + 1);
    expect(outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.reason : outcome.kind))).toEqual([
      ...DIFFERENT.map(([, reason]) => reason),
      ...[...good, ...others].map(() => 'committed'),
    ]);
    await checkLedger(ledger.outsider);
  });

  it('[I3] is led also where its unit is refused for the authority: decided again, it goes on without another claim', async () => {
    const own = await Ledger.open();
    try {
      const rest = await own.put(following(await own.put(creating(own.tenant)), waiting));
      await own.raise(own.tenant);
      const stale = resumed(rest);
      expect(await own.commit(stale)).toEqual(refused('authority'));
      expect(await claimRun(own.db, { tenant: own.tenant, run: rest.run, worker: newId('worker') })).toMatchObject({
        takenOver: true,
        nextSeq: rest.nextSeq,
      });
      const other = await own.put(
        following(await own.put(creating(own.tenant, { authority: { tenant: 2, platform: 1 } })), waiting),
      );
      expect(await own.commit(resumed(other, { authority: { tenant: 1, platform: 1 } }))).toEqual(refused('authority'));
      const { resumes: _taken, ...again } = resumed(other);
      expect(await own.commit(again)).toMatchObject({ kind: 'committed' });
      await checkLedger(own.outsider);
    } finally {
      await own.close();
    }
  });

  it('[I3] [I12] beside a claim: one of the two leads it', async () => {
    let led = 0;
    for (let round = 0; round < 40; round += 1) {
      const rest = await resting();
      const unit = resumed(rest);
      const worker = await living();
      const [outcome, claim] = await Promise.all([
        ledger.commit(unit),
        claimRun(ledger.db, { tenant: ledger.tenant, run: rest.run, worker }),
      ]);
      expect((outcome.kind === 'committed') !== (claim !== null)).toBe(true);
      expect(await row(rest.run)).toMatchObject({ lease_owner: claim ? worker : owner });
      if (!claim) led += 1;
    }
    process.stdout.write(`resumed beside a claim: ${led} of 40 led on\n`);
    await checkLedger(ledger.outsider);
  });

  it('[I3] has an epoch that no claim had which the server forgot', async () => {
    const rest = await resting();
    const { outsider } = ledger;
    await outsider.query('begin');
    const { rows } = await outsider.query<{ lease_epoch: string }>(
      'select lease_epoch from writ.take_runs($1, $2, $3, $4, true)',
      [[ledger.tenant], [rest.run], [await living()], [0]],
    );
    await outsider.query('rollback');
    const next = await ledger.put(resumed(rest));
    const forgotten = Number(rows[0]!.lease_epoch);
    expect(await ledger.commit(following(next, { leaseEpoch: forgotten }))).toEqual(refused('lease'));
    await ledger.put(following(next));
  });
});

const RUNS = 40;
const MOVES = 14;

/** A run as the rules have it, and what `owner`, who led it first, knows of it from its last rest. */
interface Model {
  /** The last unit that is in. */
  last: Unit;
  epoch: number;
  holder: 'owner' | 'other' | null;
  unread: MailId[];
  kept: { readonly last: Unit; readonly epoch: number } | null;
}

describe('a run that two workers want, in any order of claims, rests, mail and units', () => {
  it('[I2] [I3] [I12] is led by the one of whom the rules say so, after each move', async () => {
    const random = seeded('resumed runs');
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const other = await living();
    const counts = new Map<string, number>();
    for (let i = 0; i < RUNS; i += 1) {
      const rest = await resting();
      const run: Model = { last: rest, epoch: 1, holder: null, unread: [], kept: { last: rest, epoch: 1 } };
      for (let move = 0; move < MOVES; move += 1) {
        const what = await moved(run, {
          move: pick(['resume', 'resume', 'claim', 'unit', 'rest', 'give back', 'mail']),
          other,
        });
        counts.set(what, (counts.get(what) ?? 0) + 1);
        const { lease_owner: led, lease_epoch: epoch } = (await row(run.last.run))!;
        expect([led, Number(epoch)]).toEqual([run.holder && { owner, other }[run.holder], run.epoch]);
      }
    }
    process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`);
    for (const seen of ['resumed', 'resume refused', 'claimed', 'claim refused'])
      expect(counts.get(seen)).toBeGreaterThan(10);
    await checkLedger(ledger.outsider);
  });

  async function moved(
    run: Model,
    { move, other }: { readonly move: string; readonly other: WorkerId },
  ): Promise<string> {
    const { tenant, run: id } = run.last;
    const by = run.holder;
    if (move === 'mail') return (run.unread.push(await send(run.last)), move);
    if (move === 'claim') {
      const claim = await claimRun(ledger.db, { tenant, run: id, worker: other });
      expect(claim !== null).toBe(by === null);
      if (claim) Object.assign(run, { holder: 'other', epoch: claim.leaseEpoch });
      return claim ? 'claimed' : 'claim refused';
    }
    if (move === 'resume') {
      const { kept } = run;
      if (!kept) return 'nothing';
      const fits = by === null && kept.epoch === run.epoch && kept.last.id === run.last.id;
      const mail = run.unread.slice();
      const knows = mail.length !== 1;
      const unit = resumed({ ...kept.last, leaseEpoch: kept.epoch }, { mail: knows ? mail : [] });
      const outcome = await ledger.commit(unit);
      expect(outcome.kind).toBe(fits && knows ? 'committed' : 'refused');
      if (outcome.kind === 'refused') return 'resume refused';
      Object.assign(run, { last: unit, epoch: kept.epoch + 1, holder: 'owner', unread: [], kept: null });
      return 'resumed';
    }
    if (by === null) return 'nothing';
    const leads = { leaseEpoch: run.epoch, mail: run.unread };
    if (move === 'give back') await released(run.last, run.epoch);
    else {
      run.last = await ledger.put(
        following(run.last, move === 'rest' ? { ...waiting, ...leads } : { release: false, ...leads }),
      );
      run.unread = [];
    }
    if (move === 'unit') return move;
    run.holder = null;
    run.kept = by === 'owner' ? { last: run.last, epoch: run.epoch } : run.kept;
    return move;
  }
});

describe('a connection cut while a run is taken up', () => {
  it.each(CUTS)('[I2] [I3] %s: it is taken up once, and its sender is told', async (cut) => {
    const proxy = await CuttingProxy.open(ledger.fresh.url);
    const writer = await openWriter(proxy.url(ledger.fresh.url));
    try {
      let units: readonly Unit[] = await Promise.all(Array.from({ length: 6 }, resting));
      for (let round = 0; round < 12; round += 1) {
        units = units.map((unit) => resumed(unit, waiting));
        proxy.cutNext(cut);
        const outcomes = await Promise.all(units.map((unit) => writer.commit(unit)));
        expect(outcomes.map(({ kind }) => kind)).toEqual(units.map(() => 'committed'));
      }
      for (const { run } of units) expect(await row(run)).toMatchObject({ lease_owner: null, lease_epoch: '13' });
      await checkLedger(ledger.outsider);
    } finally {
      await writer.close();
      await proxy.close();
    }
  });
});
