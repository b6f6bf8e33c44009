import { LoginLimit } from '../authority/login-limit';
import { dropSessionCookie, sessionCookie, setSessionCookie } from './cookie';

describe('the session cookie', () => {
  it('is found among others, and only under its name', () => {
    expect(sessionCookie('a=1; writ_session=abc; b=2')).toBe('abc');
    expect(sessionCookie('writ_session=a=b')).toBe('a=b');
    expect(sessionCookie('writ_session=first; writ_session=second')).toBe('first');
    for (const header of [undefined, '', 'xwrit_session=abc', 'writ_sessions=abc', 'abc'])
      expect(sessionCookie(header)).toBeNull();
  });

  it('is for our server, out of reach of scripts and other sites, and over TLS where there is TLS', () => {
    expect(setSessionCookie('t', { maxAgeS: 60, secure: false })).toBe(
      'writ_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Strict',
    );
    expect(setSessionCookie('t', { maxAgeS: 60, secure: true })).toMatch(/; Secure$/);
    expect(dropSessionCookie(true)).toBe('writ_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
  });
});

describe('attempts to log in', () => {
  it('are counted per address, failures sooner than others, and forgotten after a minute', () => {
    let now = 0;
    const limit = new LoginLimit({ now: () => now, monotonic: () => now });
    const attempt = (address: string): boolean => limit.attempt(address).ok;
    for (let i = 0; i < 10; i++) {
      expect(attempt('10.0.0.1')).toBe(true);
      limit.failed('10.0.0.1');
    }
    expect(limit.attempt('10.0.0.1')).toMatchObject({
      ok: false,
      failure: { code: 'rate_limited', details: { retry_after_s: 60 } },
    });
    expect(attempt('10.0.0.2')).toBe(true);
    now = 59_999;
    expect(attempt('10.0.0.1')).toBe(false);
    now = 60_000;
    expect(attempt('10.0.0.1')).toBe(true);
    for (let i = 0; i < 119; i++) expect(attempt('10.0.0.3')).toBe(true);
    expect([attempt('10.0.0.3'), attempt('10.0.0.3')]).toEqual([true, false]);
  });

  it('of very many addresses take no more memory than of many', () => {
    const limit = new LoginLimit({ now: () => 0, monotonic: () => 0 });
    for (let i = 0; i < 10; i++) {
      limit.attempt('first');
      limit.failed('first');
    }
    for (let i = 0; i < 10_001; i++) limit.attempt(`address ${i}`);
    expect(limit.attempt('first').ok).toBe(true);
  });
});
