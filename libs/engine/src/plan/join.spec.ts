import fc from 'fast-check';
import type { Merge } from '@writ/registry';
import { type BranchOutcome, joinVerdict, type JoinVerdict, tally } from './join';

type Policy = Merge<unknown>;
type End = readonly [key: string, outcome: BranchOutcome];

const KEYS = ['a', 'b', 'c'] as const;
const failure = { code: 'x', class: 'permanent', message: 'x' } as const;

const ends = (list: readonly End[]) =>
  new Map(list.map(([key, outcome]) => [key, outcome === 'ok' ? { outcome } : { outcome, failure }] as const));

const asked = (policy: Policy, list: readonly End[], timeUp = false): JoinVerdict =>
  joinVerdict(policy, { keys: KEYS, ended: ends(list), timeUp });

/** Every order in which every outcome of three branches can come in, as its prefixes. */
function* histories(): Generator<readonly End[]> {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const outcomes: BranchOutcome[] = ['ok', 'failed', 'timed_out'];
  for (const order of orders)
    for (const a of outcomes)
      for (const b of outcomes)
        for (const c of outcomes) {
          const all = order.map((i) => [KEYS[i]!, [a, b, c][i]!] as const);
          for (let length = 0; length <= 3; length++) yield all.slice(0, length);
        }
}

const POLICIES: readonly Policy[] = [
  { policy: 'all' },
  { policy: 'any' },
  { policy: 'first_success' },
  { policy: 'best_effort' },
  { policy: 'best_effort', min: 2 },
  { policy: 'quorum', count: 1 },
  { policy: 'quorum', count: 2 },
  { policy: 'quorum', count: 3 },
  { policy: 'min', count: 2 },
  { policy: 'vote', tie: 'first' },
  { policy: 'reduce', node: null, min: 2 },
  { policy: 'judge', agent: 'j' },
];

/** What each policy promises, said another way: how many must be good, and whether to wait for the others. */
function expected(policy: Policy, list: readonly End[], timeUp: boolean): 'open' | 'ok' | 'failed' {
  const good = list.filter(([, outcome]) => outcome === 'ok').length;
  const bad = list.length - good;
  const over = timeUp || list.length === 3;
  switch (policy.policy) {
    case 'all':
      return bad > 0 ? 'failed' : good === 3 ? 'ok' : timeUp ? 'failed' : 'open';
    case 'any':
    case 'first_success':
      return good > 0 ? 'ok' : over ? 'failed' : 'open';
    case 'quorum':
    case 'min':
      return good >= policy.count ? 'ok' : over || 3 - bad < policy.count ? 'failed' : 'open';
    default: {
      const min = 'min' in policy && policy.min !== undefined ? policy.min : policy.policy === 'best_effort' ? 0 : 1;
      return !over ? 'open' : good >= min ? 'ok' : 'failed';
    }
  }
}

describe('a join', () => {
  it.each(POLICIES.map((policy) => [JSON.stringify(policy), policy] as const))(
    '%s decides as its table says, for every outcome of three branches in every order',
    (_, policy) => {
      let rows = 0;
      for (const list of histories()) {
        for (const timeUp of [false, true]) {
          const verdict = asked(policy, list, timeUp);
          expect([list, timeUp, verdict.kind]).toEqual([list, timeUp, expected(policy, list, timeUp)]);
          rows += 1;
        }
      }
      expect(rows).toBe(6 * 27 * 4 * 2);
    },
  );

  it('merges only what ended well, in the order of the keys, and cancels exactly what has not ended', () => {
    for (const policy of POLICIES) {
      for (const list of histories()) {
        const verdict = asked(policy, list, true);
        if (verdict.kind === 'open') throw new Error('a join whose time is up is decided');
        const good = KEYS.filter((key) => list.some(([one, outcome]) => one === key && outcome === 'ok'));
        const left = KEYS.filter((key) => !list.some(([one]) => one === key));
        expect(verdict.cancelled).toEqual(left);
        if (verdict.kind === 'failed') continue;
        expect(good.filter((key) => verdict.merged.includes(key))).toEqual(verdict.merged);
        if (policy.policy === 'first_success') expect(verdict.merged).toHaveLength(1);
        if (policy.policy === 'quorum') expect(verdict.merged).toHaveLength(policy.count);
      }
    }
  });

  it('gives the same for the same endings, however often it is asked', () => {
    const outcome = fc.constantFrom<BranchOutcome>('ok', 'failed', 'timed_out');
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(keys, fc.array(outcome, { maxLength: 30 }), fc.constantFrom(...POLICIES), (names, list, policy) => {
        const ended = ends(names.slice(0, list.length).map((key, i) => [key, list[i]!] as const));
        const input = { keys: names, ended, timeUp: ended.size === names.length };
        const verdict = joinVerdict(policy, input);
        expect(joinVerdict(policy, input)).toEqual(verdict);
        if (input.timeUp) expect(verdict.kind).not.toBe('open');
        if (verdict.kind !== 'ok') return;
        const positions = verdict.merged.map((key) => names.indexOf(key));
        expect([...positions].sort((x, y) => x - y)).toEqual(positions);
      }),
    );
  });
});

describe('a merge that failed', () => {
  const KINDS: readonly Policy[] = [
    { policy: 'any' },
    { policy: 'first_success' },
    { policy: 'best_effort', min: 2 },
    { policy: 'quorum', count: 2 },
    { policy: 'vote', tie: 'first' },
  ];

  it.each(KINDS.map((policy) => [policy.policy, policy] as const))(
    '%s says what became of the first branch that did not end well, by key',
    (_, policy) => {
      const verdict = asked(policy, [
        ['c', 'timed_out'],
        ['b', 'failed'],
        ['a', 'failed'],
      ]);
      expect(verdict).toMatchObject({
        kind: 'failed',
        failure: { message: expect.stringContaining('branch a failed: x') },
      });
    },
  );
});

describe('a vote', () => {
  const votes = (...outputs: (string | { answer: number })[]) => outputs.map((output, i) => ({ key: `k${i}`, output }));

  it('goes to the value that most branches gave', () => {
    expect(tally(votes('x', 'y', 'y'), { tie: 'fail' })).toEqual({ ok: true, value: 'y' });
    const answers = votes({ answer: 1 }, { answer: 2 }, { answer: 2 }, 'no answer');
    expect(tally(answers, { pointer: '/answer', tie: 'fail' })).toEqual({ ok: true, value: 2 });
  });

  it('that is tied goes to the first voter, or to nobody', () => {
    expect(tally(votes('x', 'y'), { tie: 'first' })).toEqual({ ok: true, value: 'x' });
    expect(tally(votes('x', 'y'), { tie: 'fail' })).toMatchObject({ ok: false, failure: { code: 'vote_tied' } });
    expect(tally([], { tie: 'first' })).toMatchObject({ ok: false, failure: { code: 'no_votes' } });
  });
});
