/** Drafts beside AuthZEN 1.0 that an operator can switch on, by name and revision. */
export const ACCESS_REQUESTS = 'access-request-1';
const KNOWN: ReadonlySet<string> = new Set([ACCESS_REQUESTS]);

export const ACCESS_REQUEST_CAPABILITY = 'urn:openid:authzen:capability:access-request';

/**
 * The drafts that are switched on, from `WRIT_AUTHZEN_DRAFTS`: names separated by commas. Throws for one that is not
 * known: a revision that we do not speak is not almost spoken.
 */
export function readDrafts(given: string | undefined): ReadonlySet<string> {
  const names = (given ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const odd = names.find((name) => !KNOWN.has(name));
  if (odd !== undefined) throw new Error(`WRIT_AUTHZEN_DRAFTS names "${odd}"; known are ${[...KNOWN].join(', ')}`);
  return new Set(names);
}
