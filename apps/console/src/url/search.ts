/** What stands behind the question mark, as text by name. Empty text is the same as nothing. */
export type Search = { readonly [name: string]: string | undefined };

/** Characters that mean nothing special in a query and that people read in it: `status:failed,denied` stays as it is. */
const LEGIBLE: { readonly [encoded: string]: string } = {
  '%3A': ':',
  '%2C': ',',
  '%2F': '/',
  '%20': '+',
  '%40': '@',
  '%22': '"',
  '%3E': '>',
  '%3C': '<',
  '%3D': '=',
};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/%(?:3A|2C|2F|20|40|22|3E|3C|3D)/g, (found) => LEGIBLE[found] ?? found);

export function stringifySearch(search: { readonly [name: string]: unknown }): string {
  const pairs = Object.entries(search)
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text.replace(/^\?/, '')));
}

/** The part of a search that a page knows, so that a mistyped address cannot carry anything else along. */
export const keep =
  (...names: readonly string[]) =>
  (search: { readonly [name: string]: unknown }): Search =>
    Object.fromEntries(
      names
        .map((name) => [name, search[name]] as const)
        .filter((pair): pair is readonly [string, string] => typeof pair[1] === 'string' && pair[1] !== ''),
    );
