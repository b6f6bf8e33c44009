import { Client } from 'pg';
import {
  beat,
  claimRun,
  insertMail,
  liveWorkers,
  pollMail,
  releaseRun,
  releaseWorker,
  sweep,
  type Unit,
} from '@writ/database';
import { newId, type RunId, type TenantId, type WorkerId } from '@writ/kernel';
import { Ledger, newTenant } from '../support/ledger';
import { creating, following } from '../support/units';
import { until } from '../support/until';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger?.close());

const living = async (): Promise<WorkerId> => {
  const worker = newId('worker');
  await beat(ledger.db, { worker, build: 'test', places: 1 });
  return worker;
};
const silentFor = (worker: WorkerId, seconds: number) =>
  ledger.outsider.query(
    `update writ.worker set beat_at = clock_timestamp() - make_interval(secs => $2) where id = $1`,
    [worker, seconds],
  );
const claim = (run: RunId, worker: WorkerId) => claimRun(ledger.db, { tenant: ledger.tenant, run, worker });
const unleased = (changes: Parameters<typeof creating>[1] = {}) =>
  creating(ledger.tenant, {
    leaseEpoch: 0,
    status: 'queued',
    ...changes,
    create: { leaseOwner: null, ...changes?.create },
  });

describe('a lease', () => {
  it('[I12] of twenty claims at once, one wins', async () => {
    const { run } = await ledger.put(unleased());
    const workers = await Promise.all(Array.from({ length: 20 }, living));
    const claims = await Promise.all(workers.map((worker) => claim(run, worker)));
    expect(claims.filter((won) => won !== null)).toHaveLength(1);
    expect(claims.find((won) => won !== null)).toMatchObject({ takenOver: false });
  });

  it('[I12] of twenty heirs of a dead holder, one wins', async () => {
    const dead = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: dead } }));
    await silentFor(dead, 11);
    const workers = await Promise.all(Array.from({ length: 20 }, living));
    const claims = await Promise.all(workers.map((worker) => claim(run, worker)));
    expect(claims.filter((won) => won !== null)).toEqual([expect.objectContaining({ takenOver: true })]);
  });

  it('is kept while its holder gave a sign of life within ten seconds of the database clock, and not longer', async () => {
    const holder = await living();
    const heir = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
    await silentFor(holder, 9);
    expect(await claim(run, heir)).toBeNull();
    await silentFor(holder, 11);
    expect(await claim(run, heir)).toMatchObject({ takenOver: true });
  });

  it('is renewed for all of a worker’s runs by one sign of life', async () => {
    const holder = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
    await silentFor(holder, 11);
    await beat(ledger.db, { worker: holder, build: 'test', places: 1 });
    expect(await claim(run, await living())).toBeNull();
  });

  it('is not asked for twice: its holder is refused like everybody else', async () => {
    const holder = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
    expect(await claim(run, holder)).toBeNull();
  });

  it('[I12] is judged by what is known once the row is free: a claim that had to wait takes nothing from the living', async () => {
    const holder = await living();
    const heir = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
    await silentFor(holder, 9);
    const stuck = new Client(ledger.fresh.url);
    await stuck.connect();
    await stuck.query('begin');
    await stuck.query('select from writ.run where id = $1 for update', [run]);
    const claimed = claim(run, heir);
    await until('the claim to wait', async () => {
      const { rows } = await ledger.outsider.query(
        'select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))',
        [(stuck as unknown as { processID: number }).processID],
      );
      return rows.length > 0;
    });
    await beat(ledger.db, { worker: holder, build: 'test', places: 1 });
    await ledger.outsider.query('select pg_sleep(1.5)');
    await stuck.end();
    expect(await claimed).toBeNull();
  });

  it('is free at once when its worker leaves in good order', async () => {
    const holder = await living();
    const { run } = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
    // Nobody's own time runs out between the two looks.
    await ledger.outsider.query(
      `update writ.worker set beat_at = clock_timestamp() where beat_at > clock_timestamp() - writ.lease_ttl()`,
    );
    const before = await liveWorkers(ledger.db);
    await releaseWorker(ledger.db, holder);
    expect(await liveWorkers(ledger.db)).toBe(before - 1);
    expect(await claim(run, await living())).toMatchObject({ nextSeq: 1 });
  });

  it('[I3] given back and taken again is another lease: the first one’s units are refused', async () => {
    const run = await ledger.put(unleased());
    const first = await claim(run.run, await living());
    await ledger.db.withTenant(ledger.tenant, (tx) =>
      releaseRun(tx, { tenant: ledger.tenant, run: run.run, leaseEpoch: first!.leaseEpoch, wakeAt: null }),
    );
    const theirs = following(run, { leaseEpoch: first!.leaseEpoch });
    expect(await ledger.commit(theirs)).toEqual({ kind: 'refused', reason: 'lease' });
    const second = await claim(run.run, await living());
    expect(second).toMatchObject({ nextSeq: run.nextSeq, auditSeq: 1 });
    expect(second!.leaseEpoch).toBeGreaterThan(first!.leaseEpoch);
    expect(await ledger.commit(theirs)).toEqual({ kind: 'refused', reason: 'lease' });
    expect((await ledger.commit(following(run, { leaseEpoch: second!.leaseEpoch }))).kind).toBe('committed');
  });

  it('[I3] that the server forgot in a crash proves nothing, and no later one is taken for it', async () => {
    const run = await ledger.put(unleased());
    // What a crash leaves of a claim that was answered before it was on the disk: nothing.
    const lost = new Client(ledger.fresh.url);
    await lost.connect();
    await lost.query('begin');
    const { rows } = await lost.query<{ lease_epoch: string }>(
      'select lease_epoch from writ.take_runs($1, $2, $3, $4, true)',
      [[ledger.tenant], [run.run], [await living()], [0]],
    );
    await lost.query('rollback');
    await lost.end();
    const forgotten = following(run, { leaseEpoch: Number(rows[0]!.lease_epoch) });
    expect(await ledger.commit(forgotten)).toEqual({ kind: 'refused', reason: 'lease' });
    const second = await claim(run.run, await living());
    expect(await ledger.commit(forgotten)).toEqual({ kind: 'refused', reason: 'lease' });
    expect((await ledger.commit(following(run, { leaseEpoch: second!.leaseEpoch }))).kind).toBe('committed');
  });

  it('[I12] asked for with others is answered by itself: each of them as it would be alone', async () => {
    const worker = await living();
    const led = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: await living() } }));
    const over = await ledger.put(creating(ledger.tenant, { status: 'succeeded', release: true }));
    const inLine = await ledger.put(unleased({ wakeAt: Infinity }));
    const other = await newTenant(ledger.db);
    const theirs = await ledger.put(creating(other, { leaseEpoch: 0, status: 'queued', create: { leaseOwner: null } }));
    const locked = await ledger.put(unleased());
    const free = await Promise.all(Array.from({ length: 70 }, () => ledger.put(unleased())));
    const stuck = new Client(ledger.fresh.url);
    await stuck.connect();
    await stuck.query('begin');
    await stuck.query('select from writ.run where id = $1 for update', [locked.run]);
    const waits = claim(locked.run, worker);
    const mixed = [led, over, inLine].map(({ run }) => claim(run, worker));
    const stolen = claimRun(ledger.db, { tenant: ledger.tenant, run: theirs.run, worker });
    const own = claimRun(ledger.db, { tenant: other, run: theirs.run, worker });
    const won = await Promise.all(free.map(({ run }) => claim(run, worker)));
    expect(won.map((claimed) => claimed?.run)).toEqual(free.map(({ run }) => run));
    expect(won.map((claimed) => claimed?.journal)).toEqual(free.map(({ journal }) => [journal]));
    expect(await Promise.all([...mixed, stolen])).toEqual([null, null, null, null]);
    expect(await own).toMatchObject({ tenant: other, run: theirs.run });
    await stuck.query('rollback');
    await stuck.end();
    expect(await waits).toMatchObject({ run: locked.run });
  });

  it('of a finished run, of no run, and of another tenant’s run is nobody’s', async () => {
    const worker = await living();
    const over = await ledger.put(creating(ledger.tenant, { status: 'succeeded', release: true }));
    const { run } = await ledger.put(unleased());
    const stranger = await newTenant(ledger.db);
    expect(await claim(over.run, worker)).toBeNull();
    expect(await claim(newId('run'), worker)).toBeNull();
    expect(await claimRun(ledger.db, { tenant: stranger, run, worker })).toBeNull();
  });
});

