import type { PolicyBundle } from '@writ/policy';

const accountable = { owner: 'reliability', purpose: 'an effect that is counted on the other side' };
const tool = (name: string, effect: string) => ({
  kind: 'tool',
  name,
  effect,
  endpoint: { type: 'function', function: name },
  timeout_ms: 2_500,
  max_attempts: 10,
});
const one = (name: string) => ({
  kind: 'workflow',
  name,
  ...accountable,
  root: { type: 'tool', tool: name, args: {} },
});

/** Comes to rest first, for longer than a lease is kept over a rest. */
const later = (name: string) => ({
  kind: 'workflow',
  name: `later_${name}`,
  ...accountable,
  root: {
    type: 'sequence',
    steps: [
      { id: 'rest', node: { type: 'wait', timeout_ms: 1_500 } },
      { id: 'act', node: { type: 'tool', tool: name, args: {} } },
    ],
  },
});

function inTurn(tools: readonly string[]): object {
  const steps = tools.map((name, i) => ({ id: `s${i}`, node: { type: 'tool', tool: name, args: {} } }));
  return { type: 'sequence', steps };
}

/** Two tools on the counting server: `pay` happens again each time it is asked, `note` honours its key. */
export const payOrNote: readonly unknown[] = [
  tool('pay', 'irreversible'),
  tool('note', 'idempotent'),
  one('pay'),
  one('note'),
  later('pay'),
  later('note'),
  { ...tool('owned', 'idempotent'), resource: { type: 'order', id: '/order' } },
  { ...tool('owner_of', 'read') },
  { kind: 'resolver', name: 'order_owner', resource: 'order', attribute: 'owner', tool: 'owner_of', argument: 'order' },
  { kind: 'workflow', name: 'owned', ...accountable, root: { type: 'tool', tool: 'owned', args: { order: '#1' } } },
  {
    kind: 'workflow',
    name: 'five',
    ...accountable,
    root: inTurn(['note', 'pay', 'note', 'pay', 'note']),
  },
  tool('nothing', 'read'),
  { kind: 'workflow', name: 'nothing_five', ...accountable, root: inTurn(Array<string>(5).fill('nothing')) },
  { kind: 'workflow', name: 'note_five', ...accountable, root: inTurn(['note', 'note', 'note', 'note', 'note']) },
];

const till = (name: string, effect: string) => ({
  ...tool(name, effect),
  endpoint: { type: 'http', service: 'till', method: 'POST', path: `/${name}`, idempotency_key: 'idempotency-key' },
});

/** The same effects behind the product's own HTTP door: its permit opens when the connection stands, right before the write. */
export const payOrNoteOverHttp = (origin: string): readonly unknown[] => [
  { kind: 'http_service', name: 'till', origin },
  till('pay', 'irreversible'),
  till('note', 'idempotent'),
  { kind: 'workflow', name: 'five', ...accountable, root: inTurn(['note', 'pay', 'note', 'pay', 'note']) },
];

export const crashPolicy: PolicyBundle = {
  rules: [
    'p, user:caller, {tenant}, workflow:*, run.start, , allow',
    'p, user:caller, {tenant}, tool:pay, tool.invoke, , allow',
    'p, user:caller, {tenant}, tool:note, tool.invoke, , allow',
    'p, user:caller, {tenant}, tool:nothing, tool.invoke, , allow',
    'p, user:caller, {tenant}, tool:owned, tool.invoke, own_order, allow',
    'p, user:caller, {tenant}, data:*, data.read, , allow',
    'p, user:operator, {tenant}, run:*, run.reconcile, , allow',
    'p, user:operator, {tenant}, run:*, run.cancel, , allow',
  ].join('\n'),
  conditions: { own_order: { eq: [{ path: 'resource.owner' }, { path: 'initiator.id' }] } },
  obligations: {},
  attributes: { 'order.owner': { type: 'string', max_age_ms: 0 } },
  limits: { handoff_depth: 10 },
};

const call = (tool: string): object => ({ type: 'tool', tool, args: {} });
const workflow = (name: string, root: object): object => ({ kind: 'workflow', name, ...accountable, root });

/** Branches of both kinds of effects, nested; and a sequence that fails and undoes what it did. */
export const branching: readonly unknown[] = [
  workflow('fan', {
    type: 'fanout',
    merge: { policy: 'all' },
    branches: [
      {
        key: 'pays',
        node: {
          type: 'sequence',
          steps: [
            { id: 'pa', node: call('note') },
            { id: 'pb', node: call('pay') },
          ],
        },
      },
      {
        key: 'notes',
        node: {
          type: 'sequence',
          steps: [
            { id: 'na', node: call('note') },
            { id: 'nb', node: call('note') },
          ],
        },
      },
      { key: 'maps', node: { type: 'map', over: [1, 2, 3], node: call('note'), merge: { policy: 'all' } } },
      { key: 'once', node: call('pay') },
    ],
  }),
  workflow('undo', {
    type: 'sequence',
    steps: [
      { id: 'ua', node: call('note'), compensate: { tool: 'note', args: { undo: 'ua' } } },
      { id: 'ub', node: call('pay'), compensate: { tool: 'pay', args: { undo: 'ub' } } },
      // Its input is never there: it fails before anything is sent.
      {
        id: 'uc',
        node: { type: 'tool', tool: 'note', args: { from: { $from: '/input/absent' } } },
        on_error: 'compensate',
      },
    ],
  }),
];
