/** What a link printed by a terminal carries behind its `#`: a key to sign in with, and the log key it vouches for. */
export interface Carried {
  readonly apiKey: string | null;
  /** A log's public key as `name+hash+base64`; it came by the terminal, so not by the page it is to check. */
  readonly logKeys: readonly string[];
}

/**
 * Takes the fragment of the address and removes it at once, also from the history, before anything else runs: a key must
 * not stay where it can be seen, bookmarked or sent on. A fragment never reaches the server.
 */
export function takeCarried(location: Location, history: History): Carried {
  const fragment = new URLSearchParams(location.hash.replace(/^#/, ''));
  const apiKey = fragment.get('key');
  const logKeys = fragment.getAll('log');
  if (apiKey !== null || logKeys.length > 0) {
    history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  }
  return { apiKey, logKeys };
}
