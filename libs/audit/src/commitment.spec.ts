import { createHmac } from 'node:crypto';
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

  it('[I10] a commitment is the HMAC-SHA-256 of the text, whatever the lengths of text and salt', () => {
    for (const salt of ['', 'k', 'k'.repeat(63), 'k'.repeat(64), 'k'.repeat(65), 'ü€😀'.repeat(40), '\ud800']) {
      for (const length of [0, 1, 55, 56, 63, 64, 65, 1343, 1344, 1345, 4031, 4032, 4033, 70_000]) {
        for (const unit of ['a', 'ü', '€', '😀', '\udc00']) {
          const text = unit.repeat(Math.ceil(length / unit.length));
          const expected = createHmac('sha256', salt).update(text).digest('hex');
          expect(commitmentTo(text, salt)).toBe(`hmac-sha256:${expected}`);
        }
      }
    }
  });
});
