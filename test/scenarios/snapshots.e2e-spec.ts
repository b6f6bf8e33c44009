import { digestOf, type RunId } from '@writ/kernel';
import { until } from '../support/until';
import { type BranchWorld, from, input, openBranchWorld, tool } from './branch-world';

const EVERY = 40;

const long = {
  type: 'sequence',
  steps: [
    { id: 'first', node: tool('echo', { say: 'hello' }) },
    {
      id: 'many',
      node: { type: 'loop', node: tool('echo', { say: from('/loop/index') }), max: 60, exhausted: 'last' },
    },
    { id: 'stop', node: { type: 'wait', signal: 'go' } },
    { id: 'last', node: tool('echo', { say: from('/steps/first/output') }) },
  ],
};
const wide = {
  type: 'sequence',
  steps: [
    {
      id: 'wide',
      node: {
        type: 'map',
        over: from('/input/items'),
        node: { type: 'sequence', steps: ['a', 'b'].map((id) => ({ id, node: tool('echo', { say: from('/item') }) })) },
        merge: { policy: 'all' },
        concurrency: 5,
      },
    },
    { id: 'stop', node: { type: 'wait', signal: 'go' } },
    { id: 'last', node: tool('echo', { say: from('/steps/wide/output') }) },
  ],
};

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({ long, wide, short: tool('echo', { say: 'hi' }) }, { snapshotEvery: EVERY });
});
afterAll(() => world.close());

interface Row {
  readonly seq: number;
  readonly fold: number;
  readonly digest: string;
  readonly body: string;
}

async function snapshotOf(run: RunId): Promise<Row | undefined> {
  const { rows } = await world.scenario.outsider.query<Row>(`select * from writ.run_snapshot where run = $1`, [run]);
  return rows[0];
}

/** From elsewhere: whoever led the run here still knows how it stands, and would not look at what is kept of it. */
async function signal(run: RunId): Promise<void> {
  const { tenant, caller } = world.scenario;
  const { commands } = await world.scenario.elsewhere();
  await commands.signal({ tenant, run, caller, name: 'go', payload: null });
}

/** A run that has gone a long way and waits, and how often its tools were reached until then. */
async function waiting(workflow: string, given = {}): Promise<{ run: RunId; reached: number }> {
  const before = world.reached.length;
  const run = await world.start(workflow, input(given));
  await world.stands(run, 'waiting_external');
  // It is written behind the commit that lets the run rest.
  await until('a snapshot near its last event', async () => {
    const { rows } = await world.scenario.outsider.query(
      `select from writ.run r join writ.run_snapshot s on s.run = r.id where r.id = $1 and r.next_seq - s.seq < $2`,
      [run, EVERY],
    );
    return rows.length === 1;
  });
  return { run, reached: world.reached.length - before };
}

const change = (run: RunId, set: string) =>
  world.scenario.outsider.query(`update writ.run_snapshot set ${set} where run = $1`, [run]);

describe('a long run', () => {
  it('that has come to rest has a snapshot near its last event, and none when it is over', async () => {
    const { run } = await waiting('long');
    await signal(run);
    expect(await world.stands(run)).toMatchObject({ status: 'succeeded', output: 'hello' });
    await until('the snapshot to be dropped', async () => (await snapshotOf(run)) === undefined);
  });

  it('is led on from its snapshot: its journal before that is not looked at', async () => {
    const { run, reached } = await waiting('long');
    expect(reached).toBe(61);
    const kept = await snapshotOf(run);
    // What the snapshot says of the past is what the run goes by.
    const body = kept!.body.replace('"output":"hello"', '"output":"from the snapshot"');
    expect(body).not.toBe(kept!.body);
    const digest = digestOf(`${run} ${kept!.seq}\n${body}`);
    await world.scenario.outsider.query(`update writ.run_snapshot set body = $2, digest = $3 where run = $1`, [
      run,
      body,
      digest,
    ]);
    const before = world.reached.length;
    await signal(run);
    const { output, status } = await world.stands(run);
    expect([status, output]).toEqual(['succeeded', 'from the snapshot']);
    expect(world.reached.length - before).toBe(1);
  });

  it('[I4] with branches goes on from its snapshot and repeats nothing', async () => {
    const items = Array.from({ length: 20 }, (_, i) => `item ${i}`);
    const { run, reached } = await waiting('wide', { items });
    expect(reached).toBe(40);
    expect(await snapshotOf(run)).toBeDefined();
    const before = world.reached.length;
    await signal(run);
    const { output } = await world.stands(run);
    expect((output as { output: string }[]).map((one) => one.output)).toEqual(items);
    expect(world.reached.length - before).toBe(1);
  });

  it.each([
    ['hashes to something else', `body = replace(body, '"output":"hello"', '"output":"changed"')`],
    ['was folded by other rules', `fold = fold + 1`],
    ['is no state at all', `body = '{', digest = ''`],
    ['says that it is of another place', `seq = seq - 1`],
  ])('[I8] whose snapshot %s is led on by its journal', async (_what, set) => {
    const { run } = await waiting('long');
    await change(run, set);
    const before = world.reached.length;
    await signal(run);
    expect(await world.stands(run)).toMatchObject({ status: 'succeeded', output: 'hello' });
    expect(world.reached.length - before).toBe(1);
  });
});

it('a short run never has a snapshot', async () => {
  await world.play('short');
  const { rows } = await world.scenario.outsider.query(
    `select 1 from writ.run_snapshot s join writ.run r on r.id = s.run where r.workflow = 'short'`,
  );
  expect(rows).toEqual([]);
});
