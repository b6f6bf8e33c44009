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
const OTHER = 0xff;

const NO_CODES = new Uint8Array(0);
const FIRST_LETTERS = 2_048;

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
  /** The characters of all words, one behind the other, and where those of each begin. */
  #letters = new Uint8Array(FIRST_LETTERS);
  #lettersUsed = 0;
  readonly #begins: number[] = [];
  readonly #hashes: number[] = [];
  /** Hash → number of a word and one, by open addressing; a power of two, at most half full. */
  #slots: Int32Array;
  /** The text that is read, and its characters as numbers: a string is asked what it is made of at each of its own. */
  #text = '';
  #codes: Uint8Array = NO_CODES;

  /** `known`: words that are to be these very strings wherever they are met. `length`: of the text, where it is known. */
  constructor(known: readonly string[], length = 0) {
    this.#slots = new Int32Array(Math.max(SMALLEST, Math.min(LARGEST, powerOver(length / CHARACTERS))));
    for (const word of known) {
      this.#load(word);
      this.#number(0, word.length, hashOf(word));
    }
  }

  /** How many columns there are from `start` to `end`; 0 for a line that is written in another way. */
  scan(text: string, start: number, end: number): number {
    if (text !== this.#text) this.#load(text);
    const codes = this.#codes;
    let count = 0;
    let from = start;
    let hash = 0;
    for (let i = start; i < end; i++) {
      const code = codes[i]!;
      if (code === COMMA) {
        if (i + 1 >= end || codes[i + 1] !== BLANK || count === MOST_COLUMNS) return 0;
        this.#put(count++, this.#number(from, i, hash));
        from = i + 2;
        hash = 0;
        i++;
      } else if (code <= BLANK || code > LAST_PRINTABLE || code === QUOTE) return 0;
      else hash = mixed(hash, code);
    }
    if (count === MOST_COLUMNS) return 0;
    this.#put(count++, this.#number(from, end, hash));
    return count;
  }

  #put(column: number, number: number): void {
    this.numbers[column] = number;
    this.columns[column] = number === 0 ? '' : this.#words[number - 1]!;
  }

  #load(text: string): void {
    this.#text = text;
    this.#codes = codesOf(text);
  }

  #number(start: number, end: number, hash: number): number {
    if (start === end) return 0;
    const mask = this.#slots.length - 1;
    let slot = slotOf(hash) & mask;
    for (let held = this.#slots[slot]!; held !== 0; held = this.#slots[slot]!) {
      if (this.#hashes[held - 1] === hash && this.#isAt(start, end, held - 1)) return held;
      slot = (slot + 1) & mask;
    }
    this.#hashes.push(hash);
    this.#begins.push(this.#lettersUsed);
    this.#keep(start, end);
    const number = this.#words.push(this.#text.slice(start, end));
    this.#slots[slot] = number;
    if (number * 2 > this.#slots.length) this.#grow();
    return number;
  }

  #isAt(start: number, end: number, word: number): boolean {
    const begin = this.#begins[word]!;
    const length = (word + 1 < this.#begins.length ? this.#begins[word + 1]! : this.#lettersUsed) - begin;
    if (length !== end - start) return false;
    const [codes, letters] = [this.#codes, this.#letters];
    for (let i = 0; i < length; i++) if (codes[start + i] !== letters[begin + i]) return false;
    return true;
  }

  /** Puts the characters of a new word behind those of the others. */
  #keep(start: number, end: number): void {
    const used = this.#lettersUsed + end - start;
    if (used > this.#letters.length) {
      const letters = new Uint8Array(used * 2);
      letters.set(this.#letters);
      this.#letters = letters;
    }
    for (let i = start, at = this.#lettersUsed; i < end; i++) this.#letters[at++] = this.#codes[i]!;
    this.#lettersUsed = used;
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

const encoder = new TextEncoder();

/** A text's characters, those that are not ASCII as a number that no line which is read here holds. */
function codesOf(text: string): Uint8Array {
  const codes = new Uint8Array(text.length);
  // As many bytes as characters: all were ASCII.
  const { read, written } = encoder.encodeInto(text, codes);
  if (read === text.length && written === text.length) return codes;
  for (let i = 0; i < text.length; i++) codes[i] = Math.min(text.charCodeAt(i), OTHER);
  return codes;
}
