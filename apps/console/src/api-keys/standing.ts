import type { ItemOf } from '@writ/contract';
import type { Sign } from '../ui/tone';

export type ApiKey = ItemOf<'listApiKeys'>;
export const API_KEYS_KEY = ['api-keys'] as const;

/** A key that ends within this time should be replaced. */
const SOON_MS = 7 * 86_400_000;

/** Whether a key may still be used, and for how long that stays so. */
export function standingOf(
  { revoked_at: revoked, expires_at: expires }: Pick<ApiKey, 'revoked_at' | 'expires_at'>,
  now: number,
): Sign {
  if (revoked !== null) return { tone: 'calm', icon: 'cross', word: 'Revoked' };
  const left = Date.parse(expires) - now;
  if (left <= 0) return { tone: 'calm', icon: 'clock', word: 'Expired' };
  if (left <= SOON_MS) return { tone: 'wait', icon: 'warn', word: 'Expires soon' };
  return { tone: 'good', icon: 'check', word: 'Good' };
}

/** Words of a field in which people write lists: with commas, spaces or both. */
export const wordsOf = (text: string): readonly string[] => [
  ...new Set(text.split(/[\s,]+/).filter((word) => word !== '')),
];
