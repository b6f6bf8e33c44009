import type { RunEvent } from '@writ/engine';
import type { Json, RunId } from '@writ/kernel';
import { until } from '../support/until';
import { branchPolicy, type BranchWorld, from, input, openBranchWorld, tool } from './branch-world';

const sequence = (...steps: (readonly [id: string, node: object, more?: object])[]): object => ({
  type: 'sequence',
  steps: steps.map(([id, node, more]) => ({ id, node, ...more })),
});
const run = (workflow: string, more: object = {}): object => ({ type: 'run', workflow, ...more });
const fan = (branches: { readonly [key: string]: readonly [node: object, budget: object] }): object => ({
  type: 'fanout',
  branches: Object.entries(branches).map(([key, [node, budget]]) => ({ key, node, budget })),
  merge: { policy: 'best_effort', min: 0 },
});
/** A child run that waits, against something else. */
const race = (node: object): object => ({
  type: 'fanout',
  branches: [
    { key: 'other', node },
    { key: 'child', node: run('waits') },
  ],
  merge: { policy: 'first_success' },
});

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    leaf: tool('echo', { say: from('/input/say') }),
    middle: sequence(['below', run('leaf', { input: { say: from('/input/say') } })]),
    top: sequence(
      ['below', run('middle', { input: { say: from('/input/say') } })],
      ['after', tool('echo', { say: from('/steps/below/output') })],
    ),
    breaks: tool('fails'),
    forgives: sequence(['try', run('breaks'), { on_error: 'skip' }], ['after', tool('echo', { say: 'went on' })]),
    spends: sequence(...['a', 'b', 'c'].map((id) => [id, tool('echo', { say: id })] as const)),
    shares: sequence(
      ['first', run('spends', { budget: { tool_calls: 3 } })],
      ['second', run('spends', { budget: { tool_calls: 3 } })],
    ),
    waits: { type: 'wait', signal: 'go' },
    parent: sequence(['below', run('waits')]),
    lasting: sequence(['below', run('waits', { on_parent_cancel: 'leave' })]),
    race: race(tool('slow', { say: 'won', ms: 300 })),
    rush: race(tool('echo', { say: 'won' })),
    batch: {
      type: 'map',
      over: from('/input/items'),
      node: run('leaf', { input: { say: from('/item') }, budget: { tool_calls: 1 } }),
      merge: { policy: 'best_effort', min: 0 },
      concurrency: 4,
    },
    recursive: sequence(['again', run('recursive', { budget: { depth: 4 } })]),
    flat: fan({
      shallow: [run('middle', { input: { say: 'x' } }), { depth: 1 }],
      none: [run('leaf', { input: { say: 'x' } }), { depth: 0 }],
    }),
    costs: sequence(['first', run('leaf', { input: { say: 'a' } })], ['second', run('leaf', { input: { say: 'b' } })]),
    asks: sequence(['below', run('leaf', { input: { say: 'a' }, budget: { cost_micros: 90 } })]),
    branch_costs: fan({ tight: [run('asks'), { cost_micros: 50, handoffs: 2 }] }),
  });
});
afterAll(() => world.close());

const started = (events: readonly RunEvent[]): RunId[] =>
  events.flatMap((event) => (event.type === 'step_intended' && event.child ? [event.child.run] : []));
const budgetOf = ([first]: readonly RunEvent[]) => (first as Extract<RunEvent, { type: 'run_started' }>).budget;
const outcomeOf = (events: readonly RunEvent[]): RunEvent => events.at(-1)!;
const cancel = (of: RunId) =>
  world.scenario.engine.commands.cancel({
    tenant: world.scenario.tenant,
    run: of,
    caller: world.scenario.caller,
    reason: 'not needed',
  });
const signal = (of: RunId, payload: Json) =>
  world.scenario.engine.commands.signal({
    tenant: world.scenario.tenant,
    run: of,
    caller: world.scenario.caller,
    name: 'go',
    payload,
  });
/** The child a run has started, once it waits for it. */
async function childOf(parent: RunId): Promise<RunId> {
  const { events } = await world.stands(parent, 'waiting_external');
  const [child] = started(events);
  if (!child) throw new Error('it started no run');
  return child;
}

