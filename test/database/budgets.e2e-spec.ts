import type { Unit, UnitBudget } from '@writ/database';
import { type BudgetId, type TenantId } from '@writ/kernel';
import { type BudgetRecord, listBudgets, removeBudget, setBudget, tendBudgets } from '@writ/policy';
import { checkLedger, Ledger, newTenant, openWriter } from '../support/ledger';
import { seeded } from '../support/seeded';
import { creating, following } from '../support/units';

type Reservation = UnitBudget['reserve'][number];
type Settlement = UnitBudget['settle'][number];

let ledger: Ledger;
let tenant: TenantId;
let epoch: number;

beforeAll(async () => {
  ledger = await Ledger.open();
});

beforeEach(async () => {
  tenant = await newTenant(ledger.db);
  epoch = 1;
});

afterAll(() => ledger?.close());

type Set = Parameters<typeof setBudget>[1];

async function limited(part: Partial<Set> = {}): Promise<BudgetId> {
  const done = await ledger.db.withTenant(tenant, (tx) =>
    setBudget(tx, {
      tenant,
      scope: 'tenant',
      dimension: 'tool_calls',
      period: 'total',
      limit: 10,
      reason: 'a test',
      author: 'user:admin',
      ...part,
    }),
  );
  if (!done.ok) throw new Error(done.failure.message);
  epoch = done.value.epoch;
  return done.value.budget.id;
}

const standing = async (id: BudgetId): Promise<BudgetRecord> =>
  (await ledger.db.withTenant(tenant, (tx) => listBudgets(tx, { tenant, id })))[0]!;

const takes = (budget: BudgetId, part: Partial<Reservation> = {}): UnitBudget => ({
  reserve: [{ budget, step: 1, attempt: 1, amount: 1, ...part }],
  settle: [],
  settleRest: false,
});
const gives = (budget: BudgetId, part: Partial<Settlement> = {}): UnitBudget => ({
  reserve: [],
  settle: [{ budget, step: 1, attempt: 1, actual: 1, ...part }],
  settleRest: false,
});

const under = (): Unit['authority'] => ({ tenant: epoch, platform: 1 });
const begun = async (count: number): Promise<Unit[]> =>
  Promise.all(Array.from({ length: count }, () => ledger.put(creating(tenant, { authority: under() }))));
const next = (run: Unit, budget?: UnitBudget, changes: Partial<Unit> = {}): Unit =>
  following(run, { authority: under(), ...(budget && { budget }), ...changes } as Partial<Omit<Unit, 'create'>>);

/** What holds after every test: what is reserved is exactly what reservations say, and every run is whole. */
async function checkBudgets(): Promise<void> {
  const { rows } = await ledger.outsider.query(
    `select b.id, b.reserved, coalesce(sum(v.amount), 0) as held
       from writ.budget b left join writ.budget_reservation v on v.tenant = b.tenant and v.budget = b.id
      group by b.tenant, b.id having b.reserved <> coalesce(sum(v.amount), 0)`,
  );
  expect(rows).toEqual([]);
  await checkLedger(ledger.outsider);
}

afterEach(checkBudgets);

