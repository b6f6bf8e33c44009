import type { ContentChecked } from '../events/guard';
import { fromText, textOf } from '../snapshot/state-text';
import type { RunState } from '../state';
import {
  actOver,
  answered,
  answerKey,
  inputScope,
  isKnown,
  isOwn,
  lookedAt,
  outputScope,
  ownWords,
  verdictIn,
} from './account';

const state = (): RunState => ({}) as RunState;
const scope = inputScope('p', 'ann');
const looked = (part: Partial<ContentChecked>): ContentChecked => ({
  type: 'content_checked',
  at: 1,
  path: 'p',
  boundary: 'input',
  agent: 'ann',
  scope,
  content: ['m0'],
  checks: [{ guardrail: 'g', version: 'v1', outcome: 'passed', what: {} }],
  ...part,
});
const knows = (of: RunState, name: string, version = 'v1', at = scope): boolean =>
  isKnown(of, { path: 'p', scope: at, version, name });

describe('the account of what guardrails have said', () => {
  it('what passed once is not looked at again there; by another version, by another agent or elsewhere it is', () => {
    const run = state();
    lookedAt(run, looked({}));
    expect(knows(run, 'm0')).toBe(true);
    expect(knows(run, 'm1')).toBe(false);
    expect(knows(run, 'm0', 'v2')).toBe(false);
    expect(knows(run, 'm0', 'v1', inputScope('p', 'bob'))).toBe(false);
    expect(knows(run, 'm0', 'v1', inputScope('q', 'ann'))).toBe(false);
  });

  it('what fired stands against its act, and has passed only once that was done all the same', () => {
    for (const done of [true, false]) {
      const run = state();
      lookedAt(run, looked({ checks: [{ guardrail: 'g', version: 'v1', outcome: 'fired', what: { word: 1 } }] }));
      expect([knows(run, 'm0'), run.guards!.found.get('p')]).toMatchObject([true, [{ content: ['m0'] }]]);
      actOver(run, { path: 'p', done });
      expect([knows(run, 'm0'), run.guards!.found.has('p')]).toEqual([done, false]);
    }
  });

  it('what leaves is looked at each time that it does', () => {
    const run = state();
    const out = outputScope('p');
    lookedAt(run, looked({ scope: out, boundary: 'output', cuts: { m0: [[0, 1, 2, 'x']] } }));
    expect([knows(run, 'm0', 'v1', out), run.guards!.cuts.has(out)]).toEqual([true, true]);
    actOver(run, { path: 'p', done: true });
    expect([knows(run, 'm0', 'v1', out), run.guards!.cuts.has(out)]).toEqual([false, false]);
  });

  it('an answer of a call-out is used for one look', () => {
    const run = state();
    const key = answerKey('p', 'v1', 'd1');
    answered(run, { guardrail: 'g', version: 'v1', key, verdict: '/flagged', timeout_ms: 1 }, { flagged: true });
    expect(run.guards!.answers.get(key)).toEqual({ flagged: true });
    lookedAt(run, looked({}));
    expect(run.guards!.answers.size).toBe(0);
  });

  it('is the same after the run was taken up from a snapshot', () => {
    const run = state();
    lookedAt(run, looked({ cuts: { m0: [[0, 1, 2, 'x']] } }));
    ownWords(run, { path: 'p', agent: 'ann', index: 3 });
    const back = fromText<RunState>(textOf(run));
    expect(back.guards).toEqual(run.guards);
    expect([knows(back, 'm0'), isOwn(back, scope, 'm3')]).toEqual([true, true]);
  });
});

describe('the answer of a call-out', () => {
  const of = { guardrail: 'g', version: 'v', key: 'k', timeout_ms: 1 };
  it.each([
    ['/flagged', { flagged: true }, { flagged: true }],
    ['/flagged', '{"flagged": false}', { flagged: false }],
    ['', true, { flagged: true }],
    ['/a/b', { a: { b: false } }, { flagged: false }],
    ['/flagged', { toolCalls: [], content: '```json\n{"flagged": true}\n```' }, { flagged: true }],
    ['/flagged', { flagged: 'yes' }, { failed: 'no_verdict' }],
    ['/flagged', {}, { failed: 'no_verdict' }],
    ['/flagged', 'certainly', { failed: 'no_verdict' }],
    ['/flagged', null, { failed: 'no_verdict' }],
    ['/flagged', { toolCalls: [], content: null }, { failed: 'no_verdict' }],
  ])('[I7] at %j in %j is %j, and nothing but a plain truth is one', (verdict, answer, expected) => {
    expect(verdictIn({ ...of, verdict }, answer as never)).toEqual(expected);
  });
});
