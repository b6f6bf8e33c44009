import fc from 'fast-check';
import { playPure, type PureRun, type PureWorld } from './pure-run';

const accountable = { owner: 'o', purpose: 'p' };
const agent = (name: string) => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'm',
  instructions: 'i',
  max_turns: 200,
});
const names = ['anna', 'bert', 'cleo'];
const together = {
  type: 'fanout',
  branches: names.map((name) => ({ key: name, node: { type: 'agent', agent: name } })),
  merge: { policy: 'all' },
};
const documents = (more: object, root: object = together) => [
  { kind: 'model', name: 'm', model: 'x' },
  ...names.map(agent),
  { kind: 'workflow', name: 'w', ...accountable, root, ...more },
];
type Said = ReturnType<PureWorld['says']>;
const call = (name: string, args: object): Said => ({ calls: [[name, args]] });
const SEEDED = { seed: 5, numRuns: 60 };
/** Which of those that may move does, by a list of draws. */
const inOrder = (draws: readonly number[]): ((of: number) => number) => {
  let at = 0;
  return (of) => (draws[at++ % draws.length] ?? 0) % of;
};
const draws = fc.array(fc.nat(1_000), { minLength: 5, maxLength: 60 });
const heardBy = (run: PureRun, code: string): number =>
  run.events.filter((one) => one.type === 'step_settled' && one.failure?.code === code).length;

describe('a key of the blackboard', () => {
  const everybody = { schema: { type: 'integer' }, initial: 0, readers: names, writers: names };
  const counter = documents({ blackboard: { sum: everybody } });

  /** Each agent adds one, `times` times, and reads again whenever somebody was faster. */
  const adder = (times: number): PureWorld['says'] => {
    const done = new Map<string, number>();
    return ({ agent: { definition } }, _turn, heard) => {
      const { name } = definition;
      if (heard.startsWith('{') && heard.includes('"value"')) {
        const { version, value } = JSON.parse(heard) as { version: number; value: number };
        return call('board_write', { key: 'sum', value: value + 1, expect: version });
      }
      if (heard.startsWith('{"')) done.set(name, (done.get(name) ?? 0) + 1);
      return (done.get(name) ?? 0) >= times ? { text: 'done' } : call('board_read', { key: 'sum' });
    };
  };

  test('loses no update, whoever moves first: of two that saw the same version the second is told', () => {
    let conflicts = 0;
    fc.assert(
      fc.property(draws, (order) => {
        const run = playPure({ documents: counter, says: adder(3), picks: inOrder(order) });
        expect(run.end.type).toBe('finish');
        const writes = run.events.flatMap((one) =>
          one.type === 'step_settled' && one.outcome === 'ok' && !JSON.stringify(one.result).includes('value')
            ? [(one.result as { version?: number }).version]
            : [],
        );
        expect(writes.filter((version) => version !== undefined)).toEqual(Array.from({ length: 9 }, (_, i) => i + 1));
        conflicts += heardBy(run, 'board_conflict');
      }),
      SEEDED,
    );
    expect(conflicts).toBeGreaterThan(0);
  });

  test('takes what its schema allows, of those it names, and nobody else is offered it', () => {
    const only = documents({ blackboard: { sum: { ...everybody, writers: ['anna'], readers: [] } } });
    const run = playPure({
      documents: only,
      says: ({ agent: { definition } }, turn) =>
        turn > 0
          ? { text: 'x' }
          : call('board_write', { key: 'sum', value: definition.name === 'anna' ? 'text' : 1, expect: 0 }),
    });
    const codes = run.events.flatMap((one) => (one.type === 'call_rejected' ? [one.code] : []));
    expect(codes.sort()).toEqual(['board_value_invalid', 'unknown_tool', 'unknown_tool']);
  });

  test('keeps the labels of what its writer had read, through every hand', () => {
    const key = (labels: readonly string[] = []) => ({ readers: names, writers: names, labels });
    const run = playPure({
      documents: documents(
        { blackboard: { web: key(['untrusted']), middle: key(), last: key(['draft']) } },
        {
          type: 'sequence',
          steps: names.map((name) => ({ id: name, node: { type: 'agent', agent: name } })),
        },
      ),
      says: ({ agent: { definition } }, turn) => {
        const [reads, writes] = { anna: ['', 'web'], bert: ['web', 'middle'], cleo: ['middle', 'last'] }[
          definition.name
        ]!;
        const plan = [
          ...(reads ? [call('board_read', { key: reads! })] : []),
          call('board_write', { key: writes!, value: 1, expect: 0 }),
        ];
        return plan[turn] ?? { text: 'x' };
      },
    });
    const labels = run.events.flatMap((one) =>
      one.type === 'step_intended' && one.args?.['op'] === 'write' ? [[one.target, one.args['labels']] as const] : [],
    );
    expect(labels).toEqual([
      ['web', ['untrusted']],
      ['middle', ['untrusted']],
      ['last', ['draft', 'untrusted']],
    ]);
  });

  test('is read and written by the workflow too, and a conflict is a failure its rules apply to', () => {
    const steps = [
      { id: 'first', node: { type: 'board', key: 'sum', write: 5, expect: 0 } },
      { id: 'late', node: { type: 'board', key: 'sum', write: 6, expect: 0 }, on_error: 'skip' },
      { id: 'seen', node: { type: 'board', key: 'sum' } },
    ];
    const run = playPure({
      documents: documents({ blackboard: { sum: everybody } }, { type: 'sequence', steps }),
      says: () => ({ text: 'x' }),
    });
    expect(run.end).toEqual({ type: 'finish', output: { key: 'sum', version: 1, value: 5, labels: [] } });
    expect(heardBy(run, 'board_conflict')).toBe(1);
  });
});

