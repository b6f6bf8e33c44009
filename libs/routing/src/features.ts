/** What is longer is cut: the beginning says what a text is about, and the work per text stays bounded. */
const MAX_CHARACTERS = 4000;
const SHORTEST_PIECE = 3;
const LONGEST_PIECE = 5;

/**
 * The features of a text and how often each occurs: words, pairs of neighbouring words, and pieces of words of three to
 * five characters, which survive endings and misspellings. Case, width and the value of digits do not count.
 */
export function featuresOf(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (feature: string): void => void found.set(feature, (found.get(feature) ?? 0) + 1);
  const plain = text.slice(0, MAX_CHARACTERS).normalize('NFKC').toLowerCase().replace(/\d/g, '0');
  const words = plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  words.forEach((word, i) => {
    add(`w ${word}`);
    const next = words[i + 1];
    if (next !== undefined) add(`p ${word} ${next}`);
    const edged = [...` ${word} `];
    for (let size = SHORTEST_PIECE; size <= LONGEST_PIECE; size++) {
      for (let at = 0; at + size <= edged.length; at++) add(`c ${edged.slice(at, at + size).join('')}`);
    }
  });
  return found;
}
