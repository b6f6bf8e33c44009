import { Problem, type ProblemCode, PROBLEMS, ROUTES, type Route } from '@writ/contract';
import { type FailureClass } from '@writ/kernel';
import { ACTIONS } from '@writ/policy';
import { z } from 'zod';
import { etagMatches } from './etag';
import { fieldErrors } from './field-errors';
import { problemCodeOf, problemOf, Refusal, refusalOf } from './problem';

const occasion = { requestId: 'req_1', traceId: null, instance: '/v1/runs' };

describe('a failure becomes a problem', () => {
  it('of its own code where the contract has it, and of its class where not', () => {
    const of = (code: string, of: FailureClass): ProblemCode => problemCodeOf({ code, class: of, message: 'm' });
    expect(of('not_found', 'permanent')).toBe('not_found');
    expect(of('definition_invalid', 'permanent')).toBe('schema_violation');
    expect(of('unheard_of', 'transient')).toBe('unavailable');
    expect(of('unheard_of', 'policy')).toBe('policy_denied');
    expect(of('unheard_of', 'bug')).toBe('internal');
    expect(of('constructor', 'permanent')).toBe('schema_violation');
  });

  it('that fits the contract, for every code there is', () => {
    for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
      const problem = problemOf(new Refusal(code, 'why'), occasion);
      expect(Problem.parse(problem)).toEqual(problem);
      expect(problem).toMatchObject({ code, status: PROBLEMS[code].status, retryable: PROBLEMS[code].retryable });
    }
  });

  it('with its decision, its next step and its places', () => {
    const refusal = refusalOf({
      code: 'policy_denied',
      class: 'policy',
      message: 'no',
      next: 'Ask.',
      details: { decision_id: 'dec_1', reason: 'initiator_not_granted', '/documents/0/name': 'is odd' },
    });
    expect(problemOf(refusal, occasion)).toMatchObject({
      decision_id: 'dec_1',
      reason: 'initiator_not_granted',
      explain_url: '/v1/decisions/dec_1',
      errors: [{ pointer: '/documents/0/name', message: 'is odd' }],
      next_actions: [{ description: 'Ask.' }, { href: '/v1/decisions/dec_1' }],
    });
  });
});

describe('a refusal that names no next step', () => {
  it('is told what its code says to do', () => {
    const [step] = problemOf(new Refusal('invalid_cursor', 'altered'), occasion).next_actions;
    expect(step?.description).toContain('start again without a cursor');
  });
});

describe('a fault of a request', () => {
  it('of a union is told for the branch that was meant', () => {
    const schema = z.union([
      z.strictObject({ type: z.literal('a'), size: z.number(), name: z.string() }),
      z.strictObject({ type: z.literal('b') }),
    ]);
    const { error } = schema.safeParse({ type: 'a', size: 'big', name: 'n' }, { reportInput: true });
    expect(fieldErrors('body', error!)).toEqual([
      expect.objectContaining({ in: 'body', pointer: '/size', code: 'wrong_type' }),
    ]);
  });
});

describe('an entity tag', () => {
  it('is found in a list, weak or strong, and under a star', () => {
    for (const header of ['"a"', 'W/"a"', '"x", "a"', '*', ' "a" ']) expect(etagMatches(header, '"a"')).toBe(true);
    for (const header of [null, '', 'a', '"ab"', '"x"']) expect(etagMatches(header, '"a"')).toBe(false);
  });
});

describe('the contract', () => {
  it('asks for actions the policy knows', () => {
    for (const route of Object.values(ROUTES as { [operation: string]: Route })) {
      if (typeof route.access === 'string') continue;
      for (const action of route.access) expect(ACTIONS).toContain(action);
    }
  });
});
