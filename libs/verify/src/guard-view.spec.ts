import type { DecidedEvent, ReadStage } from './decision';
import { type GuardText, guardFault, guardView } from './guard-view';

const check = (part: Partial<GuardText['checks'][string]>): GuardText['checks'][string] => ({
  at: ['output'],
  tools: ['*'],
  answers: true,
  then: 'deny',
  on_error: 'closed',
  ...part,
});
const classes = { has: (member: string, group: string) => member === 'tool:mail' && group === 'class:out' } as never;
const guardrails = guardView(
  {
    own: {
      checks: {
        no_cards: check({}),
        asks: check({ ask: 'ask_owner' }),
        cuts: check({ then: 'redact' }),
        heard: check({ at: ['input'] }),
        mail: check({ tools: ['class:out'], answers: false }),
        open: check({ on_error: 'open' }),
      },
      absolute: {
        no_drop: { actions: ['tool.invoke'], objects: ['tool:drop_*'] },
        sometimes: { actions: ['tool.*'], objects: ['*'], when: 'abroad' },
      },
    },
    platform: {
      checks: { no_cards: check({ tools: ['post'], ask: 'ops' }) },
      absolute: { no_wipe: { actions: ['tool.invoke'], objects: ['tool:wipe'] } },
    },
  },
  classes,
);

const event = (part: Partial<DecidedEvent> = {}, reason = 'allowed'): DecidedEvent => ({
  type: 'action.authorized',
  run: 'run_x',
  actor: null,
  action: 'tool.invoke',
  time: null,
  object: { type: 'tool', id: 'mail' },
  context: null,
  approval: null,
  epoch: null,
  labels: [],
  tier: null,
  decision: { verdict: 'allow', reason, stages: [], obligations: [], snapshot: null },
  ...part,
});
const tool = (id: string): Partial<DecidedEvent> => ({ object: { type: 'tool', id } });
const stage = (verdict: string, ...rids: string[]): ReadStage => ({ stage: 'guardrail', verdict, rids });
const fault = (said: ReadStage, of = event(), policy: typeof guardrails | null = guardrails) =>
  guardFault(of, said, { guardrails: policy, obliged: new Set() });

describe('the guardrail stage, recombined', () => {
  const model = { action: 'model.invoke', object: { type: 'model', id: 'gpt' } };
  const answer = { action: 'run.finish', object: { type: 'workflow', id: 'w' } };
  test.each<[string, string | null, string | null]>([
    ['nothing stood against it', fault(stage('allow')), null],
    ['a check denied', fault(stage('deny', 'guard:no_cards')), null],
    ['a check asked', fault(stage('ask', 'guard:asks')), null],
    ['one asked and one denied', fault(stage('deny', 'guard:asks', 'guard:no_cards')), null],
    ['the platform asked', fault(stage('ask', 'guard:platform:no_cards'), event(tool('post'))), null],
    [
      'an absolute rule of the platform that was passed over',
      fault(stage('allow'), event(tool('wipe'))),
      'Stage guardrail passes over absolute rule "platform:no_wipe", which speaks of this act',
    ],
    ['a check of this tool', fault(stage('deny', 'guard:mail')), null],
    ['a check of what is heard', fault(stage('deny', 'guard:heard'), event(model)), null],
    ['a check of the answer', fault(stage('deny', 'guard:no_cards'), event(answer)), null],
    ['a check that failed', fault(stage('deny', '?guard:no_cards')), null],
    ['one that failed and let it pass', fault(stage('allow', '?guard:open')), null],
    [
      'one that failed where more was at stake',
      fault(stage('deny', '?guard:open'), event({}, 'guardrail_failed')),
      null,
    ],
    ['an absolute rule', fault(stage('deny', 'absolute:no_drop'), event(tool('drop_x'))), null],
    ['a condition that held', fault(stage('deny', 'absolute:sometimes')), null],
    ['a stop', fault(stage('deny', 'stp_1'), event(tool('drop_x'), 'stopped')), null],
    ['a stop, and no guardrails', fault(stage('deny', 'stp_1'), event({}, 'stopped'), null), null],
    ['a denial told as an allow', fault(stage('allow', 'guard:no_cards')), 'say deny, the stage says allow'],
    ['a denial told as a question', fault(stage('ask', 'guard:no_cards')), 'say deny, the stage says ask'],
    ['a failure told as no failure', fault(stage('allow', '?guard:no_cards')), 'say deny, the stage says allow'],
    ['an unheard check', fault(stage('deny', 'guard:other')), 'which the policy does not have'],
    ['an unheard absolute rule', fault(stage('deny', 'absolute:other')), 'which the policy does not have'],
    ['a check of the other boundary', fault(stage('deny', 'guard:heard')), 'does not speak of this act'],
    ['a check of other tools', fault(stage('deny', 'guard:mail'), event(tool('x'))), 'does not speak of this act'],
    ['a check of calls', fault(stage('deny', 'guard:mail'), event(answer)), 'does not speak of this act'],
    ['one that only takes out', fault(stage('deny', 'guard:cuts')), 'does not speak of this act'],
    ['a rule of other things', fault(stage('deny', 'absolute:no_drop')), 'does not speak of this act'],
    ['an absolute rule passed over', fault(stage('allow'), event(tool('drop_x'))), 'passes over absolute rule'],
    ['a check under a policy without', fault(stage('deny', 'guard:x'), event(), null), 'the policy has no guardrails'],
  ])('%s', (_what, found, expected) => {
    if (expected === null) expect(found).toBeNull();
    else expect(found).toContain(expected);
  });

  test('what it obliges to counts among the obligations of the decision', () => {
    const obliged = new Set<string>();
    guardFault(event(), stage('ask', 'guard:asks'), { guardrails, obliged });
    expect([...obliged]).toEqual(['ask_owner']);
  });
});
