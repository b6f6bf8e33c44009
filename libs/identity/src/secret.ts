import { timingSafeEqual } from 'node:crypto';
import { ID_PREFIXES, type KeyId, newId, randomBytes, sha256Hex } from '@writ/kernel';

const FORM = /^writ_([0-7][0-9a-hjkmnp-tv-z]{25})_[A-Za-z0-9_-]{43}$/;

/** A new key: what its holder gets once, and what is kept. The secret part is 256 random bits. */
export function mintKey(): { readonly id: KeyId; readonly token: string; readonly hash: string } {
  const id = newId('key');
  const body = id.slice(ID_PREFIXES.key.length + 1);
  const token = `writ_${body}_${Buffer.from(randomBytes(32)).toString('base64url')}`;
  return { id, token, hash: hashOf(token) };
}

/** Plain SHA-256 suffices: there is nothing to guess in 256 random bits, so nothing to slow down. */
export const hashOf = (token: string): string => sha256Hex(token);

/** The token of an `Authorization: Bearer` header, or null for anything that cannot be one of our keys. */
export function tokenOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  const token = match?.[1];
  return token !== undefined && FORM.test(token) ? token : null;
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
