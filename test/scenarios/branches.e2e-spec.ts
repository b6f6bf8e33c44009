import type { ToolFunction } from '@writ/gateways';
import { type BranchWorld, from, input, openBranchWorld, tool } from './branch-world';

const echo = (say: string): object => tool('echo', { say });
const slow = (say: string, ms: number): object => tool('slow', { say, ms });
const fan = (merge: object, branches: { readonly [key: string]: object }, extra: object = {}): object => ({
  type: 'fanout',
  merge,
  branches: Object.entries(branches).map(([key, node]) => ({ key, node })),
  ...extra,
});
const sequence = (...steps: object[]): object => ({ type: 'sequence', steps });
const KEYS = Array.from({ length: 8 }, (_, i) => `b${i}`);
const eight = (node: (i: number) => object): { [key: string]: object } =>
  Object.fromEntries(KEYS.map((key, i) => [key, node(i)]));

/**
 * Calls that are answered once so many are under way: the last of them, and then all the others at once; or the first
 * alone.
 */
const TOGETHER = { effect: 'read', timeout_ms: 150_000 };
const waiting: (() => void)[] = [];
const together: ToolFunction = (args, { signal }) =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    waiting.push(() => resolve(args['n']));
    if (waiting.length < Number(args['of'])) return;
    const all = waiting.splice(0);
    if (args['alone'] === true) return all[0]!();
    all.pop()!();
    // A later turn of this process: the engine has met the first answer by then, whatever else the machine does.
    setTimeout(() => all.forEach((answer) => answer()), 50);
  });

const WORKFLOWS: { readonly [name: string]: object } = {
  all: fan(
    { policy: 'all' },
    eight((i) => tool('together', { n: i, of: 8 })),
  ),
  two_at_a_time: fan(
    { policy: 'all' },
    eight((i) => slow(`s${i}`, 30)),
    { concurrency: 2 },
  ),
  one_fails: fan({ policy: 'all' }, { good: echo('x'), bad: tool('fails'), late: slow('late', 100_000) }),
  first: fan(
    { policy: 'first_success' },
    { bad: tool('fails'), quick: slow('quick', 50), late: slow('late', 100_000) },
  ),
  quorum: fan(
    { policy: 'quorum', count: 2 },
    { a: slow('a', 60), b: tool('fails'), c: echo('c'), d: slow('d', 100_000) },
  ),
  unmet: fan({ policy: 'quorum', count: 2 }, { a: echo('a'), b: tool('fails'), c: tool('fails') }),
  best: fan(
    { policy: 'best_effort', min: 1 },
    { a: echo('a'), b: tool('fails'), c: slow('c', 100_000) },
    { deadline_ms: 2_000 },
  ),
  late_branch: fan(
    { policy: 'best_effort' },
    {},
    {
      branches: [
        { key: 'a', node: echo('a') },
        { key: 'b', node: slow('b', 100_000), deadline_ms: 100 },
      ],
    },
  ),
  vote: fan({ policy: 'vote', tie: 'fail' }, { a: echo('x'), b: echo('y'), c: echo('y') }),
  reduce: fan(
    { policy: 'reduce', node: tool('echo', { say: { sum: from('/branches') } }) },
    { a: echo('1'), b: echo('2') },
  ),
  map: {
    type: 'map',
    over: from('/input/items'),
    key: '/id',
    node: tool('echo', { say: { id: from('/key'), item: from('/item') } }),
    merge: { policy: 'all' },
    concurrency: 3,
  },
  hedge: { type: 'hedge', node: tool('together', { n: 0, of: 3, alone: true }), after_ms: 100, max: 3 },
  nested: fan(
    { policy: 'all' },
    {
      left: fan({ policy: 'all' }, { x: echo('lx'), y: echo('ly') }),
      right: sequence(
        { id: 'one', node: echo('r1') },
        { id: 'two', node: tool('echo', { say: from('/steps/one/output') }) },
      ),
    },
  ),
  asks_beside: fan(
    { policy: 'all' },
    {
      waits: { type: 'wait', signal: 'go' },
      works: sequence(
        { id: 'w1', node: slow('w1', 50) },
        { id: 'w2', node: slow('w2', 50) },
        { id: 'w3', node: echo('w3') },
      ),
    },
  ),
  pays_late: fan(
    { policy: 'first_success' },
    {
      quick: slow('quick', 50),
      pays: sequence({ id: 'p', node: tool('pay') }, { id: 'then', node: slow('x', 100_000) }),
    },
  ),
  falls_back: sequence({ id: 'try_it', node: tool('fails'), on_error: { fallback: echo('instead') } }),
  undoes: sequence(
    {
      id: 'first',
      node: tool('pay', { amount: 1 }),
      compensate: { tool: 'refund', args: { receipt: from('/steps/first/output/receipt') } },
    },
    {
      id: 'inner',
      node: sequence({
        id: 'second',
        node: tool('pay', { amount: 2 }),
        compensate: { tool: 'refund', args: { receipt: from('/steps/second/output/receipt') } },
      }),
    },
    { id: 'third', node: tool('fails'), on_error: 'compensate' },
  ),
  chooses: {
    type: 'choice',
    cases: [
      { when: { value: from('/input/n'), op: 'greater', to: 10 }, node: echo('large') },
      { when: { value: from('/input/n'), op: 'exists' }, node: echo('small') },
    ],
    otherwise: echo('none'),
  },
  loops: {
    type: 'loop',
    node: tool('odd', { n: from('/loop/index') }),
    until: { value: from('/loop/last'), op: 'equals', to: true },
    max: 5,
    exhausted: 'fail',
  },
  loops_out: {
    type: 'loop',
    node: echo('again'),
    until: { value: from('/loop/last'), op: 'equals', to: 'never' },
    max: 3,
    exhausted: 'fail',
  },
  skips_a_sequence: sequence(
    { id: 'whole', node: sequence({ id: 'a', node: echo('a') }, { id: 'b', node: tool('fails') }), on_error: 'skip' },
    { id: 'after', node: echo('after') },
  ),
  hundred: {
    type: 'map',
    over: from('/input/items'),
    node: tool('echo', { say: from('/item') }),
    merge: { policy: 'best_effort' },
    concurrency: 100,
  },
};