describe('a mailbox', () => {
  const boxes = (capacity = 100) => documents({ mailboxes: { cleo: { from: ['anna', 'bert'], capacity } } });
  const senders =
    (most: number): PureWorld['says'] =>
    ({ agent: { definition } }, turn, heard) => {
      const { name } = definition;
      if (name !== 'cleo') {
        return turn < most ? call('send_message', { to: 'cleo', body: `${name} ${turn}` }) : { text: 'sent' };
      }
      const { left = 1 } = heard.startsWith('{') ? (JSON.parse(heard) as { left?: number }) : {};
      return turn > 30 && left === 0 ? { text: 'enough' } : call('read_messages', {});
    };

  test('gives each message once, in the order they were sent, with its sender', () => {
    const hundred = boxes();
    fc.assert(
      fc.property(draws, (order) => {
        const run = playPure({ documents: hundred, says: senders(4), picks: inOrder(order) });
        const sent = run.events.flatMap((one) =>
          one.type === 'step_settled' ? ((one.result as { id?: string } | null)?.id ?? []) : [],
        );
        const read = run.events.flatMap((one) =>
          one.type === 'step_settled'
            ? ((one.result as { messages?: { id: string; from: string; body: string }[] } | null)?.messages ?? [])
            : [],
        );
        expect(new Set(read.map(({ id }) => id)).size).toBe(read.length);
        expect(read.map(({ id }) => id)).toEqual(sent.slice(0, read.length));
        expect(read.every(({ from, body }) => body.startsWith(from))).toBe(true);
      }),
      SEEDED,
    );
  });

  test('is bounded: one message more is an error turn', () => {
    const run = playPure({
      documents: boxes(2),
      says: (act, turn, heard) => (act.agent.definition.name === 'cleo' ? { text: 'x' } : senders(2)(act, turn, heard)),
    });
    expect([heardBy(run, 'mailbox_full'), run.end.type]).toEqual([2, 'finish']);
  });

  test('is its owner’s, and only those it names write to it', () => {
    const run = playPure({
      documents: boxes(),
      says: ({ agent: { definition } }, turn) =>
        turn > 0
          ? { text: 'x' }
          : definition.name === 'cleo'
            ? call('send_message', { to: 'anna', body: 'b' })
            : call('read_messages', {}),
    });
    const codes = run.events.flatMap((one) => (one.type === 'call_rejected' ? [one.code] : []));
    expect(codes).toEqual(['unknown_tool', 'unknown_tool', 'unknown_tool']);
  });

  test('is decided as an act, each time: a refusal is an error turn and nothing is delivered', () => {
    const run = playPure({
      documents: boxes(),
      says: senders(2),
      allows: ({ kind, agent: who }) => kind !== 'message' || who !== 'bert',
    });
    const read = run.events.flatMap((one) =>
      one.type === 'step_settled' ? ((one.result as { messages?: { from: string }[] } | null)?.messages ?? []) : [],
    );
    expect(read.map(({ from }) => from)).toEqual(['anna', 'anna']);
    expect(run.events.filter((one) => one.type === 'step_denied')).toHaveLength(2);
  });
});
