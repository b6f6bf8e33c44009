import type { RunId } from '@writ/kernel';
import { type BudgetRecord, listBudgets, releaseStop, removeBudget, setBudget, setStop } from '@writ/policy';
import { until } from '../support/until';
import { type BranchWorld, from, input, openBranchWorld, tool } from './branch-world';

let world: BranchWorld;

const thrice = (name: string): object => ({
  type: 'sequence',
  steps: ['a', 'b', 'c'].map((id) => ({ id: `${name}_${id}`, node: tool('slow', { ms: 5, say: id }) })),
});

beforeAll(async () => {
  world = await openBranchWorld({
    once: tool('slow', { ms: 5 }),
    pay: tool('pay', { amount: 1 }),
    waits: { type: 'wait', signal: 'go' },
    hundred: {
      type: 'map',
      over: from('/input/items'),
      node: tool('slow', { ms: 5 }),
      merge: { policy: 'best_effort', min: 0 },
    },
    parts: {
      type: 'fanout',
      branches: [
        { key: 'tight', node: thrice('tight'), budget: { tool_calls: 2 } },
        { key: 'loose', node: thrice('loose') },
      ],
      merge: { policy: 'best_effort', min: 0 },
    },
    long: {
      type: 'sequence',
      steps: [
        { id: 'one', node: tool('slow', { ms: 300 }) },
        { id: 'two', node: tool('slow') },
      ],
    },
  });
});

beforeEach(() => {
  world.reached.length = 0;
});

afterEach(async () => {
  const { tenant, db } = world.scenario;
  await db.withTenant(tenant, async (tx) => {
    for (const { id } of await listBudgets(tx, { tenant })) {
      await removeBudget(tx, { tenant, id, reason: 'the test is over', author: 'user:admin' });
    }
  });
  const { rows } = await world.scenario.outsider.query(`select * from writ.budget_reservation`);
  expect(rows).toEqual([]);
});

afterAll(() => world?.close());

type Set = Parameters<typeof setBudget>[1];

async function limit(part: Partial<Set> = {}): Promise<string> {
  const { tenant, db } = world.scenario;
  const done = await db.withTenant(tenant, (tx) =>
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
  return done.value.budget.id;
}

const standing = async (id: string): Promise<BudgetRecord> => {
  const { tenant, db } = world.scenario;
  return (await db.withTenant(tenant, (tx) => listBudgets(tx, { tenant, id })))[0]!;
};

const items = input({ items: Array.from({ length: 100 }, (_, i) => i) });
const failureOf = (events: readonly { readonly type: string }[]): unknown =>
  (events.find(({ type }) => type === 'run_failed') as { failure?: unknown } | undefined)?.failure;

describe('a budget of ten calls', () => {
  it('[I13] gives 100 runs at once ten calls, and never an eleventh; the others are told budget_exhausted', async () => {
    const id = await limit();
    const runs = await Promise.all(Array.from({ length: 100 }, () => world.start('once')));
    const ends = await Promise.all(runs.map((run) => world.stands(run)));
    expect(world.reached).toHaveLength(10);
    expect(ends.filter(({ status }) => status === 'succeeded')).toHaveLength(10);
    const told = ends.filter(({ status }) => status === 'failed').map(({ events }) => failureOf(events));
    expect(told).toHaveLength(90);
    for (const failure of told) expect(failure).toMatchObject({ code: 'budget_exhausted', class: 'budget' });
    expect(await standing(id)).toMatchObject({ reserved: 0, spent: 10 });
  });

  it('[I13] gives 100 branches of one run ten calls, and never an eleventh, though they share units', async () => {
    const id = await limit();
    const { status, events } = await world.play('hundred', items);
    expect(status).toBe('succeeded');
    expect(world.reached).toHaveLength(10);
    const exhausted = events.filter(
      (event) => event.type === 'node_failed' && event.failure.code === 'budget_exhausted',
    );
    expect(exhausted).toHaveLength(90);
    expect(await standing(id)).toMatchObject({ reserved: 0, spent: 10 });
  });

  it('[I13] of the run itself gives its 100 branches ten calls, and never an eleventh', async () => {
    const { status } = await world.play('hundred', { ...items, budget: { tool_calls: 10 } });
    expect(status).toBe('succeeded');
    expect(world.reached).toHaveLength(10);
  });
});

describe('a limit of one run', () => {
  it('[I13] of a branch holds that branch alone, and that of the run holds them all', async () => {
    const parts = await world.play('parts');
    expect(parts.status).toBe('succeeded');
    expect(world.reached).toHaveLength(5);
    expect(Object.keys(parts.output as object)).toEqual(['loose']);
    const failed = parts.events.find((event) => event.type === 'node_failed');
    expect(failed).toMatchObject({ failure: { details: { scope: 'branch', path: '=tight', limit: 2 } } });
    world.reached.length = 0;
    await world.play('parts', { budget: { tool_calls: 3 } });
    expect(world.reached).toHaveLength(3);
  });

  it('on its time ends it with the next step', async () => {
    const { status, events } = await world.play('long', { budget: { wall_ms: 200 } });
    expect(status).toBe('failed');
    expect(failureOf(events)).toMatchObject({ code: 'budget_exhausted', details: { dimension: 'wall_ms' } });
    expect(world.reached).toHaveLength(1);
  });
});

describe('a run that a budget has no room for', () => {
  const waitOf = async (run: RunId): Promise<Record<string, unknown>> => {
    const { rows } = await world.scenario.outsider.query<{ wait: string }>(
      `select wait from writ.run where id = $1 and wait is not null`,
      [run],
    );
    return JSON.parse(rows[0]?.wait ?? '{}') as Record<string, unknown>;
  };

  it('waits for a person where the budget asks, and goes on at once when more is granted', async () => {
    const id = await limit({ limit: 0, crossing: 'ask' });
    const run = await world.start('once');
    await world.stands(run, 'waiting_approval');
    expect(await waitOf(run)).toMatchObject({ for: 'budget', budget: id, asks: true, target: 'slow' });
    expect(world.reached).toEqual([]);
    await limit({ limit: 1, crossing: 'ask' });
    expect((await world.stands(run)).status).toBe('succeeded');
  });

  it('waits for room where the budget says so, and takes what others give back', async () => {
    const id = await limit({ scope: 'tool', target: 'slow', limit: 1, crossing: 'wait' });
    const first = await world.start('once');
    await world.stands(first);
    const second = await world.start('once');
    await world.stands(second, 'paused');
    expect(await waitOf(second)).toMatchObject({ for: 'budget', budget: id, asks: false });
    await limit({ scope: 'tool', target: 'slow', limit: 2, crossing: 'wait' });
    expect((await world.stands(second)).status).toBe('succeeded');
    expect(world.reached).toHaveLength(2);
  });

  it('does not start where runs at once are limited, and does when one has ended', async () => {
    await limit({ dimension: 'concurrent_runs', limit: 1, scope: 'workflow', target: 'waits' });
    const runs: RunId[] = [];
    const codes: string[] = [];
    const { tenant, caller, engine } = world.scenario;
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const started = await engine.commands.start({ tenant, caller, workflow: 'waits', input: {} });
        if (started.ok) runs.push(started.value.run);
        else codes.push(started.failure.code);
      }),
    );
    expect(runs).toHaveLength(1);
    expect(codes).toEqual(Array<string>(11).fill('budget_exhausted'));
    const ends = async (run: RunId): Promise<void> => {
      await world.stands(run, 'waiting_external');
      await engine.commands.signal({ tenant, run, caller, name: 'go', payload: null });
      await world.stands(run);
    };
    await ends(runs[0]!);
    await ends(await world.start('waits'));
  });

  it('waits under a throttle, which lets so many steps a minute go on, and goes on with its release', async () => {
    const { tenant, db } = world.scenario;
    const set = await db.withTenant(tenant, (tx) =>
      setStop(tx, {
        tenant,
        scope: 'tool',
        target: 'slow',
        mode: 'throttle',
        perMinute: 3,
        reason: 'slowly',
        author: 'user:boss',
      }),
    );
    if (!set.ok) throw new Error(set.failure.message);
    const runs = await Promise.all(Array.from({ length: 8 }, () => world.start('once')));
    await until('the throttle to hold runs', async () => {
      const { rows } = await world.scenario.outsider.query(`select 1 from writ.run where status = 'paused'`);
      return rows.length >= 2;
    });
    expect(world.reached.length).toBeLessThanOrEqual(6);
    await db.withTenant(tenant, (tx) =>
      releaseStop(tx, { tenant, id: set.value.stop.id, reason: 'enough', author: 'user:boss' }),
    );
    for (const run of runs) expect((await world.stands(run)).status).toBe('succeeded');
  });
});

