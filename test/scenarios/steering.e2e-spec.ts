import { newId, type RunId } from '@writ/kernel';
import type { RunEvent } from '@writ/engine';
import { until } from '../support/until';
import { branchPolicy, type BranchWorld, from, openBranchWorld, tool } from './branch-world';

const steps = (...list: (readonly [id: string, node: object, more?: object])[]): object => ({
  type: 'sequence',
  steps: list.map(([id, node, more]) => ({ id, node, ...more })),
});
const refund = (id: string): object => ({ tool: 'refund', args: { receipt: from(`/steps/${id}/output/receipt`) } });
const wait = (more: object = {}): object => ({ type: 'wait', signal: 'go', ...more });

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    slow: steps(['a', tool('slow', { ms: 600, say: 'a' })], ['b', tool('echo', { say: 'b' })]),
    waits: wait(),
    timed: { type: 'wait', timeout_ms: 3_000 },
    orders: steps(
      ['mine', wait({ correlate: from('/input/order') })],
      ['say', tool('echo', { say: from('/steps/mine/output') })],
    ),
    pays: steps(
      ['one', tool('pay', { amount: 1 }), { compensate: refund('one') }],
      ['two', tool('pay', { amount: 2 }), { compensate: refund('two') }],
      ['hold', wait()],
    ),
    undone: steps(
      ['pay', tool('pay', { amount: 3 }), { compensate: refund('pay') }],
      ['fails', tool('fails'), { on_error: 'compensate' }],
    ),
  });
  const steer = ['pause', 'resume', 'redrive'].map((to) => `p, user:caller, {tenant}, run:*, run.${to}, , allow`);
  await world.scenario.activate({ ...branchPolicy, rules: [branchPolicy.rules, ...steer].join('\n') });
});
afterAll(() => world.close());

const about = (run: RunId) => ({
  tenant: world.scenario.tenant,
  run,
  caller: world.scenario.caller,
  reason: 'because',
});
const { commands } = { commands: () => world.scenario.engine.commands };
const types = (events: readonly RunEvent[]): string[] => events.map(({ type }) => type);

describe('a run that is held', () => {
  it('finishes the steps under way, begins none, and goes on when it is resumed', async () => {
    const run = await world.start('slow');
    await until('the step to be under way', () => world.reached.some((call) => call.startsWith('slow')));
    expect(await commands().pause(about(run))).toEqual({ ok: true, value: { accepted: true } });
    const held = await world.stands(run, 'paused');
    expect(types(held.events).filter((type) => type === 'step_settled')).toHaveLength(1);
    expect(await commands().pause(about(run))).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await world.stands(run, 'paused')).events).toHaveLength(held.events.length);
    expect(await commands().resume(about(run))).toMatchObject({ ok: true });
    expect(await world.stands(run)).toMatchObject({ status: 'succeeded', output: 'b' });
    expect(await commands().resume(about(run))).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
  });

  it('while it waited goes on waiting for the same thing until the same time', async () => {
    const run = await world.start('timed');
    const waits = (events: readonly RunEvent[]) =>
      events.flatMap((event) => (event.type === 'wait_started' && event.wait.for === 'signal' ? [event.wait] : []));
    const [waiting] = waits((await world.stands(run, 'waiting_external')).events);
    await commands().pause(about(run));
    await world.stands(run, 'paused');
    await until('its time to be over', () => Date.now() > waiting!.until! + 300);
    expect((await world.stands(run, 'paused')).status).toBe('paused');
    await commands().resume(about(run));
    const { events } = await world.stands(run);
    expect(waits(events)).toHaveLength(1);
  });

  it('still ends at its deadline, and by a cancel', async () => {
    const late = await world.start('waits', { deadlineMs: 3_500 });
    await world.stands(late, 'waiting_external');
    await commands().pause(about(late));
    expect((await world.stands(late)).status).toBe('timed_out');
    const run = await world.start('waits');
    await world.stands(run, 'waiting_external');
    await commands().pause(about(run));
    await world.stands(run, 'paused');
    await commands().cancel(about(run));
    expect((await world.stands(run)).status).toBe('cancelled');
  });

  it('is held by who may, and by nobody else', async () => {
    const run = await world.start('waits');
    const stranger = { ...world.scenario.caller, id: 'user:stranger' };
    for (const steer of ['pause', 'resume'] as const) {
      const refused = await commands()[steer]({ ...about(run), caller: stranger });
      expect(refused).toMatchObject({ ok: false, failure: { code: 'policy_denied' } });
    }
    await commands().cancel(about(run));
  });
});

