import { chips, chosen, toggled, without } from './parts';

describe('the parts of a query', () => {
  it('takes values in and out, and leaves the rest as it was', () => {
    const one = toggled('agent:refund* "a b"', 'runs', { field: 'status', value: 'failed' });
    expect(one).toBe('status:failed agent:refund* "a b"');
    const two = toggled(one, 'runs', { field: 'status', value: 'denied' });
    expect(chosen(two, 'runs', 'status')).toEqual(['failed', 'denied']);
    expect(
      toggled(toggled(two, 'runs', { field: 'status', value: 'failed' }), 'runs', { field: 'status', value: 'denied' }),
    ).toBe('agent:refund* "a b"');
  });

  it('does not touch a negated field', () => {
    expect(chosen('-status:failed', 'runs', 'status')).toEqual([]);
    expect(without('-status:failed status:denied', 'runs', 'status')).toBe('-status:failed');
  });

  it('shows each part as a chip that takes only itself away', () => {
    expect(chips('status:failed agent:a,b -tool:pay', 'runs')).toEqual([
      { text: 'status:failed', rest: 'agent:a,b -tool:pay' },
      { text: 'agent:a,b', rest: 'status:failed -tool:pay' },
      { text: '-tool:pay', rest: 'status:failed agent:a,b' },
    ]);
  });

  it('shows no chips of a query that cannot be run', () => {
    expect(chips('nosuch:x', 'runs')).toEqual([]);
  });
});
