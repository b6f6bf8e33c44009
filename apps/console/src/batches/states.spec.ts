import { sharesOf } from './states';

describe('how a batch stands', () => {
  it('is drawn from what went well to what was never begun, and adds up', () => {
    const shares = sharesOf({ total: 10, counts: { pending: 3, failed: 1, succeeded: 4, running: 2 } });
    expect(shares.map(({ state }) => state)).toEqual(['succeeded', 'running', 'failed', 'pending']);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  it('leaves out what there is none of', () => {
    expect(sharesOf({ total: 0, counts: {} })).toEqual([]);
    expect(sharesOf({ total: 1, counts: { succeeded: 1, failed: 0 } })).toHaveLength(1);
  });
});