describe('a run under a stop', () => {
  it('ends as stopped where the stop terminates, and says which stop it was', async () => {
    const { tenant, db } = world.scenario;
    const asked = { tenant, scope: 'tool', target: 'slow', reason: 'gone wrong', author: 'user:boss' } as const;
    const frozen = await db.withTenant(tenant, (tx) => setStop(tx, asked));
    if (!frozen.ok) throw new Error(frozen.failure.message);
    const run = await world.start('once');
    await world.stands(run, 'paused');
    const hard = await db.withTenant(tenant, (tx) =>
      setStop(tx, { ...asked, scope: 'run', target: run, mode: 'terminate' }),
    );
    if (!hard.ok) throw new Error(hard.failure.message);
    const { status, events } = await world.stands(run);
    expect(status).toBe('stopped');
    expect(failureOf(events)).toMatchObject({ code: 'stopped', details: { stop: hard.value.stop.id } });
    for (const [id, author] of [
      [frozen.value.stop.id, 'user:boss'],
      [hard.value.stop.id, 'user:second'],
    ] as const) {
      await db.withTenant(tenant, (tx) => releaseStop(tx, { tenant, id, reason: 'over', author }));
    }
  });

  it('goes on within a moment of the release, not at its next look', async () => {
    const { tenant, db } = world.scenario;
    const stop = await db.withTenant(tenant, (tx) =>
      setStop(tx, { tenant, scope: 'tool', target: 'slow', reason: 'a pause', author: 'user:boss' }),
    );
    if (!stop.ok) throw new Error(stop.failure.message);
    const run = await world.start('once');
    await world.stands(run, 'paused');
    // Its own look is put off: what wakes it is the release.
    await world.scenario.outsider.query(`update writ.run set wake_at = now() + interval '1 day' where id = $1`, [run]);
    await db.withTenant(tenant, (tx) =>
      releaseStop(tx, { tenant, id: stop.value.stop.id, reason: 'over', author: 'user:boss' }),
    );
    expect((await world.stands(run)).status).toBe('succeeded');
  });
});
