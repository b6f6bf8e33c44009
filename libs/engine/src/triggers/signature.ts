import { createHmac, timingSafeEqual } from 'node:crypto';
import { randomBytes } from '@writ/kernel';

/**
 * Signatures of the Standard Webhooks specification, version 1: HMAC-SHA-256 over `<id>.<timestamp>.<body>`, in base64
 * behind `v1,`. A header may carry several, separated by spaces, while a sender changes its secret.
 */
const PREFIX = 'whsec_';

/** How far a message's time may lie from ours, in milliseconds: older ones may be replays. */
const TOLERANCE_MS = 300_000;

export const newSecret = (): string => PREFIX + Buffer.from(randomBytes(32)).toString('base64');

interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string;
}

export function sign(secret: string, { id, timestamp, body }: Signed): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Whether one of the signatures was made with one of the secrets. Compares in constant time. */
export function signedWith(secrets: readonly string[], signatures: string, message: Signed): boolean {
  const given = signatures.split(' ').map((one) => Buffer.from(one));
  let good = false;
  for (const secret of secrets) {
    const expected = Buffer.from(sign(secret, message));
    for (const one of given) {
      if (one.length === expected.length && timingSafeEqual(one, expected)) good = true;
    }
  }
  return good;
}

/** Whether the message was made about now. */
export function isRecent(timestamp: string, now: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(now - Number(timestamp) * 1000) <= TOLERANCE_MS;
}
