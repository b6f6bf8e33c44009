import type { Engine, RunEvent } from '@writ/engine';
import type { JsonObject, RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { until } from '../support/until';
import { type BranchWorld, branchPolicy, from, openBranchWorld, tool } from './branch-world';

type Batches = Engine['batches'];
type Batch = NonNullable<Awaited<ReturnType<Batches['get']>>>;
type NewBatch = Parameters<Batches['create']>[1];

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    pays: tool('pay', { amount: from('/input/amount') }),
    slow: tool('slow', { ms: from('/input/ms'), say: from('/input/ms') }),
    waits: { type: 'wait', signal: 'go' },
    nested: { type: 'run', workflow: 'pays', input: { amount: from('/input/amount') } },
    fails: tool('fails'),
  });
});
afterAll(() => world.close());

type Asked = Pick<NewBatch, 'workflow'> & Partial<NewBatch>;

async function create(asked: Asked): Promise<Batch> {
  const { engine, tenant, caller, db } = world.scenario;
  const made = await db.withTenant(tenant, (tx) =>
    engine.batches.create(tx, { tenant, caller, items: [], concurrency: 4, start: {}, ...asked }),
  );
  if (!made.ok) throw new Error(`${made.failure.code}: ${made.failure.message}`);
  return made.value;
}

async function over(id: string): Promise<Batch> {
  const { engine, tenant } = world.scenario;
  let batch: Batch | null = null;
  await until(
    `batch ${id} to be over`,
    async () => {
      batch = await engine.batches.get(tenant, id);
      return batch?.finishedAt !== null;
    },
    400_000,
  );
  return batch!;
}

const inputs = (...all: JsonObject[]) => all.map((input) => ({ input }));
async function itemsOf(id: string) {
  const page = await world.scenario.engine.batches.items(world.scenario.tenant, id, { limit: 1000 });
  return page!.data;
}
async function checked(runs: readonly (RunId | null)[]): Promise<RunEvent[][]> {
  const all: RunEvent[][] = [];
  for (const run of runs) if (run) all.push((await checkRun(world.scenario.outsider, run)).events);
  return all;
}
async function events(id: string): Promise<{ type: string; outcome?: string; detail: JsonObject }[]> {
  const { rows } = await world.scenario.outsider.query<{ events: string }>(
    `select writ.audit_lines(u) as events from writ.audit_unit u where run = 'tenant' and position($1 in events) > 0 order by seq`,
    [id],
  );
  return rows
    .flatMap((row) => row.events.split('\n'))
    .map((line) => JSON.parse(line) as never)
    .filter((event: { object?: { id: string } }) => event.object?.id === id);
}

