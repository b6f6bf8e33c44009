import { approvalFault, escalatesAfter, termsOf } from './terms';

const HOUR = 3_600_000;
const obligation = (id: string, values: object) => ({ id, type: 'require_approval', values: values as never });

describe('what an asking obligation says', () => {
  it.each([
    [{}, null],
    [{ count: 2, roles: ['payments'], expires_ms: HOUR }, null],
    [{ k: 2, escalate_after_ms: 1000, escalate_to: ['heads'] }, null],
    [{ count: 0 }, 'count'],
    [{ count: 2, k: 2 }, 'count or k'],
    [{ roles: ['Not A Role'] }, 'a role'],
    [{ escalate_after_ms: 1000 }, 'when and to whom'],
    [{ expires_ms: 1000, escalate_after_ms: 1000, escalate_to: ['heads'] }, 'before the end'],
    [{ quorum: 2 }, 'quorum'],
  ])('%j is refused where it means nothing, never read as something weaker', (values, fault) => {
    const found = approvalFault('require_approval', values as never);
    if (fault === null) expect(found).toBeNull();
    else expect(found).toContain(fault);
  });

  it('asks for what every one of several asks for: the strictest end, edits and words of all', () => {
    const terms = termsOf([
      obligation('money', { count: 2, roles: ['payments'], expires_ms: HOUR, editable: true }),
      obligation('safety', {
        roles: ['security'],
        expires_ms: 2 * HOUR,
        escalate_after_ms: 60_000,
        escalate_to: ['heads'],
        comment_required: true,
      }),
      { id: 'other', type: 'something_else', values: {} },
    ]);
    expect(terms).toEqual({
      requirements: [
        { obligation: 'money', count: 2, roles: ['payments'], escalation: null },
        { obligation: 'safety', count: 1, roles: ['security'], escalation: { afterMs: 60_000, roles: ['heads'] } },
      ],
      expiresMs: HOUR,
      editable: false,
      commentRequired: true,
      validMs: HOUR,
    });
    expect(escalatesAfter(terms)).toBe(60_000);
  });
});
