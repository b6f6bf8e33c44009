import fc from 'fast-check';
import type { DecidedEvent, ReadContext } from './decision';
import { Revocations } from './revoked';

const DELEGATIONS = ['dlg_a', 'dlg_b', 'dlg_c'];

type Act =
  | { readonly kind: 'allow'; readonly run: string; readonly epoch: number; readonly chain: readonly string[] }
  | { readonly kind: 'revoke'; readonly delegation: string; readonly epoch: number }
  | { readonly kind: 'change' };

const wishes = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ run: fc.constantFrom('r', 's'), chain: fc.subarray(DELEGATIONS) }) },
    { weight: 1, arbitrary: fc.constantFrom(...DELEGATIONS) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  { maxLength: 40 },
);

/** What a product that keeps its word commits, in the order of the commits. */
function honest(wanted: readonly ({ run: string; chain: string[] } | string | null)[]): Act[] {
  let epoch = 1;
  const revoked = new Set<string>();
  const acts: Act[] = [];
  for (const wish of wanted) {
    if (wish === null) acts.push((epoch++, { kind: 'change' }));
    else if (typeof wish === 'string') {
      if (revoked.has(wish)) continue;
      revoked.add(wish);
      acts.push({ kind: 'revoke', delegation: wish, epoch: ++epoch });
    } else if (!wish.chain.some((one) => revoked.has(one))) acts.push({ kind: 'allow', epoch, ...wish });
  }
  return acts;
}

/** What is said of these acts, in the order in which a log holds them: the place of each allow that should not be. */
function said(acts: readonly Act[]): (number | null)[] {
  const revocations = new Revocations();
  return acts.flatMap((act, index) => {
    if (act.kind === 'change') return [];
    const fault =
      act.kind === 'revoke'
        ? revocations.revoked({ object: { id: act.delegation }, detail: { epoch: act.epoch } }, index)
        : revocations.decided(allow(act), context(act.chain), { at: { index, byte: null }, event: `evt_${index}` });
    return fault === null ? [] : [fault.index ?? index];
  });
}

const allow = ({ run, epoch }: { readonly run: string; readonly epoch: number }, verdict = 'allow'): DecidedEvent => ({
  ...{ type: 'action.authorized', run, actor: null, action: null, object: null, time: null, context: null },
  ...{ approval: null, labels: [], tier: null, epoch },
  decision: { verdict, reason: 'allowed', stages: [], obligations: [], snapshot: null },
});
const context = (chain: readonly string[]): ReadContext => ({
  ...{ initiator: 'user:a', roles: [], snapshot: 's', mandate: false, grants: null },
  chain: chain.map((delegation) => ({ agent: 'x', digest: '', mode: null, delegation, bounds: null })),
});

describe('revocations held against the allows of runs', () => {
  test('nothing is said of what really happened, wherever the log put the revocations', () => {
    fc.assert(
      fc.property(wishes, fc.array(fc.nat(6), { minLength: 8, maxLength: 8 }), (wanted, moves) => {
        const acts = honest(wanted);
        // A log keeps each run's own order; what commits beside each other may stand either way around.
        for (const [i, act] of acts.entries()) {
          if (act.kind !== 'revoke') continue;
          const to = Math.min(acts.length - 1, i + (moves[i % moves.length] ?? 0));
          acts.splice(to, 0, ...acts.splice(i, 1));
        }
        expect(said(acts)).toEqual([]);
      }),
    );
  });

  test('[I3] [I6] an allow by a revoked delegation, or by one that hangs from it, is named wherever it stands', () => {
    fc.assert(
      fc.property(wishes, fc.nat(), fc.nat(), fc.subarray(DELEGATIONS), (wanted, which, where, more) => {
        const acts = honest(wanted);
        const revocations = acts.filter((act) => act.kind === 'revoke');
        fc.pre(revocations.length > 0);
        const { delegation, epoch } = revocations[which % revocations.length]!;
        const forged: Act = { kind: 'allow', run: 'forged', epoch: epoch + (where % 2), chain: [...more, delegation] };
        const at = where % (acts.length + 1);
        acts.splice(at, 0, forged);
        expect(said(acts)).toContain(at);
      }),
    );
  });

  test('[I3] one decided before and committed after is named: its run had gone on under the later authority', () => {
    const revoked: Act = { kind: 'revoke', delegation: 'dlg_a', epoch: 5 };
    const under = (epoch: number, ...chain: string[]): Act => ({ kind: 'allow', run: 'r', epoch, chain });
    expect(said([under(4, 'dlg_a'), revoked, under(5), under(4, 'dlg_a')])).toEqual([3]);
    expect(said([under(4, 'dlg_a'), revoked, under(4, 'dlg_a'), under(5)])).toEqual([]);
    expect(said([revoked, { ...under(5), run: 's' } as Act, under(4, 'dlg_a')])).toEqual([]);
  });

  test('a denial is none, and a revocation that does not tell its epoch is held against nothing', () => {
    const revocations = new Revocations();
    const place = { at: { index: 1, byte: null }, event: null };
    expect(revocations.revoked({ object: { id: 'dlg_a' }, detail: { run: 'r' } }, 0)).toBeNull();
    expect(revocations.decided(allow({ run: 'r', epoch: 9 }), context(['dlg_a']), place)).toBeNull();
    expect(revocations.revoked({ object: { id: 'dlg_b' }, detail: { epoch: 2 } }, 2)).toBeNull();
    expect(revocations.decided(allow({ run: 'r', epoch: 9 }, 'deny'), context(['dlg_b']), place)).toBeNull();
  });
});