describe('a run that a run starts', () => {
  it('has its own lease and chain, works for the same person, and its output is its node’s', async () => {
    const top = await world.play('top', input({ say: 'hello' }));
    expect(top).toMatchObject({ status: 'succeeded', output: 'hello' });
    const [middle] = started(top.events);
    const below = await world.stands(middle!);
    const [leaf] = started(below.events);
    const lowest = await world.stands(leaf!);
    expect([below.status, lowest.status]).toEqual(['succeeded', 'succeeded']);
    const [first] = lowest.events;
    expect(first).toMatchObject({
      type: 'run_started',
      initiator: { id: 'user:caller' },
      parent: { run: middle, path: 'below', depth: 2 },
    });
    const root = (first as { parent: { root: RunId } }).parent.root;
    expect((await world.stands(root)).events).toEqual(top.events);
    const { queries } = world.scenario.engine;
    const { tenant } = world.scenario;
    expect(await queries.get(tenant, middle!)).toMatchObject({ parent: root, root, children: [leaf] });
    expect(await queries.get(tenant, leaf!)).toMatchObject({ parent: middle, root, children: [] });
  });

  it('is led where its parent is: the unit that makes it carries its first intent', async () => {
    const [child] = started((await world.play('middle', input({ say: 'hello' }))).events);
    const { rows } = await world.scenario.outsider.query<{ events: string }>(
      `select events from writ.journal where run = $1 and seq = 0`,
      [child],
    );
    expect(rows[0]!.events).toContain('"run_started"');
    expect(rows[0]!.events).toContain('"step_intended"');
  });

  it('that fails is a failed node, to which the rule of its step applies', async () => {
    const { output, events } = await world.play('forgives');
    expect(output).toBe('went on');
    expect(events.find((event) => event.type === 'node_failed')).toMatchObject({
      failure: { code: 'child_failed' },
      rule: 'skip',
    });
  });

  it('[I12] reports once, however its parent is led: its end and the letter are one transaction', async () => {
    const parent = await world.start('parent');
    const child = await childOf(parent);
    await signal(child, { n: 7 });
    const { events, output } = await world.stands(parent);
    expect(output).toEqual({ n: 7 });
    expect(events.filter((event) => event.type === 'child_ended')).toHaveLength(1);
    const { rows } = await world.scenario.outsider.query(
      `select 1 from writ.run_mail where kind = 'child' and sender = $1`,
      [child],
    );
    expect(rows).toHaveLength(1);
  });
});

describe('[I6] what a child may do', () => {
  it('is bounded by the mandate of its parent', async () => {
    const { status, events } = await world.play('top', { ...input({ say: 'x' }), mandate: { tools: [] } });
    expect(status).toBe('failed');
    const [middle] = started(events);
    const [leaf] = started((await world.stands(middle!)).events);
    const lowest = await world.stands(leaf!);
    expect(lowest.events.find((event) => event.type === 'step_denied')).toMatchObject({
      decision: { reason: 'mandate_exceeded' },
    });
  });

  it('is decided at its start, as a start of its workflow', async () => {
    await world.scenario.activate({
      ...branchPolicy,
      rules: `${branchPolicy.rules}\np, user:*, {tenant}, workflow:leaf, run.start, , deny`,
    });
    try {
      const { status, events } = await world.play('middle', input({ say: 'x' }));
      expect(status).toBe('denied');
      expect(events.find((event) => event.type === 'step_denied')).toMatchObject({ kind: 'run', target: 'leaf' });
    } finally {
      await world.scenario.activate(branchPolicy);
    }
  });

  it('[I13] never uses more than its parent has: what it is given is set aside, and what is left comes back', async () => {
    const { status, events } = await world.play('shares', { budget: { tool_calls: 6 } });
    expect(status).toBe('succeeded');
    expect(started(events)).toHaveLength(2);
    const short = await world.play('shares', { budget: { tool_calls: 5 } });
    expect(outcomeOf(short.events)).toMatchObject({ failure: { code: 'budget_exhausted' } });
    expect(started(short.events)).toHaveLength(1);
    const inner = await world.play('spends', { budget: { tool_calls: 2 } });
    expect(outcomeOf(inner.events)).toMatchObject({ failure: { code: 'budget_exhausted' } });
  });

  it('[I13] gets what is left of money, handoffs and time around it, and what it did not use is there again', async () => {
    const limits = { cost_micros: 100, handoffs: 3, wall_ms: 60_000 };
    const { status, events } = await world.play('costs', { budget: limits });
    expect(status).toBe('succeeded');
    const budgets = await Promise.all(
      started(events).map(async (child) => budgetOf((await world.stands(child)).events)),
    );
    expect(budgets).toMatchObject([
      { cost_micros: 100, handoffs: 3 },
      { cost_micros: 100, handoffs: 3 },
    ]);
    for (const { wall_ms: time } of budgets) expect(time).toBeLessThanOrEqual(60_000);
    expect(budgets[1]!.wall_ms!).toBeLessThan(budgets[0]!.wall_ms!);
  });

  it('[I13] is refused what a branch around it does not have, at whatever depth it asks', async () => {
    const { events } = await world.play('branch_costs');
    const [middle] = started(events);
    const below = await world.stands(middle!);
    expect(budgetOf(below.events)).toMatchObject({ cost_micros: 50, handoffs: 2 });
    expect(outcomeOf(below.events)).toMatchObject({ failure: { code: 'budget_exhausted' } });
    expect(started(below.events)).toEqual([]);
  });

  it('stands no deeper than each branch around it allows', async () => {
    const { events } = await world.play('flat');
    const failures = events.flatMap((event) =>
      event.type === 'node_failed' ? [[event.path, event.failure.code]] : [],
    );
    expect(failures).toEqual([['=none', 'depth_exceeded']]);
    const [middle] = started(events);
    const below = await world.stands(middle!);
    expect(budgetOf(below.events)).toMatchObject({ depth: 0 });
    expect(outcomeOf(below.events)).toMatchObject({ failure: { code: 'depth_exceeded' } });
  });

  it('ends no later than its parent', async () => {
    const parent = await world.start('parent', { deadlineMs: 3_500 });
    const child = await childOf(parent);
    const [mine] = (await world.stands(parent)).events;
    const [its] = (await world.stands(child)).events;
    expect((its as { deadline_at: number }).deadline_at).toBe((mine as { deadline_at: number }).deadline_at);
    expect((await world.stands(child)).status).toBe('timed_out');
  });

  it('has a bounded depth: a workflow that starts itself ends by name', async () => {
    const { status, events } = await world.play('recursive');
    expect(status).toBe('failed');
    expect(outcomeOf(events)).toMatchObject({ failure: { code: 'child_failed' } });
    const { rows } = await world.scenario.outsider.query(`select 1 from writ.run where workflow = 'recursive'`);
    // The first one, and below it those that the node allows: one, and four under that.
    expect(rows.length).toBe(6);
  });
});

