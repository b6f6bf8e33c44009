import fc from 'fast-check';
import { decide } from '@writ/policy';
import { authorityOf, tenant } from '../../../../test/policy/parts';
import { playPure, type PureRun, type PureWorld } from './pure-run';

const accountable = { owner: 'o', purpose: 'p' };
const agent = (name: string, more: object = {}) => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'm',
  instructions: 'i',
  ...more,
});
const tool = (name: string) => ({ kind: 'tool', name, effect: 'read', endpoint: { type: 'function', function: name } });
const base = [{ kind: 'model', name: 'm', model: 'x' }, tool('t')];
const workflow = (root: object) => ({ kind: 'workflow', name: 'w', ...accountable, root });

type Said = ReturnType<PureWorld['says']>;
/** Plays with scripts: what each agent says, turn by turn, in each conversation of its own. */
function play(
  documents: readonly object[],
  scripts: { readonly [agent: string]: readonly Said[] },
  more: Partial<PureWorld> = {},
): PureRun {
  return playPure({
    documents: [...base, ...documents],
    says: (act, turn) => scripts[act.agent.definition.name]?.[turn] ?? { text: `${act.agent.definition.name} is done` },
    ...more,
  });
}
const calls = (...of: (readonly [string, object])[]): Said => ({ calls: of });
const give = (worker: string, brief = `do ${worker}`): [string, object] => ['delegate', { worker, task: 't1', brief }];
const rejected = (run: PureRun): string[] =>
  run.events.flatMap((one) => (one.type === 'call_rejected' ? [one.code] : []));
const named = (run: PureRun): unknown => (run.end.type === 'fail' ? run.end.failure.code : run.end);

describe('a supervisor', () => {
  const team = (more: object = {}) => [
    agent('boss', { tools: ['t'] }),
    agent('anna', { tools: ['t'] }),
    agent('bert'),
    workflow({ type: 'supervisor', supervisor: 'boss', workers: ['anna', 'bert'], ...more }),
  ];

  test('gives work away side by side, hears what came of it, and answers', () => {
    const run = play(team(), { boss: [calls(give('anna'), give('bert')), { text: 'all done' }] });
    expect(run.end).toEqual({ type: 'finish', output: 'all done' });
    const paths = run.acts.flatMap(({ act }) => (act.type === 'call_model' ? [act.path] : []));
    expect(paths).toEqual(['', '=d2', '=d3', '']);
    expect(run.events.filter((one) => one.type === 'work_returned')).toHaveLength(2);
  });

  test('a worker hears its brief and nothing of the conversation, and is bounded by whoever sent it', () => {
    const run = play(team(), { boss: [calls(['t', {}], give('anna', 'only this')), { text: 'x' }] });
    const work = run.acts.find(({ act }) => act.type === 'call_model' && act.path === '=d3')!;
    expect(work.act).toMatchObject({ opening: 'only this', from: 0 });
    expect(work.chain.map((hop) => hop.agent)).toEqual(['boss', 'anna']);
  });

  test('a name that is no worker’s, or no name at all, is an error turn', () => {
    const run = play(team(), { boss: [calls(give('carl'), ['delegate', { worker: 7 }], give('boss')), { text: 'x' }] });
    expect(rejected(run)).toEqual(['unknown_worker', 'arguments_invalid', 'unknown_worker']);
    expect(run.end.type).toBe('finish');
  });

  test('writes its plan down, version by version; a plan for a stranger is an error turn', () => {
    const task = (worker: string) => ({ id: 'a', title: 'A', worker, status: 'open' });
    const plan = (worker: string): [string, object] => ['update_plan', { tasks: [task(worker)], reason: 'r' }];
    const run = play(team(), { boss: [calls(plan('anna')), calls(plan('bert'), plan('zoe')), { text: 'x' }] });
    const versions = run.events.flatMap((one) => (one.type === 'ledger_updated' ? [one.ledger.version] : []));
    expect([versions, rejected(run)]).toEqual([[1, 2], ['unknown_worker']]);
  });

  test('rounds are counted, told once, and then end it by name', () => {
    const again = calls(give('anna'), give('bert'));
    const news = { anna: [], bert: [] };
    const run = play(team({ max_rounds: 2, max_stalls: 50 }), { boss: [again, again, again, again], ...news });
    expect([rejected(run), named(run)]).toEqual([['round_limit'], 'round_limit']);
  });

  test('results that bring nothing new are a stall: a new plan goes on, the same again ends it', () => {
    const same = calls(give('anna', 'x'));
    const plan = calls(['update_plan', { tasks: [], reason: 'another way' }]);
    const stubborn = play(team({ max_stalls: 2 }), { boss: [same, same, same, same, same, same] });
    expect([rejected(stubborn), named(stubborn)]).toEqual([['stalled'], 'stalled']);
    const wise = play(team({ max_stalls: 2 }), { boss: [same, same, same, same, plan, same, { text: 'x' }] });
    expect([rejected(wise), wise.end.type]).toEqual([['stalled'], 'finish']);
  });

  test('a long result is cut for the supervisor and kept whole', () => {
    const long = 'z'.repeat(5_000);
    const run = play(team({ max_result_chars: 200 }), {
      boss: [calls(give('anna')), { text: 'x' }],
      anna: [{ text: long }],
    });
    const heard = run.acts.at(-1)!;
    expect(heard.act.type).toBe('call_model');
    expect(JSON.stringify(run.events)).toContain(long);
    expect(run.events.find((one) => one.type === 'work_returned')).toMatchObject({ chars: 200, outcome: 'ok' });
  });

  test('a worker that fails is a result that says so; one that is refused is an error turn', () => {
    const failing = play(team(), {
      boss: [calls(give('anna')), { text: 'x' }],
      anna: Array(50).fill(calls(['t', {}])) as Said[],
    });
    expect(failing.events.find((one) => one.type === 'work_returned')).toMatchObject({
      outcome: 'failed',
      failure: { code: 'turn_limit' },
    });
    const refused = play(
      team(),
      { boss: [calls(give('anna')), { text: 'x' }] },
      { allows: ({ kind }) => kind !== 'delegate' },
    );
    expect([refused.end.type, refused.acts.filter(({ act }) => act.path !== '').length]).toEqual(['finish', 0]);
  });
});

