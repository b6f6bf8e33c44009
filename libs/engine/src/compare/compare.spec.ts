import { newId } from '@writ/kernel';
import type { RecordedDecision, RunEvent } from '../events';
import { compareRuns } from './compare';

const decision = {
  id: 'dec_0',
  reason: 'allowed',
  stage: 'initiator',
  explicit: true,
  stages: [],
  obligations: [],
  nearMisses: [],
  snapshot: 's',
} as unknown as RecordedDecision;

const started = (bill: readonly (readonly [string, string, string])[] = []): RunEvent => ({
  type: 'run_started',
  at: 0,
  workflow: 'w',
  bill_digest: 'sha256:0',
  bill,
  input: {},
  initiator: { kind: 'user', id: 'user:ann', roles: [] },
  caller: 'user:ann',
  mandate: null,
  budget: {},
  deadline_at: null,
  decision,
});
const step = (n: number, path: string, given: object, result: string | null): RunEvent[] => [
  {
    type: 'step_intended',
    at: 1,
    step: n,
    attempt: 1,
    path,
    kind: 'tool',
    agent: null,
    target: 'pay',
    target_digest: 'd',
    args: given as never,
    args_digest: JSON.stringify(given),
    salt: '',
    effect: 'read',
    decision,
  },
  result === null
    ? {
        type: 'step_settled',
        at: 2,
        step: n,
        attempt: 1,
        outcome: 'error',
        failure: { code: 'broken', class: 'permanent', message: 'broken' },
        final: true,
      }
    : { type: 'step_settled', at: 2, step: n, attempt: 1, outcome: 'ok', result, final: true },
];
const denied = (n: number, path: string): RunEvent => ({
  type: 'step_denied',
  at: 1,
  step: n,
  path,
  kind: 'tool',
  agent: null,
  target: 'pay',
  args: { n: 1 },
  decision: { ...decision, reason: 'agent_not_granted' },
});
const run = (...events: RunEvent[]) => ({ run: newId('run'), events: [started(), ...events] });

describe('two runs side by side', () => {
  it('are the same where every step had the same question and the same outcome', () => {
    const one = run(...step(1, 'a', { n: 1 }, 'x'), ...step(2, 'b', { n: 2 }, null));
    const { steps, first_difference: first } = compareRuns(one, { ...one, run: newId('run') });
    expect(steps.map(({ path, differs }) => [path, differs])).toEqual([
      ['a', []],
      ['b', []],
    ]);
    expect(first).toBeNull();
  });

  it('say in what a step differs, and where the first difference is', () => {
    const one = run(...step(1, 'a', { n: 1 }, 'x'), ...step(2, 'b', { n: 1 }, 'y'), ...step(3, 'c', { n: 1 }, 'z'));
    const two = run(...step(1, 'a', { n: 1 }, 'x'), ...step(2, 'b', { n: 9 }, 'other'), denied(3, 'c'));
    const { steps, first_difference: first } = compareRuns(one, two);
    expect(steps.map(({ differs }) => differs)).toEqual([[], ['arguments', 'result'], ['arguments', 'outcome']]);
    expect(first).toBe(1);
    expect(steps[2]!.b).toMatchObject({ outcome: 'denied', reason: 'agent_not_granted' });
  });

  it('keep steps that only one of them has, where they stand', () => {
    const one = run(...step(1, 'a', {}, 'x'), ...step(2, 'c', {}, 'z'));
    const two = run(...step(1, 'a', {}, 'x'), ...step(2, 'b', {}, 'y'), ...step(3, 'c', {}, 'z'));
    const { steps } = compareRuns(one, two);
    expect(steps.map(({ path, a, b }) => [path, a !== null, b !== null])).toEqual([
      ['a', true, true],
      ['b', false, true],
      ['c', true, true],
    ]);
  });

  it('match turns of one place in order', () => {
    const one = run(...step(1, 'a', {}, 'x'), ...step(2, 'a', {}, 'y'));
    const two = run(...step(5, 'a', {}, 'x'), ...step(8, 'a', {}, 'changed'));
    expect(compareRuns(one, two).steps.map(({ differs }) => differs)).toEqual([[], ['result']]);
  });

  it('name what they are pinned to in other versions', () => {
    const of = (digest: string) => ({
      run: newId('run'),
      events: [
        started([
          ['agent', 'clerk', digest],
          ['tool', 'pay', 'same'],
        ]),
      ],
    });
    expect(compareRuns(of('one'), of('two')).definitions).toEqual([
      { kind: 'agent', name: 'clerk', a: 'one', b: 'two' },
    ]);
  });

  it('leave out what was under way in the past that a fork took over', () => {
    const first = run(...step(1, 'a', {}, 'x'), ...step(2, 'b', {}, 'y'));
    const [intended] = step(2, 'b', {}, 'y');
    const forked: RunEvent = { type: 'run_forked', at: 9, run: first.run, inherited: 3, shift_ms: 0 };
    const fork = run(...step(1, 'a', {}, 'x'), intended!, forked, ...step(3, 'b', {}, 'y'));
    const { steps, first_difference: none } = compareRuns(first, fork);
    expect(none).toBeNull();
    expect(steps.map(({ b }) => [b?.step, b?.inherited])).toEqual([
      [1, true],
      [3, false],
    ]);
  });
});
