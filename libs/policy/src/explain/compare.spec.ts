import { buildSnapshot, type Snapshot } from '../snapshot';
import { validateBundle } from '../bundle';
import { comparePolicies } from './compare';

async function policy(rules: readonly string[], more: object = {}): Promise<Snapshot> {
  const bundle = validateBundle({ rules: rules.join('\n'), ...more });
  const built = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
  if (!built.ok) throw new Error(built.failure.message);
  return built.value;
}

const LOOK = 'p, role:clerk, {tenant}, tool:look, tool.invoke, , allow, , look';
const REFUND = 'p, role:clerk, {tenant}, tool:refund, tool.invoke, small, allow, ask_owner, refund';
const WIPE = 'p, user:*, {tenant}, *, *, , deny, , no-one';
const PASS = 'p2, agent:triage, agent:orders, {tenant}, *, attenuate, , allow, , pass';
const PARTS = {
  conditions: { small: { lt: ['args./amount', 5] } },
  obligations: { ask_owner: { type: 'require_approval', values: { count: 1, roles: ['owner'] } } },
};

const told = (all: ReturnType<typeof comparePolicies>) => all.map((one) => [one.leads, one.change, one.words]);

describe('the difference of two policies', () => {
  it('is nothing where they say the same, in whatever order', async () => {
    expect(comparePolicies(await policy([LOOK, WIPE]), await policy(['# why', WIPE, '', LOOK]))).toEqual([]);
  });

  it('names each rule in words, and whether anybody may more by it', async () => {
    const before = await policy([LOOK, WIPE]);
    const after = await policy([LOOK, REFUND, PASS], PARTS);
    expect(told(comparePolicies(before, after))).toEqual([
      ['more', 'removed', 'user:* must not do everything on everything'],
      ['more', 'added', 'agent:triage may hand over to agent:orders'],
      ['more', 'added', 'role:clerk may tool.invoke tool:refund, if small, with ask_owner'],
      ['either', 'added', 'condition small'],
      ['either', 'added', 'obligation ask_owner'],
    ]);
  });

  it('is turned round when the two are', async () => {
    const [one, other] = [await policy([LOOK]), await policy([LOOK, WIPE, PASS])];
    const turn = { more: 'less', less: 'more', either: 'either' } as const;
    const back = comparePolicies(other, one);
    for (const { name, leads, before, after } of comparePolicies(one, other)) {
      expect(back.find((each) => each.name === name)).toMatchObject({
        leads: turn[leads],
        before: after,
        after: before,
      });
    }
    expect(back).toHaveLength(2);
  });

  it('shows both texts of what is written otherwise under one name', async () => {
    const before = await policy([REFUND], PARTS);
    const after = await policy([REFUND], { ...PARTS, conditions: { small: { lt: ['args./amount', 50] } } });
    expect(comparePolicies(before, after)).toEqual([
      {
        part: 'condition',
        name: 'small',
        change: 'changed',
        leads: 'either',
        words: 'condition small',
        before: '{"lt":["args./amount",5]}',
        after: '{"lt":["args./amount",50]}',
      },
    ]);
  });

  it('with no policy at all is everything', async () => {
    expect(comparePolicies(null, await policy([LOOK])).map(({ part }) => part)).toEqual(['rule', 'limit']);
  });
});
