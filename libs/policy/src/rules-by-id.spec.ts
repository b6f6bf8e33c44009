import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import { LocatedRule } from './rule-text';
import { RulesById } from './rules-by-id';

const random = seeded('rules by id');
const runs = { numRuns: 200, seed: Math.floor(random() * 2 ** 31) };

const common = { condition: null, effect: 'allow', obligations: [], section: 'p', object: '*', action: '*' } as const;
const ruleOf = (rid: string, i: number): LocatedRule =>
  new LocatedRule({ ...common, subject: `user:${i}`, rid }, `${i}`, '', i);

describe('rules by id', () => {
  it('hold of each id the rule that came first, in the order in which they came, as a map would', () => {
    const ids = fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ max: 900, min: 0 }).map(String)), {
      maxLength: 1_500,
      size: 'max',
    });
    fc.assert(
      fc.property(ids, (some) => {
        const rules = new RulesById<LocatedRule>();
        const expected = new Map<string, LocatedRule>();
        for (const [i, id] of some.entries()) {
          const rule = ruleOf(id, i);
          expect(rules.add(rule)).toBe(expected.get(id) ?? null);
          if (!expected.has(id)) expected.set(id, rule);
        }
        expect(rules.all).toEqual([...expected.values()]);
      }),
      runs,
    );
  });
});
