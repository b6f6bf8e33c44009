import { canonicalJson } from '@writ/kernel';
import { commitmentTo, opensCommitment } from './commitment';

describe('commitments', () => {
  it('[I10] evidence holds no value, and opens only with the value and its salt', () => {
    const value = { email: 'noah@example.com', amount: 12 };
    const commitment = commitmentTo(canonicalJson(value), 'salt-1');
    expect(commitment).not.toContain('noah');
    expect(opensCommitment(commitment, value, 'salt-1')).toBe(true);
    expect(opensCommitment(commitment, value, 'salt-2')).toBe(false);
    expect(opensCommitment(commitment, { ...value, amount: 13 }, 'salt-1')).toBe(false);
  });
});
