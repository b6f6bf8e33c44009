import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults, RunEvent } from '@writ/engine';
import type { DelegationId, RunId } from '@writ/kernel';
import { type PolicyBundle, revokeDelegation } from '@writ/policy';
import { checkRun } from '../support/check-run';
import { openScriptedScenario, SCRIPTED, type ScriptedScenario } from '../support/scripted-scenario';
import { seeded } from '../support/seeded';
import { until } from '../support/until';

const TREES = process.env['WRIT_SOAK'] === '1' ? 60 : 6;
const SIZE = 12;
const DEEPEST = 6;

const accountable = { owner: 'tests', purpose: 'gives work away' };
const agent = (name: string, more: object = {}): object => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'scripted',
  instructions: `You are ${name}.`,
  ...more,
});
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });
const nameOf = (i: number): string => `n${i}`;
const tool = (name: string): object => ({
  kind: 'tool',
  name,
  effect: 'read',
  input: { type: 'object', properties: { where: { type: 'string' } } },
  endpoint: { type: 'function', function: name },
});

const documents: readonly object[] = [
  { kind: 'model', name: 'scripted', ...SCRIPTED },
  tool('work'),
  tool('look'),
  // Everybody may ask everybody after them: which of it a run does, its script says.
  ...Array.from({ length: SIZE }, (_, i) =>
    agent(nameOf(i), {
      tools: ['work'],
      consults: Array.from({ length: SIZE - 1 - i }, (_, j) => nameOf(i + 1 + j)),
    }),
  ),
  workflow('tree', { type: 'agent', agent: nameOf(0) }),
  agent('first', { tools: ['work'], handoffs: ['second'], gives: { second: { depth: 1, uses: 2 } } }),
  agent('second', { tools: ['work'], handoffs: ['third'] }),
  agent('third', { tools: ['work'], handoffs: ['fourth'] }),
  agent('fourth'),
  workflow('relay', { type: 'swarm', agents: ['first', 'second', 'third', 'fourth'], entry: 'first' }),
  agent('giver', {
    consults: ['taker', 'late'],
    gives: {
      taker: { tools: [{ tool: 'look', only: { '/where': ['attic'] } }], uses: 2 },
      '*': { lasts_ms: 1 },
    },
  }),
  agent('taker', { tools: ['look', 'work'] }),
  agent('late', { tools: ['look'] }),
  tool('pay'),
  agent('sender', { consults: ['payer'] }),
  agent('payer', { tools: ['pay'] }),
  workflow('pays', { type: 'agent', agent: 'sender' }),
  workflow('bounded', { type: 'agent', agent: 'giver' }),
];

const policy: PolicyBundle = {
  rules: [
    'p, user:*, {tenant}, workflow:*, run.start, , allow',
    'p, *, {tenant}, model:*, model.invoke, , allow',
    'p, *, {tenant}, tool:*, tool.invoke, , allow',
    'p, agent:*, {tenant}, tool:pay, tool.invoke, , allow, ask',
    'p, user:*, {tenant}, agent:*, delegate, , allow',
    'p, user:*, {tenant}, agent:*, handoff, , allow',
    'p2, *, *, {tenant}, *, attenuate, , allow',
  ].join('\n'),
  conditions: {},
  obligations: { ask: { type: 'require_approval', values: { count: 1, roles: ['boss'] } } },
  attributes: {},
  limits: { handoff_depth: 10 },
};

const call = (name: string, args: object = {}): object => ({ name, arguments: args });

/** A place where calls wait for the test. */
class Gate {
  #open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));
  readonly waiting: string[] = [];
  async pass(who: string): Promise<void> {
    this.waiting.push(who);
    await this.passed;
  }
  open(): void {
    this.#open();
  }
}

interface Tree {
  /** Parent of each agent of the tree but the first. */
  readonly parents: readonly number[];
}

/** Agents that may work side by side below one: as many as are led at once, and fewer than that. */
const WIDEST = 6;

function randomTree(random: () => number): Tree {
  const parents: number[] = [];
  const depth = [0];
  const children = Array.from({ length: SIZE }, () => 0);
  for (let i = 1; i < SIZE; i++) {
    // Mostly below one of the last: trees as deep as they may be.
    const from = random() < 0.7 ? Math.max(0, i - 2) : 0;
    const wanted = from + Math.floor(random() * (i - from));
    const hasRoom = (at: number): boolean => depth[at]! < DEEPEST && children[at]! < WIDEST;
    const parent = hasRoom(wanted) ? wanted : depth.findIndex((_, at) => hasRoom(at));
    parents.push(parent);
    children[parent]! += 1;
    depth.push(depth[parent]! + 1);
  }
  return { parents };
}

const isUnder = ({ parents }: Tree, node: number, above: number): boolean => {
  for (let at = node; at > 0; at = parents[at - 1]!) if (at === above) return true;
  return node === above;
};

