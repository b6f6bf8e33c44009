import type { RunEvent } from '@writ/engine';
import { StopReports } from '@writ/engine';
import type { Json, RunId } from '@writ/kernel';
import { releaseStop, setStop } from '@writ/policy';
import { until } from '../support/until';
import { type BranchWorld, from, openBranchWorld, tool } from './branch-world';

const steps = (...list: (readonly [id: string, node: object, more?: object])[]): object => ({
  type: 'sequence',
  steps: list.map(([id, node, more]) => ({ id, node, ...more })),
});
const wait = { type: 'wait', signal: 'go' };
const refund = (id: string): object => ({ tool: 'refund', args: { receipt: from(`/steps/${id}/output/receipt`) } });

/** A payment that takes as long as it is told to, and hears when it is given up. */
const hanging = {
  document: { effect: 'irreversible', timeout_ms: 6_000 },
  work: (args: { readonly [name: string]: unknown }, { signal }: { readonly signal: AbortSignal }): Promise<Json> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve({ receipt: 'late' }), Number(args['ms']));
      signal.addEventListener('abort', () => (clearTimeout(timer), reject(new Error('given up'))));
    }),
};
const book = {
  document: {
    effect: 'compensable',
    input: { type: 'object', properties: { seat: { type: 'integer' } } },
    output: { type: 'object', properties: { ticket: { type: 'string' } }, required: ['ticket'] },
    compensate: { tool: 'unbook', args: { ticket: from('/output/ticket'), seat: from('/args/seat') } },
  },
  work: (args: { readonly [name: string]: unknown }): Json => ({ ticket: `t${String(args['seat'])}` }),
};
const plain = { document: { effect: 'compensable' }, work: (args: object): Json => ({ ...args }) };
const fickle = {
  document: {
    effect: 'read',
    output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  },
  work: (args: { readonly [name: string]: Json }): Json => args['says'] ?? null,
};

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld(
    {
      hangs: steps(
        ['one', tool('pay', { amount: 1 }), { compensate: refund('one') }],
        ['two', tool('hanging', { ms: 15_000 }), { compensate: refund('two') }],
        ['three', tool('echo', { say: 'never' })],
      ),
      brief: steps(['only', tool('hanging', { ms: 400 }), { compensate: refund('only') }], ['hold', wait]),
      trip: steps(['there', tool('book', { seat: 1 })], ['back', tool('book', { seat: 2 })], ['hold', wait]),
      mishap: steps(['seat', tool('book', { seat: 3 })], ['fails', tool('fails'), { on_error: 'compensate' }]),
      fits: steps(
        ['read', tool('fickle', { says: { n: 1 } })],
        ['say', tool('echo', { say: from('/steps/read/output/n') })],
      ),
      unfit: steps(
        ['read', tool('fickle', { says: { secret: 'x' } })],
        ['say', tool('echo', { say: from('/steps/read/output') })],
      ),
      forgiven: steps(
        ['read', tool('fickle', { says: 'text' }), { on_error: 'skip' }],
        ['say', tool('echo', { say: 'went on' })],
      ),
    },
    { tools: { hanging, book, unbook: plain, fickle }, patienceMs: 700 },
  );
  await world.scenario.activate({
    rules: [
      'p, user:*, {tenant}, workflow:*, run.start, , allow',
      'p, user:*, {tenant}, run:*, run.cancel, , allow',
      'p, user:*, {tenant}, run:*, run.reconcile, , allow',
      'p, user:*, {tenant}, tool:*, tool.invoke, , allow',
    ].join('\n'),
    conditions: {},
    obligations: {},
    attributes: {},
    limits: { handoff_depth: 10 },
  });
});
afterAll(() => world?.close());
beforeEach(() => void (world.reached.length = 0));

const about = (run: RunId) => ({ tenant: world.scenario.tenant, run, caller: world.scenario.caller });
const cancel = (run: RunId) => world.scenario.engine.commands.cancel({ ...about(run), reason: 'not needed' });
const lastOf = (events: readonly RunEvent[]): RunEvent => events.at(-1)!;
const reaches = (call: string): Promise<void> =>
  until(`${call} to be under way`, () => world.reached.some((one) => one.startsWith(call)));

