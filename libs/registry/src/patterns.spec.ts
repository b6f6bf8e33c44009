import { validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { referenceProblems } from './references';

const accountable = { owner: 'o', purpose: 'p' };
const tool = (name: string, effect: string) => ({
  kind: 'tool',
  name,
  effect,
  endpoint: { type: 'function', function: 'f' },
});
const agent = (name: string, more: object = {}) => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'm',
  instructions: 'i',
  ...more,
});
const workflow = (name: string, root: object, more: object = {}) => ({
  kind: 'workflow',
  name,
  ...accountable,
  root,
  ...more,
});
const router = (name: string, ...routes: string[]) => ({
  kind: 'router',
  name,
  ...accountable,
  threshold: 0.2,
  margin: 0.05,
  routes: routes.map((route) => ({ name: route, utterances: [`say ${route}`] })),
});

const known = [
  { kind: 'model', name: 'm', model: 'x' },
  tool('look', 'read'),
  tool('pay', 'irreversible'),
  agent('a', { tools: ['look'] }),
  agent('b', { tools: ['pay'] }),
  agent('c'),
  agent('scores', { output: { type: 'object', properties: { score: { type: 'number' } } } }),
  agent('shouts', { output: { type: 'object', properties: { word: { type: 'string' } } } }),
  agent('busy', { tools: ['delegate'] }),
  tool('delegate', 'read'),
  router('desk', 'refund', 'other'),
];

function parse(documents: readonly unknown[]) {
  const parsed = validateDocuments(documents);
  if (!parsed.ok) throw new Error(`${parsed.failure.message} ${JSON.stringify(parsed.failure.details)}`);
  return parsed.value;
}
const KNOWN = parse(known);
const faultsOf = (...batch: readonly object[]): string[] => {
  const parsed = parse(batch);
  return referenceProblems(parsed, lookupOf(KNOWN, parsed)).map((one) => one.pointer);
};
const faults = (root: object): string[] => faultsOf(workflow('w', root)).map((one) => one.replace('/0/root', ''));
const refused = (root: object): string[] => {
  const parsed = validateDocuments([workflow('w', root)]);
  return parsed.ok ? [] : Object.keys(parsed.failure.details ?? {}).map((one) => one.replace('/0/root', ''));
};
const one = { type: 'agent', agent: 'a' };

describe('patterns at publish', () => {
  test('each is read, and refused at the place of its fault', () => {
    const good: object[] = [
      { type: 'map', over: { $from: '/input/list' }, key: '/id', node: one, merge: { policy: 'best_effort' } },
      { type: 'choice', cases: [{ when: { value: { $from: '/input/n' }, op: 'less', to: 3 }, node: one }] },
      { type: 'loop', node: one, max: 3, exhausted: 'last' },
      { type: 'hedge', node: one, after_ms: 100, max: 2 },
      { type: 'supervisor', supervisor: 'a', workers: ['b'], max_parallel: 2, worker_budget: { tool_calls: 3 } },
      { type: 'group_chat', speakers: ['a', 'b'], order: { manager: 'c' }, max_rounds: 4 },
      { type: 'plan', planner: 'a', executors: ['b', 'c'], max_steps: 5, max_replans: 1, approve: true },
      { type: 'reflect', agent: 'a', critic: 'scores', threshold: 0.8, max: 3 },
      { type: 'input', question: 'Which?', schema: { type: 'string' }, role: 'clerk' },
      { type: 'wait', signal: 'paid', correlate: { $from: '/input/id' } },
    ];
    for (const root of good) expect([root, refused(root), faults(root)]).toEqual([root, [], []]);
    expect(refused({ ...good[0], over: 3 })).toEqual(['/over']);
    expect(refused({ ...good[2], max: 0 })).toEqual(['/max']);
    expect(refused({ ...good[3], max: 9 })).toEqual(['/max']);
    expect(refused({ ...good[4], colour: 1 })).toEqual(['/colour']);
    expect(refused({ ...good[8], schema: { type: 'strnig' } })).toEqual(['/schema']);
    expect(refused({ type: 'choice', cases: [{ when: { all: [{ not: { op: 'exists' } }] }, node: one }] })).toEqual([
      '/cases/0/when/all/0/not/value',
    ]);
    expect(refused({ type: 'spell' })).toEqual(['/type']);
  });

  test('a merge asks for no more branches than there are', () => {
    const branch = (key: string) => ({ key, node: one });
    const fanout = (merge: object) => faults({ type: 'fanout', branches: [branch('x'), branch('y')], merge });
    expect(fanout({ policy: 'quorum', count: 2 })).toEqual([]);
    expect(fanout({ policy: 'quorum', count: 3 })).toEqual(['/merge/count']);
    expect(fanout({ policy: 'best_effort', min: 3 })).toEqual(['/merge/min']);
    expect(fanout({ policy: 'judge', agent: 'nobody' })).toEqual(['/merge/agent']);
    expect(fanout({ policy: 'reduce', node: { type: 'agent', agent: 'nobody' } })).toEqual(['/merge/node/agent']);
    const map = { type: 'map', over: [1, 2, 3], node: one, max_items: 2, merge: { policy: 'quorum', count: 3 } };
    expect(faults(map)).toEqual(['/over', '/merge/count']);
  });

  test('a loop that can only fail is refused', () => {
    expect(faults({ type: 'loop', node: one, max: 3, exhausted: 'fail' })).toEqual(['']);
  });

  test('a comparison that can never be made is refused', () => {
    const when = (op: string, to: unknown) => ({
      type: 'choice',
      cases: [{ when: { value: { $from: '/input/n' }, op, to }, node: one }],
    });
    expect(faults(when('less', true))).toEqual(['/cases/0/when']);
    expect(faults(when('in', 3))).toEqual(['/cases/0/when/to']);
    expect(faults(when('equals', { $from: '/steps/x/output' }))).toEqual(['/cases/0/when/to']);
  });

  test('what may start twice does nothing twice', () => {
    const hedge = (node: object) => faults({ type: 'hedge', node, after_ms: 5, max: 2 });
    expect(hedge({ type: 'tool', tool: 'look' })).toEqual([]);
    expect(hedge({ type: 'tool', tool: 'pay' })).toEqual(['/node']);
    expect(hedge({ type: 'agent', agent: 'b' })).toEqual(['/node']);
    expect(hedge({ type: 'sequence', steps: [{ id: 's', node: { type: 'wait', signal: 'go' } }] })).toEqual([
      '/node/steps/0/node',
    ]);
  });

  test('roles do not fall together', () => {
    expect(faults({ type: 'group_chat', speakers: ['a', 'b'], order: { manager: 'a' }, max_rounds: 2 })).toEqual([
      '/order/manager',
    ]);
    expect(faults({ type: 'group_chat', speakers: ['a'], order: 'round_robin', max_rounds: 2 })).toEqual(['/speakers']);
    expect(faults({ type: 'plan', planner: 'a', executors: ['a'], max_steps: 2, max_replans: 0 })).toEqual([
      '/planner',
    ]);
    expect(faults({ type: 'supervisor', supervisor: 'busy', workers: ['a'] })).toEqual(['/supervisor']);
    expect(faults({ type: 'reflect', agent: 'a', critic: 'shouts', threshold: 0.5, max: 2 })).toEqual(['/critic']);
  });
});

