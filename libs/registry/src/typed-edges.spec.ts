import { validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { referenceProblems } from './references';

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const text = { type: 'string' };
const number = { type: 'number' };
const tool = (name: string, more: object = {}) => ({
  kind: 'tool',
  name,
  effect: 'read',
  endpoint: { type: 'function', function: 'f' },
  ...more,
});
const agent = (name: string, more: object = {}) => ({
  kind: 'agent',
  name,
  owner: 'o',
  purpose: 'p',
  model: 'm',
  instructions: 'i',
  ...more,
});

const published = [
  { kind: 'model', name: 'm', model: 'x' },
  tool('find', {
    input: object({ id: text }, { required: ['id'], additionalProperties: false }),
    output: object(
      { order: { $ref: '#/$defs/order' }, lines: { type: 'array', items: object({ sku: text }) } },
      {
        $defs: { order: object({ id: text, total: number }) },
      },
    ),
  }),
  tool('loose'),
  tool('pay', { input: object({ amount: number, to: text }, { required: ['amount'] }) }),
  agent('writer'),
  agent('judge', { output: object({ score: number, why: text }) }),
];

function parse(documents: readonly unknown[]) {
  const parsed = validateDocuments(documents);
  if (!parsed.ok) throw new Error(`${parsed.failure.message} ${JSON.stringify(parsed.failure.details)}`);
  return parsed.value;
}
const KNOWN = parse(published);

/** Faults of a workflow with this root, without the two tokens in front. */
function faults(root: object, input: object = {}): string[] {
  const batch = parse([{ kind: 'workflow', name: 'w', owner: 'o', purpose: 'p', input, root }]);
  return referenceProblems(batch, lookupOf(KNOWN, batch)).map((one) => one.pointer.replace('/0/root', ''));
}
const from = ($from: string) => ({ $from });
const call = (name: string, args: object) => ({ type: 'tool', tool: name, args });
const steps = (...nodes: readonly object[]) => ({
  type: 'sequence',
  steps: nodes.map((node, i) => ({ id: `s${i}`, node })),
});
const find = call('find', { id: 'a' });
/** Faults of the second step alone. */
const second = (node: object, first: object = find): string[] =>
  faults(steps(first, node)).map((pointer) => pointer.replace('/steps/1/node', ''));

describe('typed edges', () => {
  test('what is taken from an output must be promised by it', () => {
    const take = (pointer: string) => second(call('loose', { x: from(`/steps/s0/output${pointer}`) }));
    for (const there of ['', '/order', '/order/total', '/lines', '/lines/0', '/lines/0/sku'])
      expect(take(there)).toEqual([]);
    for (const not of ['/order/colour', '/total', '/lines/sku', '/lines/0/x', '/order/id/x']) {
      expect(take(not)).toEqual(['/args/x']);
    }
  });

  test('a tool that promises nothing is trusted to have it; an agent without a schema says text', () => {
    const take = (pointer: string, first: object) =>
      second(call('loose', { x: from(`/steps/s0/output${pointer}`) }), first);
    expect(take('/anything', call('loose', {}))).toEqual([]);
    expect(take('', { type: 'agent', agent: 'writer' })).toEqual([]);
    expect(take('/score', { type: 'agent', agent: 'writer' })).toEqual(['/args/x']);
    expect(take('/score', { type: 'agent', agent: 'judge' })).toEqual([]);
    expect(take('/mark', { type: 'agent', agent: 'judge' })).toEqual(['/args/x']);
  });

  test('a value goes only where its type is taken, also when it is constant', () => {
    const pay = (amount: unknown) => second(call('pay', { amount }));
    expect(pay(from('/steps/s0/output/order/total'))).toEqual([]);
    expect(pay(from('/steps/s0/output/order/id'))).toEqual(['/args/amount']);
    expect(pay(from('/steps/s0/output/order'))).toEqual(['/args/amount']);
    expect(pay(7)).toEqual([]);
    expect(pay('7')).toEqual(['/args/amount']);
    expect(pay({ deep: [1] })).toEqual(['/args/amount']);
  });

  test('what a tool requires is given, and what it does not take is not', () => {
    expect(faults(call('pay', { to: 'x' }))).toEqual(['/args']);
    expect(faults(call('find', { id: 'x', more: 1 }))).toEqual(['/args/more']);
    expect(faults(call('find', { id: 'x' }))).toEqual([]);
  });

  test('the input is held to its schema only as far as that is closed', () => {
    const use = (pointer: string) => call('pay', { amount: from(pointer) });
    expect(faults(use('/input/amount'))).toEqual([]);
    expect(faults(use('/input/amount'), object({ amount: text }))).toEqual(['/args/amount']);
    expect(faults(use('/input/other'), object({ amount: number }))).toEqual([]);
    expect(faults(use('/input/other'), object({ amount: number }, { additionalProperties: false }))).toEqual([
      '/args/amount',
    ]);
  });

  test('types flow through fan-outs, maps, loops and hedges', () => {
    const merge = { policy: 'all' };
    const fanout = { type: 'fanout', branches: [{ key: 'a', node: find }], merge };
    const amount = (pointer: string) => call('pay', { amount: from(`/steps/s0/output${pointer}`) });
    expect(second(amount('/a/order/total'), fanout)).toEqual([]);
    expect(second(amount('/a/order/id'), fanout)).toEqual(['/args/amount']);
    expect(second(amount('/b'), fanout)).toEqual(['/args/amount']);
    const map = { type: 'map', over: ['x'], node: find, merge };
    expect(second(amount('/0/output/order/total'), map)).toEqual([]);
    expect(second(amount('/0/output/total'), map)).toEqual(['/args/amount']);
    expect(second(amount('/any/output/order/total'), map)).toEqual(['/args/amount']);
    expect(second(amount('/order/id'), { type: 'hedge', node: find, after_ms: 10, max: 2 })).toEqual(['/args/amount']);
    const loop = { type: 'loop', node: find, max: 3, exhausted: 'last' };
    expect(second(amount('/order/total'), loop)).toEqual([]);
    expect(second(amount('/order/id'), loop)).toEqual(['/args/amount']);
  });

  test('a skipped or replaced step promises nothing', () => {
    const rule = (on_error: unknown) =>
      faults({
        type: 'sequence',
        steps: [
          { id: 'a', node: find, on_error },
          { id: 'b', node: call('loose', { x: from('/steps/a/output/order/total') }) },
        ],
      });
    expect(rule('skip')).toEqual([]);
    expect(rule({ fallback: { type: 'agent', agent: 'nobody' } })).toEqual(['/steps/0/on_error/fallback/agent']);
  });
});

describe('values that exist only somewhere', () => {
  test('an item and its key, inside their map', () => {
    const over = from('/steps/s0/output/lines');
    const map = (args: object, more: object = {}) => ({
      type: 'map',
      over,
      node: call('find', args),
      merge: { policy: 'all' },
      ...more,
    });
    expect(second(map({ id: from('/item/sku') }))).toEqual([]);
    expect(second(map({ id: from('/key') }))).toEqual([]);
    expect(second(map({ id: from('/item/colour') }))).toEqual(['/node/args/id']);
    expect(second(map({ id: from('/item') }))).toEqual(['/node/args/id']);
    expect(second(map({ id: 'x' }, { key: '/colour' }))).toEqual(['/key']);
    expect(second(map({ id: 'x' }, { over: from('/steps/s0/output/order') }))).toEqual(['/over']);
    expect(faults(call('loose', { x: from('/item') }))).toEqual(['/args/x']);
  });

  test('a loop’s count and last output, inside the loop and in its condition', () => {
    const loop = (more: object) => ({ type: 'loop', node: find, max: 3, exhausted: 'fail', ...more });
    const until = (pointer: string) => ({ until: { value: from(pointer), op: 'exists' } });
    expect(faults(loop(until('/loop/last/order/total')))).toEqual([]);
    expect(faults(loop(until('/loop/last/total')))).toEqual(['/until/value']);
    expect(faults(loop(until('/loop/round')))).toEqual(['/until/value']);
    expect(faults(loop({ ...until('/loop/index'), node: call('loose', { x: from('/loop/last') }) }))).toEqual([]);
    expect(faults(call('loose', { x: from('/loop/index') }))).toEqual(['/args/x']);
  });

  test('the outputs of branches, inside the node that reduces them', () => {
    const reduce = (pointer: string) => ({
      type: 'fanout',
      branches: [{ key: 'a', node: find }],
      merge: { policy: 'reduce', node: call('loose', { x: from(pointer) }) },
    });
    expect(faults(reduce('/branches/a/order'))).toEqual([]);
    expect(faults(reduce('/branches'))).toEqual([]);
    expect(faults(reduce('/branches/b'))).toEqual(['/merge/node/args/x']);
  });

  test('a step’s own output, in what undoes it', () => {
    const undone = (args: object) =>
      faults({ type: 'sequence', steps: [{ id: 'a', node: find, compensate: { tool: 'pay', args } }] });
    expect(undone({ amount: from('/steps/a/output/order/total') })).toEqual([]);
    expect(undone({ amount: from('/steps/a/output/order/id') })).toEqual(['/steps/0/compensate/args/amount']);
    expect(undone({})).toEqual(['/steps/0/compensate/args']);
  });

  test('a call’s arguments and answer, in the tool that undoes it', () => {
    const check = (args: object) => {
      const documents = [
        tool('take', { input: object({ n: number }), output: object({ id: text }), compensate: { tool: 'pay', args } }),
      ];
      const parsed = validateDocuments([...published, ...documents]);
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return referenceProblems(parsed.value, lookupOf([], parsed.value)).map((one) => one.pointer);
    };
    expect(check({ amount: from('/args/n') })).toEqual([]);
    expect(check({ amount: from('/output/id') })).toEqual([`/${published.length}/compensate/args/amount`]);
    expect(check({ amount: from('/input/n') })).toEqual([`/${published.length}/compensate/args/amount`]);
  });
});
