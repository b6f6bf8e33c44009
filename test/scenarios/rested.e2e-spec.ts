import { openGroupCommit } from '@writ/database';
import { type Engine, LocalWakeUp, openEngine, type RunEvent, type WakeUp } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { type Json, type RunId, systemClock } from '@writ/kernel';
import { type PolicyBundle, releaseStop, setStop } from '@writ/policy';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScenario, type Scenario } from '../support/scenario';
import { until } from '../support/until';

const accountable = { owner: 'tests', purpose: 'shows how runs go on from their rest' };
/** Nobody looks by himself: what is led here was rung for. */
const RUNG_ONLY = { concurrency: 32, heartbeatMs: 500, sweepMs: 3_600_000, mailMs: 50 };

const policy: PolicyBundle = {
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, user:*, {tenant}, run:*, run.signal, , allow',
    'p, user:*, {tenant}, tool:pay, tool.invoke, , allow',
    'p, user:*, {tenant}, tool:asked, tool.invoke, , allow, ask, asked-pay',
  ].join('\n'),
  conditions: {},
  obligations: { ask: { type: 'require_approval', values: { count: 1, roles: ['payments'] } } as never },
  attributes: {},
  limits: { handoff_depth: 10 },
};

const tool = (name: string): object => ({
  kind: 'tool',
  name,
  effect: 'irreversible',
  endpoint: { type: 'function', function: name },
});
const pay = (amount: Json): object => ({ type: 'tool', tool: 'pay', args: { amount } });
const go = { type: 'wait', signal: 'go' };
const said = (id: string): Json => ({ $from: `/steps/${id}/output` });
const inTurn = (...steps: (readonly [id: string, node: object])[]): object => ({
  type: 'sequence',
  steps: steps.map(([id, node]) => ({ id, node })),
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });

const documents: readonly object[] = [
  tool('pay'),
  tool('asked'),
  workflow('once', inTurn(['rest', go], ['pay', pay(said('rest'))])),
  workflow('twice', inTurn(['one', go], ['first', pay(said('one'))], ['two', go], ['second', pay(said('two'))])),
  workflow('both', inTurn(['one', go], ['two', go], ['pay', pay(said('two'))])),
  workflow('timed', inTurn(['rest', { type: 'wait', timeout_ms: 1_500 }], ['pay', pay(1)])),
  workflow('asks', inTurn(['rest', go], ['asked', { type: 'tool', tool: 'asked', args: {} }])),
  workflow('ends', go),
];

