import type { DecidedEvent, ReadStage } from './decision';
import { tierFault, tierView } from './tier-view';

const classes = { has: (member: string, group: string) => member === 'tool:pay' && group === 'class:money' } as never;
const tiers = tierView(
  {
    high: {
      controls: {
        two: { actions: ['tool.invoke'], objects: ['class:money'], oblige: ['two_people'] },
        slow: { actions: ['tool.invoke'], objects: ['*'], oblige: ['slow'] },
      },
      overdue: 'block',
      undated: { ask: 'one' },
    },
    medium: { overdue: 'warn' },
    low: { publish: {} },
  },
  classes,
);

const event = (verdict: string, change: Partial<DecidedEvent> = {}): DecidedEvent => ({
  type: 'action.authorized',
  run: 'run_x',
  actor: null,
  action: 'tool.invoke',
  time: null,
  object: { type: 'tool', id: 'pay' },
  context: null,
  approval: null,
  labels: [],
  epoch: null,
  tier: 'high',
  decision: { verdict, reason: 'allowed', stages: [], obligations: [], snapshot: null },
  ...change,
});
const stage = (verdict: string, ...rids: string[]): ReadStage => ({ stage: 'tier', verdict, rids });
const check = (said?: ReadStage, change?: Partial<DecidedEvent>, policy: typeof tiers | null = tiers) => {
  const obliged = new Set<string>();
  const asking = new Set(['two_people', 'one']);
  const fault = tierFault(event(said?.verdict ?? 'allow', change), said, { tiers: policy, asking, obliged });
  return { fault, obliged: [...obliged] };
};
const BOTH = ['tier:high:two', 'tier:high:slow'] as const;
const LOOK = { object: { type: 'tool', id: 'look' } } as const;

describe('the tier stage, recombined', () => {
  test.each<[string, ReturnType<typeof check>, string | null]>([
    ['its controls asked', check(stage('ask', ...BOTH)), null],
    ['one that obliges without asking', check(stage('allow', 'tier:high:slow'), LOOK), null],
    ['something overdue was blocked', check(stage('deny', ...BOTH, 'tier:high:overdue')), null],
    ['a lower part was overdue', check(stage('ask', ...BOTH, 'tier:medium:overdue')), null],
    ['another tier', check(stage('allow'), { tier: 'medium' }), null],
    ['another stage denied before', check(undefined, { decision: { ...event('deny').decision } }), null],
    ['a policy without tiers', check(undefined, {}, null), null],
    ['an act of the API', check(undefined, { run: 'tenant', action: 'policy.change' }), null],
    ['it was not asked', check(), 'Stage tier was not asked'],
    ['a control passed over', check(stage('ask', 'tier:high:two')), 'passes over control'],
    ['a denial told as a question', check(stage('ask', ...BOTH, 'tier:high:overdue')), 'say deny, the stage says ask'],
    ['a question told as an allow', check(stage('allow', ...BOTH)), 'say ask, the stage says allow'],
    ['a denial by nobody', check(stage('deny', ...BOTH)), 'say ask, the stage says deny'],
    ['an unknown control', check(stage('ask', ...BOTH, 'tier:high:none')), 'which the policy does not have'],
    ['a control of another tier', check(stage('ask', 'tier:high:two'), { tier: 'low' }), 'does not speak of this act'],
    ['a control of other acts', check(stage('ask', ...BOTH), LOOK), 'does not speak of this act'],
    ['no tier at all', check(stage('ask', ...BOTH), { tier: null }), 'names no tier'],
    ['a stage under a policy without', check(stage('allow'), {}, null), 'has no controls of tiers'],
    ['something else', check(stage('allow'), { action: 'run.read' }), 'no tier is about'],
  ])('%s', (_what, { fault }, expected) => {
    if (expected === null) expect(fault).toBeNull();
    else expect(fault).toContain(expected);
  });

  test('what its controls oblige to counts among the obligations of the decision', () => {
    expect(check(stage('ask', ...BOTH, 'tier:high:undated')).obliged).toEqual(['two_people', 'slow', 'one']);
  });
});
