import { SHOP, snapshotOf } from '../../../../test/policy/parts';
import { authorityOf, toolCall } from '../../../../test/policy/parts';
import { matcher } from '../casbin';
import { decide } from '../decide';
import type { Checker } from './matching';
import { again, prove } from './proof';
import type { Sample } from './sample';

/** A checker whose answers the test gives. */
function checkerOf(agrees: boolean | null): Checker & { frozen: boolean; readonly seen: Sample[]; proofs: number } {
  const seen: Sample[] = [];
  return {
    frozen: false,
    seen,
    proofs: 0,
    async prove() {
      this.proofs += 1;
      return agrees;
    },
    again: (_, sample) => void seen.push(sample),
  };
}

const decisions = async (count: number, authority: Awaited<ReturnType<typeof authorityOf>>): Promise<void> => {
  for (let i = 0; i < count; i++) decide(authority, toolCall());
  await new Promise(setImmediate);
};

describe('a snapshot', () => {
  it('goes by Casbin until a proof, then by our own matcher, and every thousandth hearing is looked at again', async () => {
    const authority = await authorityOf(SHOP);
    const { matching } = authority.snapshot!;
    const checker = checkerOf(true);
    matching.watch(checker);
    await decisions(100, authority);
    expect([matching.by, checker.proofs]).toEqual(['casbin', 0]);
    await decisions(1_000, authority);
    expect([matching.by, checker.proofs]).toEqual(['direct', 1]);
    await decisions(4_000, authority);
    expect(checker.seen.length).toBeGreaterThanOrEqual(3);
    expect(checker.seen.some(({ covered }) => covered.length > 0)).toBe(true);
    expect(await Promise.all(checker.seen.map((sample) => again(authority.snapshot!.body, sample)))).toEqual(
      checker.seen.map(() => null),
    );
    checker.frozen = true;
    expect(matching.by).toBe('casbin');
  });

  it.each([false, null])('stays with Casbin when the proof answers %s, and is not proved anew', async (answer) => {
    const authority = await authorityOf(SHOP);
    const checker = checkerOf(answer);
    authority.snapshot!.matching.watch(checker);
    await decisions(4_000, authority);
    expect([authority.snapshot!.matching.by, checker.proofs]).toEqual(['casbin', 1]);
  });

  it('answers alike by either', async () => {
    const [one, other] = [await authorityOf(SHOP), await authorityOf(SHOP)];
    other.snapshot!.matching.watch(checkerOf(true));
    await decisions(1_100, other);
    expect(other.snapshot!.matching.matcher).not.toBe(matcher());
    for (const tool of ['get_order', 'refund', 'none']) {
      const call = toolCall({ object: { type: 'tool', id: tool }, args: { amount: 2_000 } });
      const [casbin, direct] = [decide(one, call), decide(other, call)];
      expect({ ...direct, id: '' }).toEqual({ ...casbin, id: '' });
    }
  });
});

describe('the proof', () => {
  it('finds agreement over a policy with roles, classes, patterns, conditions and handoffs', async () => {
    const { body } = await snapshotOf(SHOP);
    for (const seed of [1, 2, 3]) expect(await prove(body, seed)).toBeNull();
  });
});

describe('a hearing that is looked at again', () => {
  const rules = [
    'p, user:ann, {tenant}, tool:x, tool.invoke, yes, allow, , one',
    'p, role:r, {tenant}, tool:*, tool.invoke, , deny, , two',
    'g, user:ann, role:r, {tenant}',
  ];
  const sample: Sample = {
    section: 'p',
    requests: [['user:ann', '{tenant}', 'tool:x', 'tool.invoke']],
    held: { one: true, two: true },
    covered: ['one', 'two'],
  };
  const bodyOf = async (): Promise<string> =>
    (await snapshotOf(JSON.stringify({ rules, conditions: { yes: { eq: ['args./n', 1] } } }))).body;

  it.each<[string, Partial<Sample>, RegExp | null]>([
    ['is right', {}, null],
    ['matched a rule too few', { covered: ['one'] }, /^rule two: to Casbin it matches/],
    ['matched a rule too many', { held: { one: false, two: true } }, /^rule one: to Casbin it does not match/],
    ['did not hear a rule', { held: { one: true }, covered: ['one'] }, /^rule two/],
    ['did not match by another name', { requests: [['user:bob', '{tenant}', 'tool:x', 'tool.invoke']] }, /^rule/],
  ])('that %s', async (_, part, expected) => {
    const found = await again(await bodyOf(), { ...sample, ...part });
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatch(expected);
  });
});