describe('a run that is rung for after it came to rest', () => {
  let scenario: Scenario;
  const bell = new LocalWakeUp();
  const paid: string[] = [];
  const others: (() => Promise<void>)[] = [];

  const doors = (open: Parameters<Parameters<typeof openEngine>[0]['doors']>[0]) => ({
    models: { complete: () => Promise.reject(new Error('nobody speaks here')) },
    tools: functionTransport({
      open,
      functions: {
        pay: (args, { idempotencyKey }) => {
          paid.push(`${idempotencyKey} ${JSON.stringify(args['amount'])}`);
          return { paid: true };
        },
        asked: () => ({ done: true }),
      },
    }),
  });

  beforeAll(async () => {
    scenario = await openScenario({ documents, policy, doors, wakeUp: bell, options: RUNG_ONLY });
  });
  beforeEach(() => void paid.splice(0));
  afterEach(async () => {
    await Promise.all(others.splice(0).map((close) => close()));
  });
  afterAll(() => scenario.close());

  /** As another process: what it commits and hears is its own, unless it is given the bell. */
  const another = async (given: { readonly wakeUp?: WakeUp } = {}): Promise<Engine> => {
    const config = { url: scenario.ownerUrl, role: 'writer', allowUnsafeDurability: true } as const;
    const writer = await openGroupCommit(config, { clock: systemClock });
    const { db } = scenario;
    const engine = openEngine({ db, writer, doors, options: RUNG_ONLY, wakeUp: new LocalWakeUp(), ...given });
    await engine.start();
    others.push(async () => {
      await engine.close(5_000);
      await writer.close();
    });
    return engine;
  };

  const start = async (name: string, deadlineMs?: number): Promise<RunId> => {
    const { tenant, caller, engine } = scenario;
    const input = { tenant, caller, workflow: name, input: {}, ...(deadlineMs && { deadlineMs }) };
    const started = await engine.commands.start(input);
    if (!started.ok) throw new Error(started.failure.message);
    await rests(started.value.run);
    return started.value.run;
  };
  const signal = async (run: RunId, payload: Json, by: Engine = scenario.engine): Promise<void> => {
    const { tenant, caller } = scenario;
    const told = await by.commands.signal({ tenant, caller, run, name: 'go', payload });
    if (!told.ok) throw new Error(told.failure.message);
  };
  interface Row {
    readonly status: RunStatus;
    readonly lease_owner: string | null;
    readonly lease_epoch: string;
    readonly next_seq: number;
  }
  const row = async (run: RunId): Promise<Row> => {
    const { rows } = await scenario.outsider.query<Row>(
      'select status, lease_owner, lease_epoch, next_seq from writ.run where id = $1',
      [run],
    );
    return rows[0]!;
  };
  /** Nobody leads it, here or anywhere. */
  const rests = (run: RunId, from = 0): Promise<void> =>
    until(`run ${run} to rest`, async () => {
      const { lease_owner: owner, next_seq: next } = await row(run);
      return owner === null && next > from && scenario.engine.worker!.leading === 0;
    });
  const over = async (run: RunId): Promise<{ readonly status: RunStatus; readonly events: readonly RunEvent[] }> => {
    await until(`run ${run} to be over`, async () => isFinal((await row(run)).status));
    return checkRun(scenario.outsider, run);
  };
  /** A lease that was claimed has the time for its epoch; one that a unit took, one more than the one before. */
  const wasClaimed = async (run: RunId): Promise<boolean> => Number((await row(run)).lease_epoch) > 1e12;

  it('is led on from there, and its first unit takes the lease: nothing is claimed', async () => {
    const run = await start('twice');
    const { next_seq: first } = await row(run);
    await signal(run, 'a');
    await rests(run, first);
    expect(await row(run)).toMatchObject({ status: 'waiting_external', lease_epoch: '2' });
    await signal(run, 'b');
    expect((await over(run)).status).toBe('succeeded');
    expect(await row(run)).toMatchObject({ lease_epoch: '3' });
    expect(paid).toEqual([`${run}.1 "a"`, `${run}.2 "b"`]);
  });

  it('may come to rest again with that unit, and have a deadline', async () => {
    const run = await start('both', 60_000);
    const { next_seq: first } = await row(run);
    await signal(run, 'a');
    await rests(run, first);
    expect(await row(run)).toMatchObject({ status: 'waiting_external', lease_epoch: '2' });
    await signal(run, 'b');
    expect((await over(run)).status).toBe('succeeded');
    expect(paid).toEqual([`${run}.1 "b"`]);
    expect(await wasClaimed(run)).toBe(false);
  });

  it('is led on when its time has come', async () => {
    const run = await start('timed');
    const { tenant } = scenario;
    await until('its time', async () => {
      await scenario.engine.worker!.ring(tenant, run);
      return isFinal((await row(run)).status);
    });
    expect((await over(run)).status).toBe('succeeded');
    expect(paid).toEqual([`${run}.1 1`]);
  });

  it('is claimed where there is more to do than to commit: it ends, or people are asked', async () => {
    const ends = await start('ends');
    await signal(ends, null);
    expect((await over(ends)).status).toBe('succeeded');
    expect(await wasClaimed(ends)).toBe(true);
    const asks = await start('asks');
    const { next_seq: first } = await row(asks);
    await signal(asks, null);
    await rests(asks, first);
    expect((await row(asks)).status).toBe('waiting_approval');
    expect(await wasClaimed(asks)).toBe(true);
  });

  it('[I12] by a bell that two processes hear, is led by one of them, and what it does is done once', async () => {
    // Its own end is not the end of the bell.
    const shared = { ring: bell.ring.bind(bell), listen: bell.listen.bind(bell), close: () => Promise.resolve() };
    await another({ wakeUp: shared });
    const runs = new Map<RunId, number>();
    for (let i = 0; i < 30; i++) {
      const run = await start('twice');
      runs.set(run, (await row(run)).next_seq);
    }
    await Promise.all([...runs].map(([run]) => signal(run, 'a')));
    for (const [run, first] of runs) await rests(run, first);
    await Promise.all([...runs].map(([run]) => signal(run, 'b')));
    for (const [run] of runs) expect((await over(run)).status).toBe('succeeded');
    expect(paid.toSorted()).toEqual([...runs].flatMap(([run]) => [`${run}.1 "a"`, `${run}.2 "b"`]).toSorted());
  });

  it('[I3] was led elsewhere meanwhile: what is known of it here is of no use, and it goes on from where it is', async () => {
    const other = await another();
    const run = await start('twice');
    const { next_seq: first } = await row(run);
    await signal(run, 'a', other);
    await rests(run, first);
    const { next_seq: second, lease_epoch: theirs } = await row(run);
    expect(paid).toEqual([`${run}.1 "a"`]);
    await signal(run, 'b');
    expect((await over(run)).status).toBe('succeeded');
    expect(paid).toEqual([`${run}.1 "a"`, `${run}.2 "b"`]);
    expect(second).toBeGreaterThan(first);
    expect(Number((await row(run)).lease_epoch)).toBeGreaterThan(Number(theirs) + 1);
  });

  it('[I1] asks nobody and does nothing by what was true before others led it', async () => {
    const other = await another();
    const run = await start('asks');
    const { next_seq: first } = await row(run);
    await signal(run, null, other);
    await rests(run, first);
    const { next_seq: second } = await row(run);
    await signal(run, null);
    await rests(run, second);
    const { rows } = await scenario.outsider.query('select id from writ.approval where run = $1', [run]);
    expect(rows).toHaveLength(1);
    const { events } = await checkRun(scenario.outsider, run);
    expect(events.filter(({ type }) => type === 'step_asked')).toHaveLength(1);
  });

  it('reads mail that came from elsewhere before the ring, each letter once and in its order', async () => {
    const taking = await scenario.elsewhere();
    for (let i = 0; i < 5; i++) {
      const run = await start('twice');
      await signal(run, 'first', taking);
      await signal(run, 'second');
      const { status, events } = await over(run);
      expect(status).toBe('succeeded');
      const heard = events.flatMap((event) => (event.type === 'signal_received' ? [event.payload] : []));
      expect(heard).toEqual(['first', 'second']);
      expect(await wasClaimed(run)).toBe(true);
    }
  });

  it('[I7] does nothing under a stop that was set while it rested, and goes on once it is released', async () => {
    const { db, tenant, engine } = scenario;
    const run = await start('once');
    const { next_seq: first } = await row(run);
    const set = { tenant, scope: 'tool', target: 'pay', reason: 'drill', author: 'user:boss' } as const;
    const stop = await db.withTenant(tenant, (tx) => setStop(tx, set));
    if (!stop.ok) throw new Error(stop.failure.message);
    // This process may not have heard of it yet: then the commit does.
    await signal(run, 1);
    await rests(run, first);
    expect((await row(run)).status).toBe('paused');
    expect(paid).toEqual([]);
    const release = { tenant, id: stop.value.stop.id, reason: 'over' };
    for (const author of ['user:first', 'user:second']) {
      await db.withTenant(tenant, (tx) => releaseStop(tx, { ...release, author }));
    }
    await engine.authority.refresh(tenant);
    await until('it to be over', async () => {
      await engine.worker!.ring(tenant, run);
      return isFinal((await row(run)).status);
    });
    expect((await over(run)).status).toBe('succeeded');
    expect(paid).toEqual([`${run}.1 1`]);
  });
});
