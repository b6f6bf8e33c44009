import type { Span } from './detect';

const WORD = /[\p{L}\p{N}]+/gu;

const bare = (word: string): string => word.normalize('NFKC').toLowerCase();

/**
 * Listed words and phrases, ready to be looked for: whole words in their order, whatever stands between them and whatever
 * their case. What begins with one word is tried where that word stands and nowhere else, so a text is read once.
 */
export class WordList {
  readonly #byFirst = new Map<string, string[][]>();

  constructor(phrases: readonly string[]) {
    for (const phrase of phrases) {
      const words = (phrase.match(WORD) ?? []).map(bare);
      const [first] = words;
      if (first === undefined) continue;
      const held = this.#byFirst.get(first);
      if (held) held.push(words);
      else this.#byFirst.set(first, [words]);
    }
  }

  *find(text: string): Generator<Span> {
    const words = [...text.matchAll(WORD)].map((found) => ({ text: bare(found[0]), from: found.index, raw: found[0] }));
    for (const [i, { text: first, from }] of words.entries()) {
      for (const phrase of this.#byFirst.get(first) ?? []) {
        if (!phrase.every((word, j) => words[i + j]?.text === word)) continue;
        const last = words[i + phrase.length - 1]!;
        yield [from, last.from + last.raw.length, 'word'];
      }
    }
  }
}

/** Whether a phrase has a word in it at all: one of signs alone would never be found. */
export const hasWord = (phrase: string): boolean => phrase.search(WORD) >= 0;
