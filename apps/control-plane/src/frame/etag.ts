/**
 * Whether an `If-Match` or `If-None-Match` header names an entity tag (RFC 9110 §13.1): one of its list, or `*`. Weak
 * tags are compared by their opaque part; ours are all strong.
 */
export function etagMatches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(/(?:W\/)?("[^"]*")/g)].some((match) => match[1] === etag);
}