test('[I5] a node that fails is over when all it gave away has come back', () => {
  const documents = [
    agent('boss', { consults: ['oracle'] }),
    agent('anna'),
    agent('oracle'),
    workflow({ type: 'supervisor', supervisor: 'boss', workers: ['anna'], max_rounds: 1 }),
  ];
  const ask: [string, object] = ['ask_oracle', { task: 'what now' }];
  const both = calls(ask, give('anna'));
  const run = play(documents, { boss: [both, both, both, both] }, { picks: () => 0 });
  const count = (type: string): number => run.events.filter((one) => one.type === type).length;
  expect(named(run)).toBe('round_limit');
  const given = run.events.filter((one) => one.type === 'step_intended' && one.kind === 'delegate').length;
  expect([given > 2, count('work_returned')]).toEqual([true, given]);
});

describe('an agent that asks another', () => {
  const documents = [
    agent('a', { consults: ['b'] }),
    agent('b', { consults: ['c'] }),
    agent('c'),
    workflow({ type: 'agent', agent: 'a' }),
  ];

  test('gets its answer and stays in control; who asks is in the chain of who answers', () => {
    const ask = (who: string): [string, object] => [`ask_${who}`, { task: `help ${who}` }];
    const run = play(documents, { a: [calls(ask('b')), { text: 'thanks' }], b: [calls(ask('c')), { text: 'b says' }] });
    expect(run.end).toEqual({ type: 'finish', output: 'thanks' });
    const chains = run.acts.map(({ act, chain }) => `${act.type} ${chain.map((hop) => hop.agent).join('>')}`);
    expect(chains).toEqual([
      'call_model a',
      'delegate a',
      'call_model a>b',
      'delegate a>b',
      'call_model a>b>c',
      'call_model a>b',
      'call_model a',
    ]);
  });
});

describe('a swarm', () => {
  const swarm = (more: object = {}) => [
    agent('a', { handoffs: ['b'] }),
    agent('b', { handoffs: ['c', 'a'], context: 'message' }),
    agent('c', { handoffs: ['a'] }),
    workflow({ type: 'swarm', entry: 'a', agents: ['a', 'b', 'c'], ...more }),
  ];
  const over = (to: string, message = 'go on'): [string, object] => [`handoff_to_${to}`, { reason: 'r', message }];

  test('A→B→C→A is stopped where it begins again, by name', () => {
    const on: { [agent: string]: readonly Said[] } = Object.fromEntries(
      ['ab', 'bc', 'ca'].map(([from, to]) => [from!, Array(5).fill(calls(over(to!))) as Said[]]),
    );
    const run = play(swarm({ max_repeats: 0, max_handoffs: 50 }), on);
    expect([rejected(run), named(run)]).toEqual([['handoff_cycle'], 'handoff_cycle']);
    expect(run.acts.filter(({ act }) => act.type === 'hand_off')).toHaveLength(3);
  });

  test('a receiver hears as much as its own rule says', () => {
    const run = play(swarm(), { a: [calls(over('b', 'refund W1'))] });
    expect(run.acts.at(-1)!.act).toMatchObject({ type: 'call_model', opening: 'refund W1', from: 2 });
  });

  test('with a way back, who handed over goes on when the receiver has answered', () => {
    let spoken = 0;
    const said: readonly Said[] = [calls(over('b')), { text: 'b says so' }, { text: 'and done' }];
    const run = play(swarm({ returns: true }), {}, { says: () => said[spoken++]! });
    expect(run.end.type).toBe('finish');
    const speakers = run.acts.flatMap(({ act }) => (act.type === 'call_model' ? [act.agent.definition.name] : []));
    expect(speakers).toEqual(['a', 'b', 'a']);
  });
});

