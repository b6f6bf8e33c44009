const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/;

/**
 * Whether `text` is an http(s) origin spelled the one way a URL parser spells it (WHATWG URL §4.7): no user, no path, no
 * wildcard, no upper case, punycode instead of Unicode, no octal or hexadecimal address, no port that is the scheme's
 * own, no dot at the end. Lists of origins compare by equality, so a second spelling would be a way around them.
 */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && HOST.test(url.hostname) && url.origin === text;
}
