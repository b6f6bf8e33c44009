/** Columns of a rule at most. */
const MOST_COLUMNS = 10;
/** Slots for words at first: these many, or one for every so many characters of the text up to a limit. */
const SMALLEST = 256;
const LARGEST = 4_096;
const CHARACTERS = 16;

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
  /** Of each column, the number of its word: the same number is the same word, and 0 none at all. */
  readonly numbers: number[] = [];
  readonly #words: string[] = [];
  readonly #hashes: number[] = [];
  /** Hash → number of a word and one, by open addressing; a power of two, at most half full. */
  #slots: Int32Array;

  /** `known`: words that are to be these very strings wherever they are met. `length`: of the text, where it is known. */
  constructor(known: readonly string[], length = 0) {
    this.#slots = new Int32Array(Math.max(SMALLEST, Math.min(LARGEST, powerOver(length / CHARACTERS))));
    for (const word of known) this.#number(word, 0, { end: word.length, hash: hashOf(word) });
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
        this.#put(count++, this.#number(text, from, { end: i, hash }));
        from = i + 2;
        hash = 0;
        i++;
      } else if (code <= BLANK || code > LAST_PRINTABLE || code === QUOTE) return 0;
      else hash = mixed(hash, code);
    }
    if (count === MOST_COLUMNS) return 0;
    this.#put(count++, this.#number(text, from, { end, hash }));
    return count;
  }

  #put(column: number, number: number): void {
    this.numbers[column] = number;
    this.columns[column] = number === 0 ? '' : this.#words[number - 1]!;
  }

  #number(text: string, start: number, { end, hash }: { readonly end: number; readonly hash: number }): number {
    if (start === end) return 0;
    const mask = this.#slots.length - 1;
    let slot = slotOf(hash) & mask;
    for (let held = this.#slots[slot]!; held !== 0; held = this.#slots[slot]!) {
      const word = this.#words[held - 1]!;
      if (this.#hashes[held - 1] === hash && word.length === end - start && isAt(text, start, word)) return held;
      slot = (slot + 1) & mask;
    }
    const word = text.slice(start, end);
    this.#hashes.push(hash);
    const number = this.#words.push(word);
    this.#slots[slot] = number;
    if (number * 2 > this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (let i = 0; i < this.#hashes.length; i++) {
      let slot = slotOf(this.#hashes[i]!) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

const powerOver = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, size)));

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