describe('the sweep', () => {
  const seen = async (run: RunId): Promise<boolean> =>
    (await sweep(ledger.db, { limit: 1000 })).some((due) => due.run === run && due.tenant === ledger.tenant);
  const past = () => Date.now() - 1000;
  const later = () => Date.now() + 3_600_000;
  const waiting = { status: 'waiting_external', wait: '{}', release: true } as const;

  const CASES: readonly (readonly [string, boolean, () => Promise<Unit>])[] = [
    ['a queued run that nobody was told of', true, () => ledger.put(unleased())],
    [
      'a run whose holder is alive',
      false,
      async () => ledger.put(creating(ledger.tenant, { create: { leaseOwner: await living() } })),
    ],
    [
      'a queued run that a living worker has claimed',
      false,
      async () => {
        const unit = await ledger.put(unleased());
        await claim(unit.run, await living());
        return unit;
      },
    ],
    [
      'a run whose holder is dead',
      true,
      async () => {
        const holder = await living();
        const unit = await ledger.put(creating(ledger.tenant, { create: { leaseOwner: holder } }));
        await silentFor(holder, 11);
        return unit;
      },
    ],
    ['a run whose holder nobody ever heard of', true, () => ledger.put(creating(ledger.tenant))],
    [
      'a waiting run that a worker claimed and died with',
      true,
      async () => {
        const unit = await ledger.put(unleased(waiting));
        const holder = await living();
        await claim(unit.run, holder);
        await silentFor(holder, 11);
        return unit;
      },
    ],
    ['a run that was given back in the middle', true, () => ledger.put(unleased({ status: 'running' }))],
    [
      'a run that waits to try again, before its time',
      false,
      () => ledger.put(unleased({ status: 'running', wait: '{}', wakeAt: later() })),
    ],
    [
      'a run that waits to try again, after its time',
      true,
      () => ledger.put(unleased({ status: 'running', wait: '{}', wakeAt: past() })),
    ],
    [
      'a queued run that could not be led, until it is to be tried again',
      false,
      () => ledger.put(unleased({ wakeAt: later() })),
    ],
    [
      'a queued run that could not be led, once it is to be tried again',
      true,
      () => ledger.put(unleased({ wakeAt: past() })),
    ],
    ['a waiting run', false, () => ledger.put(unleased(waiting))],
    ['a waiting run whose time has come', true, () => ledger.put(unleased({ ...waiting, wakeAt: past() }))],
    ['a waiting run whose time is to come', false, () => ledger.put(unleased({ ...waiting, wakeAt: later() }))],
    [
      'a waiting run past its deadline',
      true,
      () => ledger.put(unleased({ ...waiting, create: { deadlineAt: past() } })),
    ],
    [
      'a waiting run before its deadline',
      false,
      () => ledger.put(unleased({ ...waiting, create: { deadlineAt: later() } })),
    ],
    [
      'a waiting run with unread mail',
      true,
      async () => {
        const unit = await ledger.put(unleased(waiting));
        await send(unit.run);
        return unit;
      },
    ],
    [
      'a finished run with unread mail and a deadline',
      false,
      async () => {
        const unit = await ledger.put(
          creating(ledger.tenant, { status: 'succeeded', release: true, create: { deadlineAt: past() } }),
        );
        await send(unit.run);
        return unit;
      },
    ],
  ];

  it.each(CASES)('[I8] %s: found is %s', async (_what, found, make) => {
    const { run } = await make();
    expect(await seen(run)).toBe(found);
  });

  it('[I8] finds the runs of every tenant, oldest first, each once, and no more than asked for', async () => {
    const other = await newTenant(ledger.db);
    await ledger.put(creating(other, { leaseEpoch: 0, status: 'queued', create: { leaseOwner: null, deadlineAt: 1 } }));
    const all = await sweep(ledger.db, { limit: 1000 });
    expect(new Set(all.map(({ tenant }) => tenant))).toEqual(new Set([ledger.tenant, other]));
    expect(new Set(all.map(({ run }) => run)).size).toBe(all.length);
    expect(await sweep(ledger.db, { limit: 2 })).toHaveLength(2);
  });

  it('never counts against a unit: each unit of a running run is a heap-only update of its row', async () => {
    const counts = async (of: Ledger) => {
      const { rows } = await of.outsider.query<{ updates: number; hot: number }>(
        `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot
           from pg_stat_user_tables where relid = 'writ.run'::regclass`,
      );
      return rows[0]!;
    };
    // A server process reports its counts when it ends, so this one begins and ends with the units that are counted.
    const fresh = await Ledger.open();
    let unit = await fresh.put(creating(fresh.tenant, { create: { deadlineAt: 4e12, idempotencyKey: newId('unit') } }));
    for (let step = 0; step < 40; step += 1) unit = await fresh.put(following(unit));
    await fresh.writer.close();
    await until('the counts of forty updates', async () => (await counts(fresh)).updates >= 40);
    const { updates, hot } = await counts(fresh);
    expect(updates).toBe(40);
    // A snapshot that the server itself holds for a moment (autovacuum) keeps a full page from being pruned: the row then
    // moves once. An index on what units change would make none of them heap-only.
    expect(hot).toBeGreaterThanOrEqual(36);
    await fresh.close();
  });
});

