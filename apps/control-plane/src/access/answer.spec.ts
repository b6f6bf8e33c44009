import type { Decision } from '@writ/policy';
import { answerOf, honoured } from './answer';
import { chainOf, type Question } from './questions';

const allowed = {
  id: 'dec_1',
  verdict: 'allow',
  reason: 'allowed',
  stage: 'initiator',
  explicit: true,
  stages: [{ stage: 'initiator', subject: 'user:a', verdict: 'allow', explicit: true, matches: [] }],
  obligations: [
    { id: 'one', type: 'notify', values: { about: 'salaries' } },
    { id: 'two', type: 'watermark', values: { text: 'secret', type: 'forged', id: 'forged' } },
  ],
  nearMisses: [],
  snapshot: 'sha256:0',
  authority: { tenant: 1, platform: 1 },
  at: 0,
} as unknown as Decision;

describe('an answer to an enforcer', () => {
  it('tells obligations as they are drafted, to those only who speak of them', () => {
    expect(answerOf(allowed, { whole: false, obligations: false }).context).not.toHaveProperty('obligations');
    expect(answerOf(allowed, { whole: false, obligations: true })).toMatchObject({
      decision: true,
      context: {
        obligations: [
          { type: 'custom', id: 'one', vendor: 'writ', name: 'notify', about: 'salaries' },
          { type: 'custom', id: 'two', vendor: 'writ', name: 'watermark', text: 'secret' },
        ],
      },
    });
    const denied = { ...allowed, verdict: 'deny', reason: 'initiator_not_granted' } as Decision;
    expect(answerOf(denied, { whole: false, obligations: true }).context).not.toHaveProperty('obligations');
  });

  it('knows what an enforcer says it can honour', () => {
    expect([...honoured(['notify', 'redact', 7, null])]).toEqual(['notify', 'redact']);
    for (const nothing of [undefined, null, 'notify', {}, []]) expect(honoured(nothing).size).toBe(0);
  });
});

describe('the agents of a question', () => {
  const asked = (act: unknown, context?: object): Question =>
    ({ subject: { type: 'user', id: 'a', properties: { act } }, context }) as unknown as Question;
  const names = (question: Question) => chainOf(question)?.map(({ agent }) => agent) ?? null;

  it('are those of the token, the first to act first', () => {
    expect(names(asked({ sub: 'agent:c', act: { sub: 'b', act: { sub: 'a' } } }))).toEqual(['a', 'b', 'c']);
    expect(names(asked(undefined))).toEqual([]);
    expect(names(asked(undefined, { agent: 'agent:one' }))).toEqual(['one']);
  });

  it('are not guessed at', () => {
    let deep: object = { sub: 'x' };
    for (let depth = 0; depth < 16; depth++) deep = { sub: 'x', act: deep };
    for (const odd of ['x', null, 7, [], {}, { sub: 7 }, { sub: '' }, { sub: 'a', act: 'b' }, deep]) {
      expect(names(asked(odd))).toBeNull();
    }
    expect(names(asked(undefined, { agent: 7 }))).toBeNull();
  });
});
