import type { RunEvent, StartRunInput } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { type BranchWorld, branchPolicy, from, input, openBranchWorld, tool } from './branch-world';

const step = (id: string, node: object): object => ({ id, node });
const sequence = (...steps: object[]): object => ({ type: 'sequence', steps });
const effects = ['live', 'stubbed'] as const;

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    three: sequence(
      step('a', tool('echo', { say: from('/input/say') })),
      step('b', tool('pay', { amount: 2 })),
      step('c', tool('echo', { say: from('/steps/b/output/receipt') })),
    ),
    asks: sequence(
      step('a', tool('pay', { amount: 3 })),
      step('wait', { type: 'wait', signal: 'go' }),
      step('b', tool('echo', { say: from('/steps/wait/output') })),
    ),
    leaf: tool('pay', { amount: from('/input/amount') }),
    tree: sequence(
      step('one', { type: 'run', workflow: 'leaf', input: { amount: 7 } }),
      step('two', tool('echo', { say: from('/steps/one/output/paid') })),
    ),
    wide: {
      type: 'map',
      over: [1, 2, 3, 4],
      node: sequence(
        step('x', tool('echo', { say: from('/item') })),
        step('y', tool('pay', { amount: from('/item') })),
      ),
      merge: { policy: 'all' },
      branch_deadline_ms: 60_000,
    },
    failing: sequence(step('a', tool('pay', { amount: 4 })), step('b', tool('fails'))),
  });
  await world.scenario.activate(policy());
});
afterAll(() => world.close());

const RIGHTS = ['run.read', 'run.fork', 'run.fork_live'];
const policy = (...more: string[]) => ({
  ...branchPolicy,
  rules: [
    branchPolicy.rules,
    ...RIGHTS.map((action) => `p, user:*, {tenant}, run:*, ${action}, , allow`),
    ...more,
  ].join('\n'),
});

interface Asked {
  readonly effects?: 'live' | 'stubbed';
  readonly at?: number;
  readonly step?: number;
  readonly key?: string;
  readonly caller?: StartRunInput['caller'];
}

function fork(run: RunId, { effects: mode = 'stubbed', at, step: number, key, caller }: Asked = {}) {
  const { engine, tenant } = world.scenario;
  return engine.commands.fork({
    tenant,
    caller: caller ?? world.scenario.caller,
    run,
    at: at ?? null,
    step: number ?? null,
    effects: mode,
    reason: 'to see',
    ...(key !== undefined && { idempotencyKey: key }),
  });
}

async function forkOf(run: RunId, asked: Asked = {}): Promise<RunId> {
  const forked = await fork(run, asked);
  if (!forked.ok) throw new Error(`${forked.failure.code}: ${forked.failure.message}`);
  return forked.value.run;
}

async function played(workflow: string, given: Partial<StartRunInput> = {}) {
  const run = await world.start(workflow, given);
  return { run, ...(await world.stands(run)) };
}

const since = async <T>(work: () => Promise<T>): Promise<{ got: T; reached: string[] }> => {
  const before = world.reached.length;
  const got = await work();
  return { got, reached: world.reached.slice(before) };
};
const outcome = (events: readonly RunEvent[]) => events.at(-1);
const keyOf = (events: readonly RunEvent[], path: string) =>
  events.flatMap((event) => (event.type === 'step_intended' && event.path === path ? [event.step] : []));