describe('a budget in a row', () => {
  it('[I13] of 10 calls is reserved by exactly 10 of 100 runs, which the other 90 are told', async () => {
    const id = await limited();
    const runs = await begun(100);
    const outcomes = await Promise.all(runs.map((run) => ledger.commit(next(run, takes(id)))));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(10);
    for (const outcome of outcomes) {
      if (outcome.kind === 'refused') expect(outcome).toEqual({ kind: 'refused', reason: 'budget', detail: id });
    }
    expect(await standing(id)).toMatchObject({ reserved: 10, spent: 0 });
  });

  it('[I13] is not overspent by two processes that reserve from it at the same time', async () => {
    const id = await limited({ limit: 37 });
    const writers = await Promise.all([openWriter(ledger.fresh.url, 2), openWriter(ledger.fresh.url, 2)]);
    const runs = await begun(200);
    const outcomes = await Promise.all(runs.map((run, i) => writers[i % 2]!.commit(next(run, takes(id)))));
    await Promise.all(writers.map((writer) => writer.close()));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(37);
    expect(await standing(id)).toMatchObject({ reserved: 37 });
  });

  it('[I13] takes those of a batch that fit, in the order of the batch', async () => {
    const id = await limited({ limit: 5, dimension: 'tokens' });
    const runs = await begun(4);
    const amounts = [4, 3, 1, 1];
    const outcomes = await Promise.all(
      runs.map((run, i) => ledger.commit(next(run, takes(id, { amount: amounts[i]! })))),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'refused', 'committed', 'refused']);
  });

  it('is settled with what was used, and what was not used is there for the next', async () => {
    const id = await limited({ limit: 10, dimension: 'tokens' });
    const [run] = await begun(1);
    const taken = await ledger.put(next(run!, takes(id, { amount: 9 })));
    expect(await ledger.commit(next(taken, takes(id, { step: 2, amount: 2 })))).toMatchObject({ reason: 'budget' });
    const both = { ...takes(id, { step: 2, amount: 7 }), settle: gives(id, { actual: 3 }).settle };
    await ledger.put(next(taken, both));
    expect(await standing(id)).toMatchObject({ reserved: 7, spent: 3 });
  });

  it('[I13] keeps what a lost attempt reserved until somebody settles it, and then charges it in full', async () => {
    const id = await limited({ limit: 10, dimension: 'tokens' });
    const [run] = await begun(1);
    const lost = await ledger.put(next(run!, takes(id, { amount: 6 })));
    expect(await standing(id)).toMatchObject({ reserved: 6, spent: 0 });
    const again = { ...takes(id, { attempt: 2, amount: 4 }), settle: gives(id, { actual: null }).settle };
    await ledger.put(next(lost, again));
    expect(await standing(id)).toMatchObject({ reserved: 4, spent: 6 });
  });

  it('counts nothing of a unit that the fence refuses, neither what it takes nor what it would give back', async () => {
    const id = await limited({ limit: 1 });
    const [holder, waiting, stale] = await begun(3);
    const held = await ledger.put(next(holder!, takes(id)));
    const outcomes = await Promise.all([
      ledger.commit(next(held, gives(id, { actual: 0 }), { leaseEpoch: 9 })),
      ledger.commit(next(waiting!, takes(id))),
      ledger.commit(next(stale!, takes(id), { authority: { tenant: 0, platform: 1 } })),
    ]);
    expect(outcomes).toMatchObject([{ reason: 'lease' }, { reason: 'budget' }, { reason: 'authority' }]);
    const free = await Promise.all([
      ledger.commit(next(held, gives(id, { actual: 0 }))),
      ledger.commit(next(stale!, takes(id), { leaseEpoch: 9 })),
      ledger.commit(next(waiting!, takes(id))),
    ]);
    expect(free).toMatchObject([{ kind: 'committed' }, { reason: 'lease' }, { kind: 'committed' }]);
  });

  it('names the narrowest that has no room among several, and takes from none of them then', async () => {
    const wide = await limited({ limit: 100 });
    const narrow = await limited({ scope: 'workflow', target: 'w', limit: 1 });
    const [one, two] = await begun(2);
    const both = (run: Unit): Unit =>
      next(run, { ...takes(wide), reserve: [...takes(wide).reserve, ...takes(narrow).reserve] });
    await ledger.put(both(one!));
    expect(await ledger.commit(both(two!))).toEqual({ kind: 'refused', reason: 'budget', detail: narrow });
    expect(await standing(wide)).toMatchObject({ reserved: 1 });
  });

  it('limits runs at once: a place is taken by the start and given back by the end, also by what began before', async () => {
    const [early] = await begun(1);
    const id = await limited({ dimension: 'concurrent_runs', limit: 3 });
    expect(await standing(id)).toMatchObject({ reserved: 1 });
    const starts = Array.from({ length: 6 }, () => {
      const budget = takes(id, { step: 0, attempt: 0 });
      return { ...creating(tenant, { authority: under() }), budget };
    });
    const outcomes = await Promise.all(starts.map((start) => ledger.commit(start)));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(2);
    const end = { reserve: [], settle: [], settleRest: true };
    await ledger.put(next(early!, end, { status: 'succeeded', release: true }));
    expect(await standing(id)).toMatchObject({ reserved: 2, spent: 0 });
    await ledger.put({ ...creating(tenant, { authority: under() }), budget: takes(id, { step: 0, attempt: 0 }) });
  });

  it('gives a start whose key is taken its own answer, and takes nothing for it', async () => {
    const id = await limited({ dimension: 'concurrent_runs', limit: 2 });
    const start = (): Unit => ({
      ...creating(tenant, { authority: under(), create: { idempotencyKey: 'once' } }),
      budget: takes(id, { step: 0, attempt: 0 }),
    });
    const other = { ...creating(tenant, { authority: under() }), budget: takes(id, { step: 0, attempt: 0 }) };
    const outcomes = await Promise.all([start(), start(), other].map((unit) => ledger.commit(unit)));
    expect(outcomes).toMatchObject([{ kind: 'committed' }, { reason: 'exists' }, { kind: 'committed' }]);
    expect(await standing(id)).toMatchObject({ reserved: 2 });
  });

  it('sent twice because its answer was lost is taken once', async () => {
    const id = await limited({ limit: 1 });
    const [run] = await begun(1);
    const unit = await ledger.put(next(run!, takes(id)));
    expect((await ledger.commit(unit)).kind).toBe('committed');
    expect(await standing(id)).toMatchObject({ reserved: 1 });
  });

  it('settles what is left of a run with its end, what its last call used first', async () => {
    const id = await limited({ limit: 100, dimension: 'tokens' });
    const [run] = await begun(1);
    const lost = await ledger.put(next(run!, takes(id, { amount: 40 })));
    const open = await ledger.put(next(lost, takes(id, { step: 2, amount: 30 })));
    const end = { ...gives(id, { step: 2, actual: 5 }), settleRest: true };
    await ledger.put(next(open, end, { status: 'failed', release: true }));
    expect(await standing(id)).toMatchObject({ reserved: 0, spent: 45 });
  });

  it('[I13] leaks nothing for ever: what a run left behind that ended without settling is found and charged', async () => {
    const id = await limited({ limit: 100, dimension: 'tokens' });
    const [run, goesOn] = await begun(2);
    const held = await ledger.put(next(run!, takes(id, { amount: 40 })));
    await ledger.put(next(goesOn!, takes(id, { amount: 7 })));
    await ledger.put(next(held, undefined, { status: 'quarantined', release: true }));
    const told = (): Promise<number> => tendBudgets(ledger.db, () => async () => undefined);
    expect(await told()).toBe(1);
    expect(await standing(id)).toMatchObject({ reserved: 7, spent: 40 });
    expect(await told()).toBe(0);
  });

  it('begins anew with its period, and what is reserved then is spent in the new one', async () => {
    const id = await limited({ period: 'day', limit: 10 });
    const [run] = await begun(1);
    const held = await ledger.put(next(run!, takes(id, { amount: 4 })));
    await ledger.outsider.query(
      `update writ.budget set spent = 6, resets_at = now() - interval '1 second' where id = $1`,
      [id],
    );
    const after = await ledger.put(next(held, takes(id, { step: 2, amount: 6 })));
    expect(await standing(id)).toMatchObject({ reserved: 10, spent: 0 });
    await ledger.put(next(after, gives(id, { actual: 4 })));
    const now = await standing(id);
    expect(now).toMatchObject({ reserved: 6, spent: 4 });
    expect(now.resetsAt! - Date.now()).toBeGreaterThan(0);
    expect(now.resetsAt! - Date.now()).toBeLessThanOrEqual(86_400_000);
  });

  it('lowered below what is spent refuses what comes next, and lets what is out be settled', async () => {
    const id = await limited({ limit: 10 });
    const [run, other] = await begun(2);
    const held = await ledger.put(next(run!, takes(id, { amount: 8 })));
    expect(await limited({ limit: 3 })).toBe(id);
    expect(await ledger.commit(next(other!, takes(id)))).toMatchObject({ reason: 'budget' });
    await ledger.put(next(held, gives(id, { actual: 8 })));
    expect(await standing(id)).toMatchObject({ limit: 3, spent: 8, reserved: 0 });
  });

  it('lifted while something is reserved is settled all the same', async () => {
    const id = await limited();
    const [run] = await begun(1);
    const held = await ledger.put(next(run!, takes(id)));
    const lifted = await ledger.db.withTenant(tenant, (tx) =>
      removeBudget(tx, { tenant, id, reason: 'no need', author: 'user:admin' }),
    );
    expect(lifted.ok).toBe(true);
    if (lifted.ok) epoch = lifted.value.epoch;
    await ledger.put(next(held, gives(id)));
    const { rows } = await ledger.outsider.query('select reserved::int, spent::int from writ.budget where id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ reserved: 0, spent: 1 }]);
  });

  it('warns once per period when it crosses its line', async () => {
    const id = await limited({ limit: 10, warnAt: 8, period: 'month' });
    const [run] = await begun(1);
    const events: string[] = [];
    const tend = (): Promise<number> =>
      tendBudgets(
        ledger.db,
        () =>
          async ({ type, object }) =>
            void events.push(`${type} ${object.id}`),
      );
    const low = await ledger.put(next(run!, takes(id, { amount: 7 })));
    await tend();
    expect(events).toEqual([]);
    await ledger.put(next(low, takes(id, { step: 2, amount: 1 })));
    await Promise.all([tend(), tend()]);
    await tend();
    expect(events).toEqual([`budget.warning ${id}`]);
  });

  it.each<[string, Partial<Set>]>([
    ['a target for the whole tenant', { target: 'x' }],
    ['no target for a workflow', { scope: 'workflow' }],
    ['a part of a call', { limit: 1.5 }],
    ['runs at once per day', { dimension: 'concurrent_runs', period: 'day' }],
    ['runs at once of a tool', { dimension: 'concurrent_runs', scope: 'tool', target: 'pay' }],
    ['a fallback nobody takes', { fallback: 'cheap' }],
    ['no fallback to degrade to', { crossing: 'degrade' }],
  ])('is refused with %s', async (_what, part) => {
    await expect(limited(part)).rejects.toThrow();
  });

  it('[I11] of another tenant is neither reserved from nor seen', async () => {
    const foreign = await limited();
    tenant = await newTenant(ledger.db);
    epoch = 1;
    const [run] = await begun(1);
    expect(await ledger.commit(next(run!, takes(foreign)))).toMatchObject({ reason: 'budget', detail: foreign });
    expect(await standing(foreign)).toBeUndefined();
  });

  it('[I13] any mix of taking, settling, losing and ending never reserves or spends more than the limit', async () => {
    const random = seeded('budgets');
    const limit = 60;
    const id = await limited({ limit, dimension: 'tokens' });
    let runs = await begun(40);
    const held = new Map<string, { step: number; amount: number }>();
    for (let round = 0; round < 25; round++) {
      const sent = runs.map((run): Unit => {
        const mine = held.get(run.run);
        const settle = mine
          ? gives(id, { step: mine.step, actual: Math.floor(random() * (mine.amount + 1)) }).settle
          : [];
        const step = round + 1;
        const reserve = random() < 0.5 ? takes(id, { step, amount: 1 + Math.floor(random() * 9) }).reserve : [];
        return next(
          run,
          { reserve, settle: random() < 0.7 ? settle : [], settleRest: false },
          {
            leaseEpoch: random() < 0.1 ? 9 : 1,
          },
        );
      });
      const outcomes = await Promise.all(sent.map((unit) => ledger.commit(unit)));
      runs = runs.map((run, i) => {
        if (outcomes[i]!.kind !== 'committed') return run;
        const unit = sent[i]!;
        if (unit.budget!.settle.length > 0) held.delete(run.run);
        const [taken] = unit.budget!.reserve;
        if (taken && held.has(run.run)) held.set(`${run.run} ${round}`, taken);
        else if (taken) held.set(run.run, taken);
        return unit;
      });
      const now = await standing(id);
      expect(now.reserved + now.spent).toBeLessThanOrEqual(limit);
      await checkBudgets();
    }
  });

  it('is used to the last by units whose epochs move while they wait', async () => {
    const id = await limited({ limit: 20 });
    const runs = await begun(60);
    const change = ledger.raise(tenant);
    const first = await Promise.all(runs.map((run) => ledger.commit(next(run, takes(id)))));
    epoch = await change;
    const again = await Promise.all(
      runs.map((run, i) => {
        const before = first[i]!;
        const moved = before.kind === 'refused' && before.reason === 'authority';
        return moved ? ledger.commit(next(run, takes(id))) : Promise.resolve(before);
      }),
    );
    expect(again.filter(({ kind }) => kind === 'committed')).toHaveLength(20);
  });
});