describe('branches side by side', () => {
  let world: BranchWorld;
  beforeAll(async () => {
    world = await openBranchWorld(WORKFLOWS, { tools: { together: { document: TOGETHER, work: together } } });
  });
  beforeEach(() => void world.reached.splice(0));
  afterAll(() => world.close());

  it('run at once, share commits, and come together in the order of their keys', async () => {
    const { events, output } = await world.play('all');
    expect(Object.entries(output as object)).toEqual(KEYS.map((key, i) => [key, i]));
    expect(world.most()).toBe(8);
    const run = await world.start('all');
    await world.stands(run);
    const { rows } = await world.scenario.outsider.query<{ intents: number }>(
      `select array_length(string_to_array(events, '"step_intended"'), 1) - 1 as intents
         from writ.journal where run = $1 order by seq`,
      [run],
    );
    // One that creates the run and intends all eight, and one per group of outcomes that came in together.
    expect(rows[0]!.intents).toBe(8);
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(events.filter((event) => event.type === 'branch_ended').map((event) => event.path)).toEqual(
      [...KEYS.slice(-1), ...KEYS.slice(0, -1)].map((key) => `=${key}`),
    );
  });

  it('are never more than the limit', async () => {
    const before = world.most();
    expect(before).toBe(8);
    const { events } = await world.play('two_at_a_time');
    let open = 0;
    let most = 0;
    for (const event of events) {
      if (event.type === 'branch_started') most = Math.max(most, ++open);
      if (event.type === 'branch_ended') open -= 1;
    }
    expect(most).toBe(2);
  });

  it('all: the first failure decides, cancels the rest at once and keeps what was done', async () => {
    const { events, status } = await world.play('one_fails');
    expect(status).toBe('failed');
    const joined = events.find((event) => event.type === 'branches_joined');
    expect(joined).toMatchObject({ outcome: 'failed', cancelled: ['late'], failure: { code: 'branch_failed' } });
    expect(events.at(-1)).toMatchObject({
      failure: { code: 'branch_failed', message: expect.stringContaining('bad') as string },
    });
    // The cancelled call has its outcome on record before the run is over.
    const late = events.find((event) => event.type === 'step_intended' && event.path === '=late');
    const settled = events.findIndex(
      (event) => event.type === 'step_settled' && event.step === (late as { step: number }).step,
    );
    expect(settled).toBeGreaterThan(0);
    expect(events[settled]).toMatchObject({ outcome: 'error', failure: { code: 'call_cancelled' } });
  });

  it('first_success: takes the first that ends well and cancels the rest', async () => {
    const { events, output } = await world.play('first');
    expect(output).toBe('quick');
    expect(events.find((event) => event.type === 'branches_joined')).toMatchObject({
      merged: ['quick'],
      cancelled: ['late'],
    });
  });

  it('quorum: is decided by the k-th success, and is a named failure when it can no longer be reached', async () => {
    const { output } = await world.play('quorum');
    expect(output).toEqual({ a: 'a', c: 'c' });
    const { events } = await world.play('unmet');
    expect(events.at(-1)).toMatchObject({ type: 'run_failed', failure: { code: 'quorum_unmet' } });
  });

  it('a join’s deadline decides with what there is; a branch’s own ends that branch', async () => {
    expect((await world.play('best')).output).toEqual({ a: 'a' });
    const { output, events } = await world.play('late_branch');
    expect(output).toEqual({ a: 'a' });
    expect(events.find((event) => event.type === 'branch_ended' && event.path === '=b')).toMatchObject({
      outcome: 'timed_out',
    });
  });

  it('vote, reduce and map make one of many', async () => {
    expect((await world.play('vote')).output).toBe('y');
    expect((await world.play('reduce')).output).toEqual({ sum: { a: '1', b: '2' } });
    const items = [
      { id: 'x', n: 1 },
      { id: 7, n: 2 },
      { id: 'a key with spaces / and more', n: 3 },
    ];
    const { output } = await world.play('map', input({ items }));
    const made = output as { key: string; output: { id: string; item: object } }[];
    expect(made.map((one) => one.output.item)).toEqual(items);
    expect(made.every((one) => one.key === one.output.id)).toBe(true);
    expect((await world.play('map', input({ items: [] }))).output).toEqual([]);
    for (const [bad, code] of [
      [{ items: 'no list' }, 'map_needs_list'],
      [{ items: [{ id: 'x' }, { id: 'x' }] }, 'item_key_twice'],
      [{ items: [{ n: 1 }] }, 'item_without_key'],
    ] as const) {
      expect((await world.play('map', input(bad as never))).events.at(-1)).toMatchObject({ failure: { code } });
    }
  });

  it('a hedge starts again when the first is slow, and bills both', async () => {
    const { events, output } = await world.play('hedge');
    expect(output).toBe(0);
    const intents = events.filter((event) => event.type === 'step_intended').length;
    expect(intents).toBe(3);
    expect(events.filter((event) => event.type === 'step_settled')).toHaveLength(3);
  });

  it('nest, and patterns work inside one another', async () => {
    expect((await world.play('nested')).output).toEqual({ left: { x: 'lx', y: 'ly' }, right: 'r1' });
  });

  it('one that waits holds nobody up', async () => {
    const run = await world.start('asks_beside');
    const { events } = await world.stands(run, 'waiting_external');
    expect(events.filter((event) => event.type === 'branch_ended').map((event) => event.path)).toEqual(['=works']);
    const { engine, tenant, caller } = world.scenario;
    await engine.commands.signal({ tenant, run, caller, name: 'go', payload: 'gone' });
    expect((await world.stands(run)).output).toEqual({ waits: 'gone', works: 'w3' });
  });

  it('a cancelled branch’s unrepeatable effect is let finish, and stands in the record', async () => {
    const { events, output } = await world.play('pays_late');
    expect(output).toBe('quick');
    expect(world.reached.filter((one) => one.startsWith('pay'))).toHaveLength(1);
    expect(events.filter((event) => event.type === 'step_settled' && event.outcome === 'ok').length).toBeGreaterThan(1);
  });

  it('a fallback runs instead of a failed step, and a failed sequence can be passed over', async () => {
    expect((await world.play('falls_back')).output).toBe('instead');
    expect((await world.play('skips_a_sequence')).output).toBe('after');
  });

  it('what was done is undone in reverse, from what it really gave', async () => {
    const { events, status } = await world.play('undoes');
    expect(status).toBe('failed');
    expect(world.reached.filter((one) => one.startsWith('refund'))).toEqual([
      'refund {"receipt":"r2"}',
      'refund {"receipt":"r1"}',
    ]);
    expect(events.at(-1)).toMatchObject({ failure: { details: { compensated: 'inner/second/~, first/~' } } });
  });

  it('a choice takes the first case that holds; a loop ends by its condition or by its bound', async () => {
    expect((await world.play('chooses', input({ n: 11 }))).output).toBe('large');
    expect((await world.play('chooses', input({ n: 3 }))).output).toBe('small');
    expect((await world.play('chooses')).output).toBe('none');
    expect((await world.play('loops')).output).toBe(true);
    expect((await world.play('loops_out')).events.at(-1)).toMatchObject({ failure: { code: 'loop_exhausted' } });
  });

  it('[I13] a hundred branches on a budget for ten calls make ten calls, never an eleventh', async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const { events, output } = await world.play('hundred', { input: { items }, budget: { tool_calls: 10 } });
    expect(world.reached).toHaveLength(10);
    expect(output).toHaveLength(10);
    const spent = events.filter((event) => event.type === 'branch_ended' && event.failure?.code === 'budget_exhausted');
    expect(spent).toHaveLength(90);
  });
});
