import { createTenant, type Database, openDatabase, type Predicate } from '@writ/database';
import { openEngine, type RunTest } from '@writ/engine';
import { firstIdAt, newId, type RunId, systemClock, type TenantId } from '@writ/kernel';
import { openGroupCommit } from '@writ/database';
import { Client } from 'pg';
import { freshDatabase } from '../support/database';

jest.setTimeout(400_000);

/** More than a histogram counts one by one, and many chunks of a search. */
const RUNS = 104_000;
const DAYS = 20;
const DAY_MS = 86_400_000;
/** So many of the newest have a journal. */
const WITH_JOURNAL = 3_000;

let db: Database;
let owner: Client;
let tenant: TenantId;
let queries: ReturnType<typeof openEngine>['queries'];
let ids: RunId[];
let now: number;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const fresh = await freshDatabase();
  const config = { url: fresh.ownerUrl, role: 'writer', allowUnsafeDurability: true } as const;
  db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  owner = new Client(fresh.ownerUrl);
  await owner.connect();
  const nowhere = (): never => {
    throw new Error('these tests lead no runs');
  };
  const engine = openEngine({
    db,
    writer,
    leads: false,
    doors: () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: async () => {} } }),
  });
  ({ queries } = engine);
  ends.push(
    () => engine.close(),
    () => writer.close(),
    () => db.close(),
    () => owner.end(),
    () => fresh.drop(),
  );
  tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: 'large' }));
  now = Date.now();
  const began = now - DAYS * DAY_MS;
  const random = newId('run').slice(-16);
  const timeOf = (n: number): number => began + Math.floor((DAYS * DAY_MS * n) / RUNS);
  ids = Array.from(
    { length: RUNS },
    (_, n) => `${firstIdAt('run', timeOf(n))}${String(n).padStart(6, '0')}${random.slice(0, 10)}` as RunId,
  );
  for (let from = 0; from < RUNS; from += 13_000) {
    const some = ids.slice(from, from + 13_000);
    // Every 5,000th failed, every 20,000th still waits.
    await owner.query(
      `insert into writ.run (tenant, id, workflow, workflow_digest, initiator, status, lease_epoch, next_seq, audit_seq, chain_head,
                             created_at, updated_at, finished_at)
       select $1, id, 'w', 'sha256:0', 'user:x', case when n % 20000 = 7 then 'waiting_external' when n % 5000 = 7 then 'failed' else 'succeeded' end,
              1, 2, 2, 'h', t, t, case when n % 20000 = 7 then null else t + interval '1 minute' end
         from unnest($2::text[], $3::float8[]) with ordinality as u (id, ms, o)
        cross join lateral (select (o + $4::int - 1)::int as n, to_timestamp(ms / 1000) as t) x`,
      [tenant, some, some.map((_, i) => timeOf(from + i)), from],
    );
  }
  const journaled = ids.slice(-WITH_JOURNAL);
  await owner.query(
    `insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
     select $1, id, 0, 'unt_0', '{}', decode(repeat('00', 32), 'hex') from unnest($2::text[]) u (id)`,
    [tenant, journaled],
  );
  await owner.query(
    `insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
     select $1, id, 0, 'unt_0', 0,
            case when o % 700 = 9 then '{"agent":"rare","kind":"tool","target":"pay","type":"step_denied","decision":{"id":"d"}}'
                 else '{"agent":"usual","kind":"tool","target":"look","type":"step_intended","attempt":1,"decision":{"id":"d"}}' end
       from unnest($2::text[]) with ordinality as u (id, o)`,
    [tenant, journaled],
  );
  await owner.query('analyze writ.run');
}, 400_000);
afterAll(async () => {
  for (const end of ends) await end();
});

const all = async (where: Predicate<RunTest>, more: object = {}) => {
  const found: RunId[] = [];
  let pages = 0;
  for (let after: string | null = null; ;) {
    const page = await queries.search({
      tenant,
      window: { basis: 'started', from: null, to: null },
      where,
      now,
      sort: '-started',
      limit: 4,
      after,
      count: false,
      ...more,
    });
    pages += 1;
    found.push(...page.data.map(({ id }) => id));
    // An answer that stopped early says so and goes on; one that says nothing more is at the end.
    if (page.reached !== null) expect(page.next).not.toBeNull();
    if (page.next === null) return { found, pages };
    after = page.next;
  }
};
const every = (step: number, at: number): RunId[] => ids.filter((_, n) => n % step === at).reverse();

describe('among a hundred thousand runs', () => {
  it('the few that fit are all found, each once and in order, over as many chunks and pages as that takes', async () => {
    const failed = every(5_000, 7).filter((id) => ids.indexOf(id) % 20_000 !== 7);
    const { found } = await all({ test: { field: 'status', name: { is: 'failed' } } });
    expect(found).toEqual(failed);
    const backwards = await all({ test: { field: 'status', name: { is: 'failed' } } }, { sort: 'started' });
    expect(backwards.found).toEqual([...failed].reverse());
    expect((await all({ test: { field: 'is', word: 'waiting' } })).found).toEqual(every(20_000, 7));
    const rare = ids
      .slice(-WITH_JOURNAL)
      .filter((_, i) => (i + 1) % 700 === 9)
      .reverse();
    expect((await all({ test: { field: 'agent', name: { is: 'rare' } } })).found).toEqual(rare);
    expect((await all({ test: { field: 'id', name: { is: ids[0]! } } })).found).toEqual([ids[0]]);
  });

  it('a window is found by the time that ids hold', async () => {
    const [from, to] = [now - 15 * DAY_MS, now - 14 * DAY_MS];
    const { found } = await all(
      { test: { field: 'status', name: { is: 'failed' } } },
      { window: { basis: 'started', from, to } },
    );
    const perDay = RUNS / DAYS;
    const expected = every(5_000, 7).filter((id) => {
      const n = ids.indexOf(id);
      return n >= 5 * perDay && n < 6 * perDay && n % 20_000 !== 7;
    });
    expect(found).toEqual(expected);
  });

  it('a histogram of more than can be counted is a sample, says so, and keeps the shape', async () => {
    const scope = { tenant, window: { basis: 'started', from: null, to: null }, where: { all: [] }, now } as const;
    const made = await queries.histogram(scope, DAYS);
    expect(made).toMatchObject({ sampled: true, matched: { relation: 'about' }, of: { relation: 'about' } });
    expect(Math.abs(made!.matched.value - RUNS)).toBeLessThan(RUNS / 10);
    const totals = made!.buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
    for (const total of totals.slice(1, -1)) expect(Math.abs(total - RUNS / DAYS)).toBeLessThan(RUNS / DAYS / 2);
    const again = await queries.histogram(scope, DAYS);
    expect(again?.matched).toEqual(made?.matched);
    const few = { ...scope, window: { basis: 'started', from: now - DAY_MS, to: null } } as const;
    expect(await queries.histogram(few, 24)).toMatchObject({ sampled: false, matched: { relation: 'exact' } });
  });

  it('counting stops in time and says what it is worth', async () => {
    const page = await queries.search({
      tenant,
      window: { basis: 'started', from: null, to: null },
      where: { all: [] },
      now,
      sort: '-started',
      limit: 1,
      after: null,
      count: true,
    });
    expect(page.of.relation).toBe('about');
    expect(Math.abs(page.of.value - RUNS)).toBeLessThan(RUNS / 10);
    const { value, relation } = page.matched!;
    expect(relation === 'exact' ? value : RUNS).toBe(RUNS);
    expect(value).toBeLessThanOrEqual(RUNS);
  });
});
