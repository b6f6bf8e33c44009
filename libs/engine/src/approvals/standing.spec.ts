import { newId } from '@writ/kernel';
import { type Approvals, approvalStanding, asked, edited, ended, intended } from './standing';

describe('where a place of a run stands with people', () => {
  const first = newId('approval');
  const second = newId('approval');
  const decision = newId('decision');

  it('counts a request as ended once its act is over, however that came about', () => {
    const approvals: Approvals = new Map();
    asked(approvals, 'a', first);
    intended(approvals, 'a', { approval: first, step: 3, decision });
    expect(approvalStanding(approvals, 'a')).toEqual({
      ended: 0,
      open: null,
      used: { approval: first, step: 3, decision },
      edited: null,
    });
    ended(approvals, 'a');
    ended(approvals, 'a');
    expect(approvalStanding(approvals, 'a')).toEqual({ ended: 1, open: null, used: null, edited: null });
    expect(approvalStanding(approvals, 'b').ended).toBe(0);
  });

  it('ends what was asked when the act happens without it, because the policy asks no more', () => {
    const approvals: Approvals = new Map();
    asked(approvals, '', first);
    intended(approvals, '', { approval: undefined, step: 1, decision });
    expect(approvalStanding(approvals, '')).toEqual({ ended: 1, open: null, used: null, edited: null });
  });

  it('goes by the request of an edit, even where the policy asks nothing about the new arguments', () => {
    const approvals: Approvals = new Map();
    asked(approvals, '', first);
    edited(approvals, '', { approval: second, of: first, args: { amount: 1 } });
    intended(approvals, '', { approval: undefined, step: 2, decision });
    expect(approvalStanding(approvals, '').used).toEqual({ approval: second, step: 2, decision });
    expect(approvalStanding(approvals, '').edited?.args).toEqual({ amount: 1 });
    ended(approvals, '');
    expect(approvalStanding(approvals, '')).toEqual({ ended: 1, open: null, used: null, edited: null });
  });
});