describe('a signal', () => {
  it('counts for the wait that is about the same thing, and for no other', async () => {
    const run = await world.start('orders', { input: { order: 'W1' } });
    await world.stands(run, 'waiting_external');
    const signal = { ...about(run), name: 'go' };
    await commands().signal({ ...signal, payload: 'other', correlation: 'W2' });
    await commands().signal({ ...signal, payload: 'none' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await world.stands(run, 'waiting_external')).status).toBe('waiting_external');
    await commands().signal({ ...signal, payload: 'mine', correlation: 'W1' });
    expect(await world.stands(run)).toMatchObject({ output: 'mine' });
  });
});

describe('what a run that ends early undoes', () => {
  it('is what it did, last first, from what it really gave, each act decided', async () => {
    const run = await world.start('pays');
    await world.stands(run, 'waiting_external');
    world.reached.length = 0;
    await commands().cancel(about(run));
    const { events } = await world.stands(run);
    expect(world.reached).toEqual(['refund {"receipt":"r2"}', 'refund {"receipt":"r1"}']);
    expect(events.at(-1)).toMatchObject({ type: 'run_cancelled', undone: ['two/~', 'one/~'] });
    expect(events.filter((event) => event.type === 'step_intended' && event.target === 'refund')).toHaveLength(2);
  });

  it('is listed as not undone where the policy refuses it', async () => {
    const rules = `${branchPolicy.rules}\np, user:*, {tenant}, tool:refund, tool.invoke, , deny`;
    const run = await world.start('pays');
    await world.stands(run, 'waiting_external');
    await world.scenario.activate({ ...branchPolicy, rules });
    try {
      await commands().cancel(about(run));
      const { events } = await world.stands(run);
      expect(events.at(-1)).toMatchObject({ type: 'run_cancelled', not_undone: ['two/~', 'one/~'] });
    } finally {
      const steer = ['pause', 'resume', 'redrive'].map((to) => `p, user:caller, {tenant}, run:*, run.${to}, , allow`);
      await world.scenario.activate({ ...branchPolicy, rules: [branchPolicy.rules, ...steer].join('\n') });
    }
  });

  it('is undone as well when a step fails whose rule says so', async () => {
    world.reached.length = 0;
    const { status, events } = await world.play('undone');
    expect(status).toBe('failed');
    expect(world.reached).toContain('refund {"receipt":"r3"}');
    expect(events.at(-1)).toMatchObject({ failure: { details: { compensated: 'pay/~' } } });
  });
});

describe('a run in quarantine', () => {
  it('goes on behind its last step when somebody takes it out, once', async () => {
    const { outsider } = world.scenario;
    const run = await world.start('pays');
    await world.stands(run, 'waiting_external');
    // The database refuses what the run would write next, for as long as this stands.
    await outsider.query(
      `alter table writ.journal add constraint poison check (run <> '${run}' or events not like '%"poison"%') not valid`,
    );
    world.reached.length = 0;
    await commands().signal({ ...about(run), name: 'go', payload: 'poison' });
    await world.stands(run, 'quarantined');
    await outsider.query(`alter table writ.journal drop constraint poison`);
    const answers = await Promise.all(Array.from({ length: 5 }, () => commands().redrive(about(run))));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    const { events, status } = await world.stands(run);
    expect(status).toBe('succeeded');
    expect(types(events)).toEqual(expect.arrayContaining(['run_failed', 'run_redriven', 'run_finished']));
    expect(world.reached).toEqual([]);
    expect(await commands().redrive(about(newId('run')))).toMatchObject({ ok: false, failure: { code: 'not_found' } });
  });
});