describe('an answer with a shape', () => {
  const output = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
  const documents = [agent('a', { output }), workflow({ type: 'agent', agent: 'a' })];

  test('is repaired twice at most', () => {
    const says = (...texts: string[]) => play(documents, { a: texts.map((text) => ({ text })) });
    expect(says('{"n":1}').end).toEqual({ type: 'finish', output: { n: 1 } });
    expect(says('one', '{"n":"1"}', '```json\n{"n":3}\n```').end).toEqual({ type: 'finish', output: { n: 3 } });
    expect(named(says('one', 'two', 'three', '{"n":4}'))).toBe('output_invalid');
  });
});

describe('authority and ownership under any conversation', () => {
  const AGENTS = ['a', 'b', 'c'] as const;
  const others = (name: string): string[] => AGENTS.filter((one) => one !== name);
  const roots: object[] = [
    { type: 'swarm', entry: 'a', agents: [...AGENTS], max_handoffs: 6 },
    { type: 'supervisor', supervisor: 'a', workers: ['b', 'c'], max_rounds: 3 },
    {
      type: 'fanout',
      branches: [
        { key: 'x', node: { type: 'supervisor', supervisor: 'b', workers: ['c'], max_rounds: 2 } },
        { key: 'y', node: { type: 'swarm', entry: 'a', agents: [...AGENTS], max_handoffs: 3 } },
      ],
      merge: { policy: 'best_effort' },
    },
  ];
  const documents = (root: object) => [
    ...AGENTS.map((name) =>
      agent(name, {
        tools: ['t', 'u'],
        handoffs: others(name),
        max_turns: 6,
        ...(name === 'a' && { consults: ['c'] }),
      }),
    ),
    tool('u'),
    workflow(root),
  ];
  const wishes = fc.array(
    fc.constantFrom<readonly [string, object]>(
      ['t', {}],
      ['u', {}],
      ...AGENTS.map((to): [string, object] => [`handoff_to_${to}`, { reason: 'r', message: `for ${to}` }]),
      ...AGENTS.map((worker): [string, object] => give(worker)),
      ['ask_c', { task: 'help' }],
      ['nonsense', {}],
    ),
    { minLength: 1, maxLength: 40 },
  );
  const grants = fc.array(fc.tuple(fc.constantFrom(...AGENTS, 'user:ann'), fc.constantFrom('t', 'u')), {
    maxLength: 8,
  });

  const above = fc.array(fc.constantFrom(...AGENTS), { maxLength: 3 });

  test('[I6] every tool call that is allowed is granted to each agent of its chain, to those of the runs above, and to the initiator; no branch has two owners', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...roots),
        wishes,
        grants,
        fc.tuple(fc.nat(), above),
        async (root, wanted, granted, [seed, parents]) => {
          const who = (name: string): string => (name.includes(':') ? name : `agent:${name}`);
          const rules = [
            ...granted.map(([name, what]) => `p, ${who(name)}, {tenant}, tool:${what}, tool.invoke, , allow`),
            'p, *, {tenant}, model:*, model.invoke, , allow',
            'p, user:ann, {tenant}, agent:*, handoff, , allow',
            'p, user:ann, {tenant}, agent:*, delegate, , allow',
            ...AGENTS.map((name) => `p2, agent:${name}, *, {tenant}, *, attenuate, , allow`),
          ];
          const authority = await authorityOf(JSON.stringify({ rules, limits: { handoff_depth: 20 } }));
          let next = 0;
          let pick = seed;
          const run = play(
            documents(root),
            {},
            {
              above: parents.map((name) => ({ agent: name, digest: `sha256:${name}`, mode: 'attenuate' as const })),
              says: (_act, turn) =>
                turn >= 4
                  ? { text: `answer ${next++}` }
                  : calls(wanted[next++ % wanted.length]!, wanted[next++ % wanted.length]!),
              picks: (of) => (pick = (pick * 1103515245 + 12345) % 2147483648) % of,
              allows: ({ request }) =>
                decide(authority, { ...request, tenant, initiator: { ...request.initiator, tenant } }).verdict ===
                'allow',
            },
          );
          const has = (name: string, what: string): boolean =>
            granted.some(([one, two]) => one === name && two === what);
          for (const { act, chain, allowed } of run.acts) {
            if (act.type !== 'invoke_tool' || !allowed) continue;
            const what = act.tool.definition.name;
            expect(
              [...parents, ...chain.map((hop) => hop.agent), 'user:ann'].filter((name) => !has(name, what)),
            ).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