describe('delegations', () => {
  let scenario: ScriptedScenario;
  let gate = new Gate();
  const looked: string[] = [];
  let holding: Faults['at'] = () => undefined;

  beforeAll(async () => {
    scenario = await openScriptedScenario({
      documents,
      policy,
      faults: { at: (point, where) => holding(point, where) },
      functions: {
        work: async ({ where }) => {
          await gate.pass(String(where));
          return `worked at ${String(where)}`;
        },
        look: ({ where }) => (looked.push(String(where)), 'found it'),
      },
    });
  });
  afterAll(async () => {
    gate.open();
    await scenario.close();
  });

  async function start(name: string, agents: { readonly [agent: string]: readonly object[] }): Promise<RunId> {
    const id = `${name}-${Math.random().toString(36).slice(2, 8)}`;
    const own = Object.entries(agents).map(([one, turns]) => ({
      instructions: `You are ${one}.`,
      turns: JSON.parse(JSON.stringify(turns).replaceAll('THIS', `script:${id}`)) as never,
    }));
    scenario.model.play({ [id]: { agents: own, final: 'done' } });
    const { tenant, caller, engine } = scenario;
    const started = await engine.commands.start({
      tenant,
      caller,
      workflow: name,
      input: { message: `script:${id} please` },
    });
    if (!started.ok) throw new Error(started.failure.message);
    return started.value.run;
  }

  async function ended(run: RunId) {
    await until(`run ${run} to end`, async () => {
      const { rows } = await scenario.outsider.query<{ finished_at: Date | null }>(
        `select finished_at from writ.run where id = $1`,
        [run],
      );
      return rows[0]?.finished_at instanceof Date;
    });
    return checkRun(scenario.outsider, run);
  }

  const made = async (run: RunId) =>
    (await scenario.engine.queries.delegations(scenario.tenant, run, Date.now()))!.made;

  /** Takes one back; answers the first event of the run that can only have been committed after that. */
  const revoke = (run: RunId, delegation: DelegationId): Promise<number> =>
    scenario.db.withTenant(scenario.tenant, async (tx) => {
      const { tenant } = scenario;
      await revokeDelegation(tx, { tenant, run, delegation, reason: 'the test', author: 'user:op' });
      // Under the lock that the fence takes: what is committed by now is in this count, and nothing else is.
      const [row] = await tx.query<{ next_seq: number }>(
        `SELECT next_seq FROM writ.run WHERE tenant = $1 AND id = $2`,
        [tenant, run],
      );
      return Number(row!.next_seq);
    });

  const intentsAfter = (events: readonly RunEvent[], from: number, agents: ReadonlySet<string>) =>
    events.slice(from).filter((one) => one.type === 'step_intended' && one.agent !== null && agents.has(one.agent));

  test('[I3][I6] of random trees: one taken back anywhere, and nothing commits below it afterwards', async () => {
    const random = seeded('delegation trees');
    const seen = { below: 0, denied: 0 };
    for (let round = 0; round < TREES; round++) {
      gate = new Gate();
      const tree = randomTree(random);
      const nodes = Array.from({ length: SIZE }, (_, i) => i);
      const run = await start(
        'tree',
        Object.fromEntries(
          nodes.map((i) => [
            nameOf(i),
            [
              {
                calls: [
                  ...nodes
                    .filter((j) => tree.parents[j - 1] === i)
                    .map((j) => call(`ask_${nameOf(j)}`, { task: 'THIS' })),
                  ...(i === 0 ? [] : [call('work', { where: nameOf(i) })]),
                ],
              },
              { calls: [call('work', { where: `again-${nameOf(i)}` })] },
              { text: `${nameOf(i)} is done` },
            ],
          ]),
        ),
      );
      // Somewhere on the way: the tree stands as far as it has grown.
      const some = 1 + Math.floor(random() * (SIZE - 1));
      await until(`${some} agents at work`, () => gate.waiting.length >= some);
      const standing = await made(run);
      const one = standing[Math.floor(random() * standing.length)]!;
      const gone = Number(one.to.agent.slice(1));
      const from = await revoke(run, one.id);
      gate.open();
      const { events, status } = await ended(run);
      const below = new Set(nodes.filter((i) => isUnder(tree, i, gone)).map(nameOf));
      expect(intentsAfter(events, from, below)).toEqual([]);
      // What hangs from the root by other ways goes on.
      expect(status).toBe('succeeded');
      const denied = events.filter((event) => event.type === 'step_denied');
      for (const event of denied) {
        expect(event).toMatchObject({ decision: { reason: 'delegation_revoked', stage: 'delegation' } });
        expect(below.has(event.agent ?? '')).toBe(true);
      }
      const after = await made(run);
      expect(after.find(({ id }) => id === one.id)).toMatchObject({ state: 'revoked', revoked: { by: 'user:op' } });
      seen.below += below.size;
      seen.denied += denied.length;
    }
    expect(seen.denied).toBeGreaterThan(0);
  }, 300_000);

  test('[I3] a worker held up with what it decided before cannot commit it', async () => {
    gate = new Gate();
    gate.open();
    const held = new Gate();
    const run = await start('tree', {
      n0: [{ calls: [call('ask_n1', { task: 'THIS' })] }, { text: 'over' }],
      n1: [{ calls: [call('work', { where: 'late' })] }, { text: 'never said' }],
    });
    let step = 0;
    holding = (point, where) => {
      // The third act below is the tool call: the question, its model turn, and then this.
      if (point !== 'before_intent' || where.run !== run || where.step < 4 || step > 0) return undefined;
      step = where.step;
      return held.pass('decided');
    };
    await until('an act to be decided', () => held.waiting.length > 0);
    const [one] = await made(run);
    const from = await revoke(run, one!.id);
    held.open();
    const { events, status } = await ended(run);
    holding = () => undefined;
    expect([status, gate.waiting]).toEqual(['succeeded', []]);
    expect(intentsAfter(events, from, new Set(['n1']))).toEqual([]);
    expect(events.find((event) => event.type === 'step_denied')).toMatchObject({
      step,
      kind: 'tool',
      decision: { reason: 'delegation_revoked' },
    });
  });

  test('what people are asked about below it is refused, and they are asked no more', async () => {
    const run = await start('pays', {
      sender: [{ calls: [call('ask_payer', { task: 'THIS' })] }, { text: 'over' }],
      payer: [{ calls: [call('pay')] }, { text: 'never said' }],
    });
    const asked = async (): Promise<string | undefined> => {
      const { rows } = await scenario.outsider.query<{ status: string }>(
        `select status from writ.approval where run = $1`,
        [run],
      );
      return rows[0]?.status;
    };
    await until('people to be asked', async () => (await asked()) === 'pending');
    const [one] = await made(run);
    await revoke(run, one!.id);
    const { events, status } = await ended(run);
    expect(status).toBe('succeeded');
    expect(events.filter((event) => event.type === 'step_denied')).toMatchObject([
      { kind: 'tool', target: 'pay', decision: { reason: 'delegation_revoked' } },
      { kind: 'model', agent: 'payer', decision: { reason: 'delegation_revoked' } },
    ]);
    await until('the request to be withdrawn', async () => (await asked()) !== 'pending');
  });

  test('[I6] a handoff carries what was given along, also to whoever it is handed on to', async () => {
    gate = new Gate();
    gate.open();
    const handTo = (to: string) => ({ calls: [call(`handoff_to_${to}`, { reason: 'help', message: 'go on' })] });
    const run = await start('relay', {
      first: [handTo('second')],
      // Turns are counted over the whole conversation: the first of these were others'.
      second: [{ text: '' }, handTo('third')],
      third: [
        { text: '' },
        { text: '' },
        { calls: [call('work', { where: 'one' })] },
        handTo('fourth'),
        { calls: [call('work', { where: 'two' })] },
        { calls: [call('work', { where: 'three' })] },
      ],
    });
    const { events } = await ended(run);
    const denied = events.filter((event) => event.type === 'step_denied');
    expect(denied).toMatchObject([{ kind: 'handoff', target: 'fourth', decision: { reason: 'delegation_exceeded' } }]);
    expect(gate.waiting).toEqual(['one', 'two']);
    expect(events.at(-1)).toMatchObject({ type: 'run_failed', failure: { code: 'budget_exhausted' } });
    const [given, on] = await made(run);
    expect([given!.parent, on!.parent]).toEqual([null, given!.id]);
    expect(given).toMatchObject({ from: 'first', to: { agent: 'second' }, bounds: { depth: 1 }, used: 2 });
  });

  test('[I6] work is bounded to the tools it was given, to so many uses, and to its time', async () => {
    looked.length = 0;
    // The clock moves on between an act and the next, also on a machine that takes less than a millisecond.
    holding = () => sleep(2);
    const look = (where: string) => ({ calls: [call('look', { where })] });
    const run = await start('bounded', {
      giver: [
        { calls: [call('ask_taker', { task: 'THIS' })] },
        { calls: [call('ask_late', { task: 'THIS' })] },
        { text: 'enough' },
      ],
      taker: [look('vault'), { calls: [call('work', { where: 'shed' })] }, look('attic'), look('attic'), look('attic')],
      late: [look('attic')],
    });
    const { events, status } = await ended(run);
    holding = () => undefined;
    expect([status, looked]).toEqual(['succeeded', ['attic', 'attic']]);
    const denied = events.flatMap((event) =>
      event.type === 'step_denied' ? [[event.agent, event.target, event.decision.reason]] : [],
    );
    expect(denied).toEqual([
      ['taker', 'look', 'delegation_exceeded'],
      ['taker', 'work', 'delegation_exceeded'],
      ['late', 'scripted', 'delegation_expired'],
    ]);
    const came = events.flatMap((event) => (event.type === 'work_returned' ? [event.failure?.code ?? 'ok'] : []));
    expect(came).toEqual(['budget_exhausted', 'policy_denied']);
  });
});
