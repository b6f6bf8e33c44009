import { amountText, scopeText, sharesOf, stateOf } from './words';

describe('how a budget is shown', () => {
  it('money in whole units of its currency, calls as they are counted', () => {
    expect(amountText('cost_micros', 7_450_000)).toBe('7.45');
    expect(amountText('cost_micros', 1_200)).toBe('0.0012');
    expect(amountText('tool_calls', 12_500)).toBe('12,500');
    expect(amountText('wall_ms', 2_500)).toBe('2.5 s');
  });

  it('the bar never runs over, whatever was spent', () => {
    expect(sharesOf({ spent: 30, reserved: 20, limit: 100 })).toEqual({ spent: 0.3, reserved: 0.2 });
    expect(sharesOf({ spent: 90, reserved: 20, limit: 100 })).toEqual({ spent: 0.9, reserved: expect.closeTo(0.1) });
    expect(sharesOf({ spent: 500, reserved: 20, limit: 100 })).toEqual({ spent: 1, reserved: 0 });
    expect(sharesOf({ spent: 0, reserved: 0, limit: 0 })).toEqual({ spent: 0, reserved: 0 });
  });

  it('has no room when what is reserved fills it, and says when it is past its warning', () => {
    const budget = { spent: 5, reserved: 4, limit: 10, warn_at: 8 };
    expect(stateOf(budget).word).toBe('Past its warning');
    expect(stateOf({ ...budget, reserved: 5 }).word).toBe('No room');
    expect(stateOf({ ...budget, spent: 1 }).word).toBe('Room');
    expect(stateOf({ ...budget, limit: 0 }).word).toBe('No room');
  });

  it('names what it limits', () => {
    expect(scopeText({ scope: 'tenant', target: null })).toBe('the whole tenant');
    expect(scopeText({ scope: 'workflow', target: 'desk' })).toBe('workflow desk');
  });
});
