/** The browser's credential. Scripts cannot read it, and no other site can make the browser send it. */
const NAME = 'writ_session';

/** The session cookie's value, or null. Of several, the first is meant (RFC 6265 §5.4 sends the narrowest path first). */
export function sessionCookie(header: string | undefined): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [name, ...value] = pair.trim().split('=');
    if (name === NAME) return value.join('=');
  }
  return null;
}

/** `Set-Cookie` of a session; `secure` where the browser talks to us over TLS. */
export function setSessionCookie(token: string, given: { readonly maxAgeS: number; readonly secure: boolean }): string {
  const attributes = [`Path=/`, `Max-Age=${given.maxAgeS}`, 'HttpOnly', 'SameSite=Strict'];
  return [`${NAME}=${token}`, ...attributes, ...(given.secure ? ['Secure'] : [])].join('; ');
}

export const dropSessionCookie = (secure: boolean): string => setSessionCookie('', { maxAgeS: 0, secure });