describe('a batch', () => {
  it('starts a run for each item, a few at a time, and says what came of each', async () => {
    const items = Array.from({ length: 12 }, (_, i) => ({ key: `k${i}`, input: { ms: 50 + i } }));
    const { id } = await create({ workflow: 'slow', items, concurrency: 3 });
    const { status, counts, total } = await over(id);
    expect([status, counts, total]).toEqual(['finished', { succeeded: 12 }, 12]);
    const found = await itemsOf(id);
    expect(found.map(({ key, state, output }) => [key, state, output])).toEqual(
      items.map(({ key, input }) => [key, 'succeeded', input.ms]),
    );
    const journals = await checked(found.map(({ run }) => run));
    expect(journals.map(([first]) => (first as { batch: object }).batch)).toEqual(
      items.map(({ key }, place) => ({ id, place, key })),
    );
    expect(world.most()).toBeLessThanOrEqual(3);
    expect((await events(id)).map(({ type, outcome }) => [type, outcome])).toEqual([
      ['batch.created', undefined],
      ['batch.finished', 'finished'],
    ]);
  });

  it('[I13] shares one budget: a hundred runs on ten calls make ten, and the rest says why', async () => {
    const before = world.reached.length;
    const items = inputs(...Array.from({ length: 100 }, () => ({ amount: 1 })));
    const { id } = await create({ workflow: 'pays', items, concurrency: 50, budget: { tool_calls: 10 } });
    const { counts } = await over(id);
    expect(counts).toEqual({ succeeded: 10, failed: 90 });
    expect(world.reached.slice(before)).toHaveLength(10);
    const codes = (await itemsOf(id)).filter(({ state }) => state === 'failed').map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['budget_exhausted']));
    const { rows } = await world.scenario.outsider.query<{ spent: string; reserved: string; removed: boolean }>(
      `select spent, reserved, removed_at is not null as removed from writ.budget where target = $1`,
      [id],
    );
    expect(rows).toEqual([{ spent: '10', reserved: '0', removed: true }]);
  });

  it('[I13] shares it with the runs its runs start', async () => {
    const before = world.reached.length;
    const items = inputs(...Array.from({ length: 6 }, () => ({ amount: 1 })));
    const { id } = await create({ workflow: 'nested', items, budget: { tool_calls: 2 } });
    expect((await over(id)).counts).toEqual({ succeeded: 2, failed: 4 });
    expect(world.reached.slice(before)).toHaveLength(2);
  });

  it('goes on past items that fail, and past those that are refused', async () => {
    const { activate } = world.scenario;
    await activate({
      ...branchPolicy,
      rules: `${branchPolicy.rules}\np, user:*, {tenant}, workflow:pays, run.start, large, deny`,
      conditions: { large: { gt: [{ path: 'args./amount' }, 5] } },
    });
    try {
      const { id } = await create({ workflow: 'pays', items: inputs({ amount: 1 }, { amount: 9 }, { amount: 2 }) });
      expect((await over(id)).counts).toEqual({ succeeded: 2, refused: 1 });
      const [, refused] = await itemsOf(id);
      expect(refused).toMatchObject({ state: 'refused', run: null, code: 'policy_denied' });
      expect(refused!.decision).toMatch(/^dec_/);
    } finally {
      await activate(branchPolicy);
    }
    const { id } = await create({ workflow: 'fails', items: inputs({}, {}) });
    expect((await over(id)).counts).toEqual({ failed: 2 });
  });

  it('that is cancelled starts nothing more and ends what is under way', async () => {
    const { engine, tenant, caller, db } = world.scenario;
    const { id } = await create({ workflow: 'waits', items: inputs(...Array<JsonObject>(8).fill({})), concurrency: 3 });
    await until('three to wait', async () => (await engine.batches.get(tenant, id))?.counts.waiting_external === 3);
    const cancel = () =>
      db.withTenant(tenant, (tx) => engine.batches.cancel(tx, { tenant, id, by: caller, reason: 'not needed' }));
    expect((await cancel()).ok).toBe(true);
    const { status, counts } = await over(id);
    expect([status, counts]).toEqual(['cancelled', { cancelled: 3, skipped: 5 }]);
    expect(await cancel()).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
    await checked((await itemsOf(id)).map(({ run }) => run));
  });

  it('has one version of its workflow for all of its items, and keys of its own', async () => {
    await expect(create({ workflow: 'nothing', items: inputs({}) })).rejects.toThrow('workflow_unknown');
    const twice = [
      { key: 'a', input: {} },
      { key: 'a', input: {} },
    ];
    await expect(create({ workflow: 'waits', items: twice })).rejects.toThrow('two items have the key a');
  });

  it('is listed newest first, and its items by state', async () => {
    const { engine, tenant } = world.scenario;
    const { data } = await engine.batches.list(tenant, { limit: 3 });
    expect(data.map(({ id }) => id)).toEqual(
      data
        .map(({ id }) => id)
        .toSorted()
        .reverse(),
    );
    const shared = data.find(({ workflow }) => workflow === 'waits')!;
    const page = await engine.batches.items(tenant, shared.id, { limit: 2, state: 'skipped' });
    expect([page!.data.length, page!.data.every(({ state }) => state === 'skipped')]).toEqual([2, true]);
    const next = await engine.batches.items(tenant, shared.id, { limit: 9, state: 'skipped', after: page!.next! });
    expect(next!.data).toHaveLength(3);
    expect(await engine.batches.items(tenant, 'bat_nothing', { limit: 2 })).toBeNull();
  });
});
