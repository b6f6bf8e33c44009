/**
 * Where a rule's id stands in its policy's canonical text, in one number: a string of its own for each rule would be
 * moved by the collector twice while policies are built, and looked at by it for as long as they are held, and nearly
 * none is ever asked for. INVARIANT: below 2 ** 30, which a list holds in itself: a text has fewer than 2 ** 22
 * characters (`MAX_BUNDLE_BYTES`, `MAX_PLATFORM_BYTES`), an id fewer than 2 ** 8 (`MAX_NAME_LENGTH`).
 */
export type IdPlace = number;

const LENGTH_BITS = 8;
const LENGTH = (1 << LENGTH_BITS) - 1;

export const idPlace = (at: number, { length }: string): IdPlace => (at << LENGTH_BITS) | length;

export function idIn(text: string, place: IdPlace): string {
  const at = place >>> LENGTH_BITS;
  return text.slice(at, at + (place & LENGTH));
}