describe('a fork with stubbed effects', () => {
  it.each(['three', 'tree', 'wide'])(
    'of %s, from any event, comes to what the run came to, and sends nothing',
    async (name) => {
      const { run, events, output } = await played(name, input({ say: 'hello' }));
      for (let at = 0; at < events.length; at++) {
        const { got, reached } = await since(async () => world.stands(await forkOf(run, { at })));
        expect([at, got.status, got.output]).toEqual([at, 'succeeded', output]);
        expect(reached).toEqual([]);
      }
    },
    400_000,
  );

  it('says where its past is from, and in its evidence that nothing was sent', async () => {
    const { run } = await played('three', input({ say: 'hello' }));
    const id = await forkOf(run, { step: 2 });
    const { events } = await world.stands(id);
    const { queries } = world.scenario.engine;
    expect(await queries.get(world.scenario.tenant, id)).toMatchObject({ fork: { run, effects: 'stubbed' } });
    const own = events.slice(events.findIndex(({ type }) => type === 'run_forked'));
    expect(own.filter((event) => event.type === 'step_intended').map((event) => event.stubbed)).toEqual([true, true]);
    const { rows } = await world.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where run = $1 order by seq`,
      [id],
    );
    const evidence = rows
      .flatMap((row) => row.events.split('\n'))
      .map((line) => JSON.parse(line) as { type: string; detail?: object });
    expect(evidence.find(({ type }) => type === 'run.forked')).toMatchObject({
      object: { id: run },
      detail: { effects: 'stubbed' },
    });
    const acts = evidence.filter(({ type }) => type === 'action.authorized' || type === 'action.settled');
    expect(acts.length).toBe(4);
    for (const act of acts) expect(act.detail).toMatchObject({ stubbed: true });
  });

  it('is decided under the policy of now: what is forbidden since is refused there', async () => {
    const { run } = await played('three', input({ say: 'hello' }));
    await world.scenario.activate(policy('p, user:*, {tenant}, tool:pay, tool.invoke, , deny'));
    try {
      const { status, events } = await world.stands(await forkOf(run, { at: 0 }));
      expect(status).toBe('denied');
      expect(events.find((event) => event.type === 'step_denied')).toMatchObject({ target: 'pay' });
    } finally {
      await world.scenario.activate(policy());
    }
  });

  it('is given back signals, ends of child runs and branches as they were', async () => {
    const waits = await world.start('asks');
    await world.stands(waits, 'waiting_external');
    const { engine, tenant, caller } = world.scenario;
    await engine.commands.signal({ tenant, run: waits, caller, name: 'go', payload: { n: 5 } });
    await world.stands(waits);
    const tree = await played('tree');
    const wide = await played('wide');
    const { got, reached } = await since(async () => [
      await world.stands(await forkOf(waits, { at: 0 })),
      await world.stands(await forkOf(tree.run, { at: 0 })),
      await world.stands(await forkOf(wide.run, { at: 0 })),
    ]);
    expect(got.map(({ output }) => output)).toEqual([{ n: 5 }, 7, wide.output]);
    expect(reached).toEqual([]);
  });

  it('fails by name at a step that has no outcome on record', async () => {
    const run = await world.start('asks');
    const { events } = await world.stands(run, 'waiting_external');
    const { engine, tenant, caller } = world.scenario;
    const id = await forkOf(run, { at: events.length - 1 });
    await world.stands(id, 'waiting_external');
    await engine.commands.signal({ tenant, run: id, caller, name: 'go', payload: 1 });
    const { got, reached } = await since(() => world.stands(id));
    expect(outcome(got.events)).toMatchObject({ type: 'run_failed', failure: { code: 'not_recorded' } });
    expect(reached).toEqual([]);
  });

  it('of a fork goes by the fork', async () => {
    const { run, output } = await played('three', input({ say: 'hello' }));
    const first = await forkOf(run, { at: 3 });
    await world.stands(first);
    const { got, reached } = await since(async () => world.stands(await forkOf(first, { at: 2 })));
    expect([got.output, reached]).toEqual([output, []]);
  });
});

describe('a live fork', () => {
  it('[I4] repeats nothing before its event, and does what comes after under keys of its own', async () => {
    const { run, events } = await played('three', input({ say: 'hello' }));
    const { got, reached } = await since(async () => world.stands(await forkOf(run, { effects: 'live', step: 2 })));
    expect(got.status).toBe('succeeded');
    expect(reached.map((one) => one.split(' ')[0])).toEqual(['pay', 'echo']);
    // The same place, a new step: its key is of the new run.
    expect(keyOf(got.events, 'b')).toHaveLength(1);
    expect(keyOf(events, 'b')).toHaveLength(1);
  });

  it('goes on where the other one failed, with what it had done', async () => {
    const { run } = await played('failing');
    const { got, reached } = await since(async () => world.stands(await forkOf(run, { effects: 'live', step: 2 })));
    expect(got.status).toBe('failed');
    expect(reached.map((one) => one.split(' ')[0])).toEqual(['fails']);
  });

  it('begins branches that were under way anew, and leaves those alone that were over', async () => {
    const { run, events } = await played('wide');
    const at = events.findIndex((event) => event.type === 'branch_ended');
    const over = events.slice(0, at + 1).filter((event) => event.type === 'step_settled').length;
    const { got, reached } = await since(async () => world.stands(await forkOf(run, { effects: 'live', at })));
    expect(got.status).toBe('succeeded');
    expect(reached.length).toBe(8 - over);
  });

  it('of a run that is under way takes nothing from it', async () => {
    const run = await world.start('asks');
    await world.stands(run, 'waiting_external');
    const id = await forkOf(run, { effects: 'live' });
    await world.stands(id, 'waiting_external');
    const { engine, tenant, caller } = world.scenario;
    await engine.commands.signal({ tenant, run: id, caller, name: 'go', payload: 'its own' });
    expect((await world.stands(id)).output).toBe('its own');
    await engine.commands.signal({ tenant, run, caller, name: 'go', payload: 'the first' });
    expect((await world.stands(run)).output).toBe('the first');
  });
});

describe('who may fork', () => {
  it.each(effects)('[I6] a %s fork acts for whoever forked it, under what they may', async (mode) => {
    const { run } = await played('three', input({ say: 'x' }));
    const { tenant } = world.scenario;
    await world.scenario.activate(policy('p, user:other, {tenant}, tool:pay, tool.invoke, , deny'));
    try {
      const other = { tenant, kind: 'user', id: 'user:other', roles: [] } as const;
      const { status, events } = await world.stands(await forkOf(run, { effects: mode, at: 0, caller: other }));
      expect([status, (events[0] as { initiator: { id: string } }).initiator.id]).toEqual(['denied', 'user:other']);
    } finally {
      await world.scenario.activate(policy());
    }
  });

  it.each([
    ['run.read', 'stubbed'],
    ['run.fork', 'stubbed'],
    ['run.fork_live', 'live'],
  ] as const)('needs %s for %s effects', async (action, mode) => {
    const { run } = await played('three', input({ say: 'x' }));
    await world.scenario.activate(policy(`p, user:*, {tenant}, run:*, ${action}, , deny`));
    try {
      const forked = await fork(run, { effects: mode });
      expect(forked).toMatchObject({ ok: false, failure: { code: 'policy_denied' } });
      if (mode === 'live') expect((await fork(run)).ok).toBe(true);
    } finally {
      await world.scenario.activate(policy());
    }
  });

  it('[I12] one key forks once; the same key for another place is refused', async () => {
    const { run } = await played('three', input({ say: 'x' }));
    const [first, again] = await Promise.all([fork(run, { key: 'k1', at: 2 }), fork(run, { key: 'k1', at: 2 })]);
    expect(first.ok && again.ok && first.value.run === again.value.run).toBe(true);
    expect(await fork(run, { key: 'k1', at: 3 })).toMatchObject({
      ok: false,
      failure: { code: 'idempotency_mismatch' },
    });
  });

  it('is told of an event or a step that is not there', async () => {
    const { run } = await played('three', input({ say: 'x' }));
    expect(await fork(run, { at: 400 })).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
    expect(await fork(run, { step: 400 })).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
    expect(await fork('run_00000000000000000000000000' as RunId)).toMatchObject({
      ok: false,
      failure: { code: 'not_found' },
    });
  });
});