describe('a cancel', () => {
  it('lets a call finish that must not be repeated, for a while, and undoes what it really gave', async () => {
    const run = await world.start('brief');
    await reaches('hanging');
    await cancel(run);
    const { events } = await world.stands(run);
    expect(events.map(({ type }) => type)).not.toContain('step_unknown');
    expect(lastOf(events)).toMatchObject({ type: 'run_cancelled', undone: ['only/~'] });
    expect(world.reached).toContain('refund {"receipt":"late"}');
  });

  it('[I5] gives the call up after that while: nobody knows its outcome, a person says, and it is undone accordingly', async () => {
    const run = await world.start('hangs');
    await reaches('hanging');
    await cancel(run);
    const held = await world.stands(run, 'waiting_reconciliation');
    expect(world.reached.filter((call) => call.startsWith('refund'))).toEqual([]);
    const unknown = held.events.find((event) => event.type === 'step_unknown');
    // Let go by us, before its own time limit.
    expect(unknown).toMatchObject({ reason: 'call_cancelled' });
    const { step } = unknown as { step: number };
    const word = {
      ...about(run),
      step,
      verdict: 'happened',
      result: { receipt: 'found' },
      note: 'it is in the books',
    } as const;
    // Until its permit and its time limit have run out, the call may still be under way.
    await until('what became of it to be told', async () => (await world.scenario.engine.commands.reconcile(word)).ok);
    const { events } = await world.stands(run);
    expect(world.reached.slice(2)).toEqual(['refund {"receipt":"found"}', 'refund {"receipt":"r1"}']);
    expect(lastOf(events)).toMatchObject({ type: 'run_cancelled', undone: ['two/~', 'one/~'] });
  });

  it('undoes by what a tool says of itself, from the call’s arguments and its answer', async () => {
    const run = await world.start('trip');
    await world.stands(run, 'waiting_external');
    await cancel(run);
    const { events } = await world.stands(run);
    expect(world.reached.slice(2)).toEqual(['unbook {"seat":2,"ticket":"t2"}', 'unbook {"seat":1,"ticket":"t1"}']);
    expect(lastOf(events)).toMatchObject({ undone: ['back/~', 'there/~'] });
  });
});

describe('a run that is ended from outside', () => {
  it('by a stop undoes nothing, and lists the calls that would, from what it really has', async () => {
    const { tenant, db } = world.scenario;
    const run = await world.start('trip');
    await world.stands(run, 'waiting_external');
    const set = {
      tenant,
      scope: 'run',
      target: run,
      mode: 'terminate',
      reason: 'enough',
      author: 'user:boss',
    } as const;
    const stop = await db.withTenant(tenant, (tx) => setStop(tx, set));
    if (!stop.ok) throw new Error(stop.failure.message);
    const { status, events } = await world.stands(run);
    expect(status).toBe('stopped');
    expect(lastOf(events)).toMatchObject({
      to_undo: [
        { path: 'back/~', tool: 'unbook', args: { seat: 2, ticket: 't2' } },
        { path: 'there/~', tool: 'unbook', args: { seat: 1, ticket: 't1' } },
      ],
    });
    expect(world.reached).toHaveLength(2);
    const report = await new StopReports(db).report(tenant, stop.value.stop.id);
    expect(report?.ended).toMatchObject([{ run, toUndo: [{ path: 'back/~', tool: 'unbook' }, { path: 'there/~' }] }]);
    const release = { tenant, id: stop.value.stop.id, reason: 'over' };
    for (const author of ['user:first', 'user:second']) {
      await db.withTenant(tenant, (tx) => releaseStop(tx, { ...release, author }));
    }
    await world.scenario.engine.authority.refresh(tenant);
    await undoes(run, ['unbook {"seat":2,"ticket":"t2"}', 'unbook {"seat":1,"ticket":"t1"}']);
  });

  it('by its deadline lists them too', async () => {
    const run = await world.start('trip', { deadlineMs: 3_500 });
    const { status, events } = await world.stands(run);
    expect([status, world.reached.length]).toEqual(['timed_out', 2]);
    expect(lastOf(events)).toMatchObject({ to_undo: [{ path: 'back/~' }, { path: 'there/~' }] });
    await undoes(run, ['unbook {"seat":2,"ticket":"t2"}', 'unbook {"seat":1,"ticket":"t1"}']);
  });
});

/** [I12] Ten people want it undone: one of them is heard. */
async function undoes(run: RunId, calls: readonly string[]): Promise<void> {
  world.reached.length = 0;
  const { commands } = world.scenario.engine;
  const wishes = await Promise.all(
    Array.from({ length: 10 }, () => commands.undo({ ...about(run), reason: 'made good' })),
  );
  expect(wishes.filter(({ ok }) => ok)).toHaveLength(1);
  const { status, events } = await world.stands(run);
  expect([status, world.reached]).toEqual(['cancelled', calls]);
  expect(lastOf(events)).toMatchObject({ type: 'run_cancelled', reason: 'made good', undone: ['back/~', 'there/~'] });
  expect(await commands.undo({ ...about(run), reason: 'again' })).toMatchObject({
    failure: { code: 'state_conflict' },
  });
}

describe('what a tool says of itself', () => {
  it('undoes its call where a step fails whose rule says so', async () => {
    const { status, events } = await world.play('mishap');
    expect(status).toBe('failed');
    expect(world.reached.at(-1)).toBe('unbook {"seat":3,"ticket":"t3"}');
    expect(lastOf(events)).toMatchObject({ failure: { details: { compensated: 'seat/~' } } });
  });

  it('holds for what it answers: what does not fit is an error of its step, and is passed on to nobody', async () => {
    expect(await world.play('fits')).toMatchObject({ status: 'succeeded', output: 1 });
    const { status, events } = await world.play('unfit');
    expect(status).toBe('failed');
    expect(lastOf(events)).toMatchObject({ failure: { code: 'tool_output_invalid', class: 'permanent' } });
    expect(world.reached.filter((call) => call.startsWith('echo'))).toHaveLength(1);
    expect(events.find((event) => event.type === 'step_settled')).toMatchObject({ outcome: 'error', landed: 'yes' });
    expect(await world.play('forgiven')).toMatchObject({ status: 'succeeded', output: 'went on' });
  });
});
