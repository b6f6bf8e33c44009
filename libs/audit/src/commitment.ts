import { createHmac } from 'node:crypto';
import { canonicalJson } from '@writ/kernel';

/**
 * What evidence holds in place of a value: HMAC-SHA-256 of its canonical JSON under a random salt that is kept beside
 * the value, never in the evidence. Erasing value and salt leaves a commitment that cannot be guessed back (I10).
 */
export function commitmentTo(canonicalText: string, salt: string): string {
  return `hmac-sha256:${createHmac('sha256', salt).update(canonicalText).digest('hex')}`;
}

export function opensCommitment(commitment: string, value: unknown, salt: string): boolean {
  return commitmentTo(canonicalJson(value), salt) === commitment;
}