describe('a cancel', () => {
  it('goes down the tree, and the parent ends when its children have', async () => {
    const parent = await world.start('parent');
    const child = await childOf(parent);
    await cancel(parent);
    const above = await world.stands(parent);
    expect(above.status).toBe('cancelled');
    expect(outcomeOf(above.events)).toEqual(expect.not.objectContaining({ left: expect.anything() as unknown }));
    const below = await world.stands(child);
    expect(outcomeOf(below.events)).toMatchObject({ type: 'run_cancelled', by: parent });
    const order = above.events.map(({ type }) => type);
    expect(order.indexOf('child_ended')).toBeGreaterThan(order.indexOf('child_told'));
    expect(order.indexOf('run_cancelled')).toBeGreaterThan(order.indexOf('child_ended'));
  });

  it('leaves a child that was meant to go on, and says so', async () => {
    const parent = await world.start('lasting');
    const child = await childOf(parent);
    await cancel(parent);
    expect(outcomeOf((await world.stands(parent)).events)).toMatchObject({ type: 'run_cancelled', left: [child] });
    await signal(child, null);
    expect((await world.stands(child)).status).toBe('succeeded');
  });

  // A machine may be so busy that the child of `race` never begins, or so idle that the one of `rush` does.
  it.each(['race', 'rush'])('reaches a child whose branch lost, where it had begun: %s', async (workflow) => {
    const { output, events } = await world.play(workflow);
    expect(output).toBe('won');
    const [child] = started(events);
    const never = events.some((event) => event.type === 'step_settled' && event.step === 2 && event.landed === 'no');
    expect(events.filter(({ type }) => type === 'child_told')).toHaveLength(never ? 0 : 1);
    if (!never) expect((await world.stands(child!)).status).toBe('cancelled');
    const { rows } = await world.scenario.outsider.query(`select 1 from writ.run where id = $1`, [child]);
    expect(rows).toHaveLength(never ? 0 : 1);
  });
});

describe('a batch', () => {
  it('is many runs under one budget, a few at a time, with a report of each', async () => {
    const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const { output, events } = await world.play('batch', { ...input({ items }), budget: { tool_calls: 20 } });
    expect((output as { output: Json }[]).map((one) => one.output)).toEqual(items);
    expect(started(events)).toHaveLength(items.length);
    await until('every child to be over', async () => {
      const { rows } = await world.scenario.outsider.query(
        `select 1 from writ.run r join writ.run_child c on c.child = r.id where c.parent = $1 and r.finished_at is null`,
        [started(events)[0] ? ((await parentOf(started(events)[0]!)) as string) : ''],
      );
      return rows.length === 0;
    });
  });
});

async function parentOf(child: RunId): Promise<RunId> {
  const { rows } = await world.scenario.outsider.query<{ parent: RunId }>(
    `select parent from writ.run_child where child = $1`,
    [child],
  );
  return rows[0]!.parent;
}