describe('routers', () => {
  const root = (more: object = {}) => ({
    type: 'router',
    router: 'desk',
    routes: [
      { name: 'refund', agent: 'a' },
      { name: 'other', node: { type: 'tool', tool: 'look' } },
    ],
    fallback: { type: 'router', router: 'c', fallback: { type: 'person' } },
    ...more,
  });

  test('each route of a router leads somewhere, and nothing else does', () => {
    expect(faults(root())).toEqual([]);
    expect(faults(root({ routes: [{ name: 'refund', agent: 'a' }] }))).toEqual(['/router']);
    const more = [...root().routes, { name: 'more', agent: 'z' }];
    expect(faults(root({ routes: more }))).toEqual(['/routes/2/agent', '/routes/2/name']);
    expect(
      faults(root({ fallback: { type: 'router', router: 'z', fallback: { type: 'agent', agent: 'y' } } })),
    ).toEqual(['/fallback/router', '/fallback/fallback/agent']);
  });

  test('a router shares no name with an agent and no example between its routes', () => {
    expect(faultsOf(router('a', 'x', 'y'))).toContain('/0/name');
    const twice = {
      ...router('r', 'x', 'y'),
      routes: [
        { name: 'x', utterances: ['Hello'] },
        { name: 'y', utterances: ['hello'] },
      ],
    };
    expect(faultsOf(twice)).toEqual(['/0/routes/1/utterances/0']);
  });
});

describe('agents that ask agents', () => {
  test('never in a circle', () => {
    expect(faultsOf(agent('x', { consults: ['a', 'a', 'x', 'nobody'] }))).toEqual([
      '/0/consults/1',
      '/0/consults/2',
      '/0/consults/3',
    ]);
    expect(faultsOf(agent('x', { consults: ['y'] }), agent('y', { consults: ['x'] }))).toEqual([
      '/0/consults/0',
      '/1/consults/0',
    ]);
  });
});

describe('agents that give something along', () => {
  test('name whom and which tools, or it would bound nothing', () => {
    const given = (gives: object) => faultsOf(agent('x', { consults: ['a'], gives }));
    expect(given({ a: { tools: ['delegate'], uses: 2, depth: 0, lasts_ms: 60_000 }, '*': { tools: [] } })).toEqual([]);
    expect(given({ x: {}, nobody: {}, a: { tools: ['delegate', { tool: 'nothing', at_most: { '/n': 1 } }] } })).toEqual(
      ['/0/gives/x', '/0/gives/nobody', '/0/gives/a/tools/1'],
    );
    expect(() => given({ a: { tools: [{ tool: 'delegate', only: { n: [1] } }] } })).toThrow('only/n');
  });
});

describe('workflows that start workflows', () => {
  const run = (name: string, budget?: object) => ({ type: 'run', workflow: name, ...(budget && { budget }) });

  test('a circle of them needs a depth that somebody declared', () => {
    expect(faultsOf(workflow('x', run('x')))).toEqual(['/0/root/workflow']);
    expect(faultsOf(workflow('x', run('y')), workflow('y', run('x')))).toEqual([
      '/0/root/workflow',
      '/1/root/workflow',
    ]);
    expect(faultsOf(workflow('x', run('y')), workflow('y', run('x', { depth: 3 })))).toEqual([]);
    expect(faultsOf(workflow('x', run('x'), { budget: { depth: 3 } }))).toEqual([]);
    expect(faultsOf(workflow('x', run('nobody')))).toEqual(['/0/root/workflow']);
  });

  test('a child’s input fits its schema', () => {
    const child = workflow('child', one, {
      input: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    });
    const parent = (input: object) => faultsOf(child, workflow('x', { ...run('child'), input }));
    expect(parent({ n: 3 })).toEqual([]);
    expect(parent({ n: 'x' })).toEqual(['/1/root/input/n']);
    expect(parent({})).toEqual(['/1/root/input']);
  });
});
