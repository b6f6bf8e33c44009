/** Columns of a rule at most. */
const MOST_COLUMNS = 10;
const SMALLEST = 256;

const COMMA = 0x2c;
const BLANK = 0x20;
const QUOTE = 0x22;
const LAST_PRINTABLE = 0x7e;

/**
 * Takes lines apart where they lie, as they are stored and as most people write them: one blank after each comma and no
 * other, printable ASCII. Each word is made a string once, when it is first met, however often it stands in a text: a
 * bundle of a thousand rules holds a few hundred names, and making a string for each place would cost more than all else.
 */
export class LineScanner {
  /** Of the line scanned last, the columns; more may lie behind them from lines before. */
  readonly columns: string[] = [];
  readonly #words: string[] = [];
  readonly #hashes: number[] = [];
  /** Hash → number of a word and one, by open addressing; a power of two, at most half full. */
  #slots = new Int32Array(SMALLEST);

  /** `known`: words that are to be these very strings wherever they are met. */
  constructor(known: readonly string[]) {
    for (const word of known) this.#word(word, 0, { end: word.length, hash: hashOf(word) });
  }

  /** How many columns there are from `start` to `end`; 0 for a line that is written in another way. */
  scan(text: string, start: number, end: number): number {
    let count = 0;
    let from = start;
    let hash = 0;
    for (let i = start; i < end; i++) {
      const code = text.charCodeAt(i);
      if (code === COMMA) {
        if (text.charCodeAt(i + 1) !== BLANK || i + 1 >= end || count === MOST_COLUMNS) return 0;
        this.columns[count++] = this.#word(text, from, { end: i, hash });
        from = i + 2;
        hash = 0;
        i++;
      } else if (code <= BLANK || code > LAST_PRINTABLE || code === QUOTE) return 0;
      else hash = mixed(hash, code);
    }
    if (count === MOST_COLUMNS) return 0;
    this.columns[count++] = this.#word(text, from, { end, hash });
    return count;
  }

  #word(text: string, start: number, { end, hash }: { readonly end: number; readonly hash: number }): string {
    if (start === end) return '';
    const mask = this.#slots.length - 1;
    let slot = slotOf(hash) & mask;
    for (let held = this.#slots[slot]!; held !== 0; held = this.#slots[slot]!) {
      const word = this.#words[held - 1]!;
      if (this.#hashes[held - 1] === hash && word.length === end - start && isAt(text, start, word)) return word;
      slot = (slot + 1) & mask;
    }
    const word = text.slice(start, end);
    this.#hashes.push(hash);
    this.#slots[slot] = this.#words.push(word);
    if (this.#words.length * 2 > this.#slots.length) this.#grow();
    return word;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (const [i, hash] of this.#hashes.entries()) {
      let slot = slotOf(hash) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

/** Drawn anew in each process: nobody can write words that all fall into one slot. */
const [SEED = 0] = globalThis.crypto.getRandomValues(new Int32Array(1));
const mixed = (hash: number, code: number): number => Math.imul(hash ^ code ^ SEED, 0x01000193);
const slotOf = (hash: number): number => hash ^ (hash >>> 15);

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = mixed(hash, word.charCodeAt(i));
  return hash;
}

function isAt(text: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (text.charCodeAt(start + i) !== word.charCodeAt(i)) return false;
  return true;
}
