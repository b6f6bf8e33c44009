import { isId } from '@writ/kernel';
import { hashOf, mintKey, sameHash, tokenOf } from './secret';

describe('an API key', () => {
  it('carries its id and 256 random bits, and only its hash is kept', () => {
    const key = mintKey();
    expect(isId('key', key.id)).toBe(true);
    expect(key.token).toMatch(/^writ_[0-9a-z]{26}_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(key.token.slice(-43), 'base64url')).toHaveLength(32);
    expect(key.hash).toBe(hashOf(key.token));
    expect(key.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(mintKey().token.slice(-43)).not.toBe(key.token.slice(-43));
  });

  it('is read from a bearer header, and nothing else is', () => {
    const { token } = mintKey();
    expect(tokenOf(`Bearer ${token}`)).toBe(token);
    expect(tokenOf(`bearer ${token}`)).toBe(token);
    const wrong = [undefined, '', token, `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`];
    for (const header of [...wrong, `Bearer ${token} ${token}`, `Bearer \0`]) {
      expect([header, tokenOf(header)]).toEqual([header, null]);
    }
  });

  it('matches its own hash alone', () => {
    const [a, b] = [mintKey(), mintKey()];
    expect(sameHash(a.hash, hashOf(a.token))).toBe(true);
    expect(sameHash(a.hash, b.hash)).toBe(false);
    expect(sameHash(a.hash, a.hash.slice(1))).toBe(false);
  });
});