async function send(run: RunId, dedup: string | null = null, tenant: TenantId = ledger.tenant): Promise<boolean> {
  return ledger.db.withTenant(tenant, (tx) =>
    insertMail(tx, { tenant, run, id: newId('mail'), kind: 'signal', body: '{}', dedup, sender: 'user:somebody' }),
  );
}

describe('mail', () => {
  it('under one dedup is kept once, also when ten processes send it at once', async () => {
    const { run } = await ledger.put(unleased());
    const kept = await Promise.all(Array.from({ length: 10 }, () => send(run, 'the same')));
    expect(kept.filter(Boolean)).toHaveLength(1);
    expect(await pollMail(ledger.db, [{ tenant: ledger.tenant, run }])).toHaveLength(1);
  });

  it('without one is kept every time', async () => {
    const { run } = await ledger.put(unleased());
    expect([await send(run), await send(run)]).toEqual([true, true]);
  });

  it('is polled for runs of several tenants in one statement, oldest first, and not once it is read', async () => {
    const other = await newTenant(ledger.db);
    const mine = await ledger.run();
    const theirs = await ledger.put(creating(other));
    await send(theirs.run, 'b', other);
    await send(mine.run, 'a');
    const runs = [mine, theirs].map(({ tenant, run }) => ({ tenant, run }));
    const found = await pollMail(ledger.db, runs);
    expect(found.map(({ run }) => run)).toEqual([theirs.run, mine.run]);
    await ledger.put(following(mine, { mail: [found[1]!.id] }));
    expect((await pollMail(ledger.db, runs)).map(({ run }) => run)).toEqual([theirs.run]);
    expect(await pollMail(ledger.db, [])).toEqual([]);
  });

  it('to a run that is not there, or is another tenant’s, is refused', async () => {
    const stranger = await newTenant(ledger.db);
    const { run } = await ledger.put(unleased());
    await expect(send(newId('run'))).rejects.toMatchObject({ code: '23503' });
    await expect(send(run, null, stranger)).rejects.toMatchObject({ code: '23503' });
  });
});
