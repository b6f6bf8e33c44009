import type { DecidedEvent, ReadStage } from './decision';
import { flowFault, flowView } from './flow-view';

const classes = { has: (member: string, group: string) => member === 'tool:mail' && group === 'class:out' } as never;
const flow = flowView(
  {
    rules: {
      known: { tools: ['*'], after: ['untrusted'], ask: 'ask_owner' },
      never: { tools: ['class:out'], after: [] },
    },
    trifecta: { ask: 'ask_third' },
  },
  classes,
);

const event = (verdict: string, part: Partial<DecidedEvent> = {}): DecidedEvent => ({
  type: 'action.authorized',
  run: 'run_x',
  actor: null,
  action: 'tool.invoke',
  time: null,
  object: { type: 'tool', id: 'mail' },
  context: null,
  approval: null,
  epoch: null,
  labels: ['untrusted'],
  tier: null,
  decision: { verdict, reason: 'allowed', stages: [], obligations: [], snapshot: null },
  ...part,
});
const stage = (verdict: string, ...rids: string[]): ReadStage => ({ stage: 'flow', verdict, rids });
const check = (verdict: string, said?: ReadStage, part?: Partial<DecidedEvent>, policy: typeof flow | null = flow) => {
  const obliged = new Set<string>();
  const serves = part?.action === 'handoff';
  return { fault: flowFault(event(verdict, part), said, { flow: policy, obliged, serves }), obliged: [...obliged] };
};

describe('the flow stage, recombined', () => {
  test.each<[string, ReturnType<typeof check>, string | null]>([
    ['nothing stood against it', check('allow', stage('allow')), null],
    ['a rule asked', check('ask', stage('ask', 'flow:known')), null],
    ['a rule denied', check('deny', stage('deny', 'flow:never')), null],
    ['one asked and one denied', check('deny', stage('deny', 'flow:known', 'flow:never')), null],
    ['another stage denied before', check('deny'), null],
    ['an act that is no call', check('allow', undefined, { action: 'model.invoke' }), null],
    ['a policy without labels', check('allow', undefined, {}, null), null],
    ['it was not asked', check('allow'), 'Stage flow was not asked'],
    ['a denial told as an allow', check('allow', stage('allow', 'flow:never')), 'say deny, the stage says allow'],
    ['a denial told as a question', check('ask', stage('ask', 'flow:never')), 'say deny, the stage says ask'],
    ['a denial by nobody', check('deny', stage('deny')), 'say allow, the stage says deny'],
    ['an unheard rule', check('ask', stage('ask', 'flow:other')), 'which the policy does not have'],
    [
      'a rule of other tools',
      check('deny', stage('deny', 'flow:never'), { object: { type: 'tool', id: 'x' } }),
      'does not speak of this call',
    ],
    [
      'a rule of labels that had not entered',
      check('ask', stage('ask', 'flow:known'), { labels: [] }),
      'does not speak of this call',
    ],
    ['a stage under a policy without labels', check('allow', stage('allow'), {}, null), 'keeps no account of labels'],
    [
      'a stage about something else',
      check('allow', stage('allow'), { action: 'model.invoke' }),
      'something else than a call',
    ],
  ])('%s', (_what, { fault }, expected) => {
    if (expected === null) expect(fault).toBeNull();
    else expect(fault).toContain(expected);
  });

  test('what its rules oblige to counts among the obligations of the decision', () => {
    expect(check('ask', stage('ask', 'flow:known', 'flow:trifecta')).obliged).toEqual(['ask_owner', 'ask_third']);
  });

  const handed = { action: 'handoff', object: { type: 'agent', id: 'clerk' } } as const;
  const strict = flowView({ rules: {}, service: { payload: 'schema', ask: 'ask_owner' } }, classes);
  const denies = flowView({ rules: {}, service: { payload: 'any' } }, classes);

  test.each<[string, ReturnType<typeof check>, string | null]>([
    ['a service by a policy that does not speak of them', check('allow', undefined, handed), null],
    ['a service by one that does', check('allow', stage('allow'), handed, strict), null],
    ['its stage left out', check('allow', undefined, handed, strict), 'Stage flow was not asked'],
    ['tainted, and asked about', check('ask', stage('ask', 'delegation:service'), handed, strict), null],
    ['tainted, and let through', check('allow', stage('allow', 'delegation:service'), handed, strict), 'say ask'],
    ['tainted, and nobody to ask', check('deny', stage('deny', 'delegation:service'), handed, denies), null],
    ['of no shape', check('deny', stage('deny', 'delegation:payload'), handed, strict), null],
    [
      'of no shape, where any will do',
      check('deny', stage('deny', 'delegation:payload'), handed, denies),
      'does not speak',
    ],
    ['a call that is told of as a service', check('ask', stage('ask', 'delegation:service')), 'does not speak'],
    ['beyond a ceiling', check('deny', stage('deny', 'delegation:labels'), handed), null],
    ['beyond a ceiling, and let through', check('allow', stage('allow', 'delegation:labels'), handed), 'say deny'],
    ['a ceiling nobody keeps account for', check('deny', stage('deny', 'delegation:labels'), handed, null), null],
    ['a rule on calls heard about a handoff', check('ask', stage('ask', 'flow:known'), handed), 'does not speak'],
  ])('of a handoff: %s', (_what, { fault }, expected) => {
    if (expected === null) expect(fault).toBeNull();
    else expect(fault).toContain(expected);
  });

  test('whoever may decide is asked about a service where the policy does not speak of them', () => {
    expect(check('ask', stage('ask', 'delegation:service'), handed).obliged).toEqual(['tainted_service']);
    expect(check('ask', stage('ask', 'delegation:service'), handed, strict).obliged).toEqual(['ask_owner']);
  });
});
