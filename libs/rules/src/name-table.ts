import type { Sliced } from './closure';
import { isNamed, isWide, packedWords, packInto, WIDE } from './packed-names';

/**
 * Tables of names laid out as numbers, many policies in one piece of memory. What a decision needs of a policy is then a
 * handful of lines that lie together: a process that holds hundreds of policies waits for memory far more than it
 * computes, and a `Map` of its own for each policy is five places to wait for at each look-up.
 *
 * A table is a row of cells of the same size, and a name's hash says in which its record is: no list of places is read
 * first. A record that found its cell full is spilt: the cell's last word leads to it, and it to the next one. A record is
 * its name's hash, a word that says how it is made up, the name, and as many words of the user's as it likes.
 */
export interface Table {
  /** Where the cells begin, and how many there are. */
  readonly at: number;
  readonly cells: number;
}

/** Words of a cell, two lines of the processor's cache, and which of them leads to what did not find room. */
const CELL = 32;
const LINK = CELL - 1;
/** Words of records for each cell: two thirds of it stay free, and hardly a record is spilt, which costs a second wait. */
const FILL = 11;
const MOST_CELLS = 0xffff;

/**
 * Words of the first piece of memory and of the largest, two megabytes; each has twice those of the piece before. A piece
 * is reached through its head, which is seldom looked for where a process with many policies has few of them. One policy
 * that outlives its neighbours keeps no more than this alive.
 */
const LEAST_WORDS = 32_768;
const MOST_WORDS = 524_288;
/** A table larger than this has a piece of its own. */
const LARGE_WORDS = 8_192;
/** Words of a line of the processor's cache, and those of a piece that usually come before its first whole one. */
const LINE_WORDS = 16;
const BEFORE_LINE = 12;

let piece = new Int32Array(0);
let used = 0;

/** Room for `count` words, beside that of other policies. Collected with the last policy in the same piece. */
function roomFor(count: number): { readonly words: Int32Array; readonly at: number } {
  if (count > LARGE_WORDS) return { words: new Int32Array(count + BEFORE_LINE), at: BEFORE_LINE };
  if (used + count > piece.length) {
    piece = new Int32Array(Math.min(MOST_WORDS, Math.max(LEAST_WORDS, piece.length * 2)));
    used = BEFORE_LINE;
  }
  const at = used;
  used += Math.ceil(count / LINE_WORDS) * LINE_WORDS;
  return { words: piece, at };
}

/** Drawn anew in each process: nobody can choose names that all fall into one cell. */
const [SEED = 0] = globalThis.crypto.getRandomValues(new Int32Array(1));

export function hashOf(name: string): number {
  let hash = SEED;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The upper half of a hash, spread over `cells`. */
const cellOf = (hash: number, cells: number): number => Math.imul(hash >>> 16, cells) >>> 16;

/** A record: hash; how it is made up; then the name, then the user's words. */
const HEAD = 2;
const META = 1;
/**
 * The second word, from its lowest bit: how the name is packed, its length, how many words follow it, and a number of the
 * user's, two more than it is: no record's word is 0. A record with more of either has both in full behind its name.
 */
const LENGTH_BITS = 8;
const MOST_LENGTH = (1 << LENGTH_BITS) - 1;
const COUNT_SHIFT = LENGTH_BITS + 1;
const COUNT_BITS = 11;
const IN_FULL = (1 << COUNT_BITS) - 1;
const FIRST_SHIFT = COUNT_SHIFT + COUNT_BITS;
const MOST_FIRST = 4_093;
const FULL_WORDS = 2;

/** A look-up that was begun: both lines of its cell are on their way from memory while others are begun. */
export interface LookUp {
  readonly hash: number;
  readonly cell: number;
  /** The first record's hash, and where those are that found no room. */
  readonly first: number;
  readonly spilt: number;
}

export function beginLookUp(words: Int32Array, { at, cells }: Table, name: string): LookUp {
  const hash = hashOf(name);
  const cell = at + cellOf(hash, cells) * CELL;
  return { hash, cell, first: words[cell]!, spilt: words[cell + LINK]! };
}

/** Where the record of exactly this name begins, by the look-up begun for it; -1 where there is none. */
export function endLookUp(words: Int32Array, { hash, cell, first, spilt }: LookUp, name: string): number {
  const last = cell + LINK - HEAD;
  let held = first;
  for (let at = cell; ; held = words[at]!) {
    const meta = words[at + META]!;
    if (meta === 0) break;
    if (held === hash && isRecordOf(words, at, name)) return at;
    at += sizeOf(words, at);
    if (at > last) break;
  }
  for (let link = spilt; link !== 0; link = words[link]!) {
    if (words[link + 1] === hash && isRecordOf(words, link + 1, name)) return link + 1;
  }
  return -1;
}

export const findName = (words: Int32Array, table: Table, name: string): number =>
  endLookUp(words, beginLookUp(words, table, name), name);

/** INVARIANT: a record is found by its whole name, never by its hash alone. */
function isRecordOf(words: Int32Array, record: number, name: string): boolean {
  const meta = words[record + META]!;
  return lengthOf(meta) === name.length && isNamed(words, record + HEAD, { name, wide: (meta & WIDE) !== 0 });
}

const lengthOf = (meta: number): number => (meta >> 1) & MOST_LENGTH;
const nameWords = (meta: number): number => packedWords(lengthOf(meta), (meta & WIDE) !== 0);
const isInFull = (meta: number): boolean => ((meta >> COUNT_SHIFT) & IN_FULL) === IN_FULL;
const behindName = (words: Int32Array, record: number): number => record + HEAD + nameWords(words[record + META]!);

/** Of a record: the number, where the words after its name begin, and how many they are. */
export function firstOf(words: Int32Array, record: number): number {
  const meta = words[record + META]!;
  return isInFull(meta) ? words[behindName(words, record) + 1]! : (meta >>> FIRST_SHIFT) - 2;
}
export const restOf = (words: Int32Array, record: number): number =>
  behindName(words, record) + (isInFull(words[record + META]!) ? FULL_WORDS : 0);
export function countOf(words: Int32Array, record: number): number {
  const meta = words[record + META]!;
  return isInFull(meta) ? words[behindName(words, record)]! : (meta >> COUNT_SHIFT) & IN_FULL;
}

const sizeOf = (words: Int32Array, record: number): number => restOf(words, record) + countOf(words, record) - record;

/** Names handled between two places where the work may pause. */
const STRIDE = 256;

/** Memory in which a draft was written before, for the next one; none while it is in use. */
let spare: Int32Array | null = null;
const FIRST_WORDS = 8_192;
/** What is kept for the next draft at most. */
const MOST_SPARE = 65_536;

/** Records before they have a place, in tables that will stand together. */
export class TableDraft {
  #words: Int32Array;
  #used = 0;
  /** Of each table, where its records are; and where those are that no name leads to. */
  readonly #tables: number[][] = [];
  readonly #unnamed: number[] = [];
  #open = 0;
  #first = 0;

  constructor() {
    this.#words = spare ?? new Int32Array(FIRST_WORDS);
    spare = null;
  }

  /** Begins a table; records begun from now on are in it. */
  table(): void {
    this.#tables.push([]);
  }

  /**
   * Begins a record; with null for a name, one that is reached in another way. What `settle` tells its place by. `hash`:
   * that of the name, where it is at hand.
   */
  begin(name: string | null, hash: number | null = null): number {
    this.#close();
    const start = this.#used;
    this.#open = start;
    this.#first = 0;
    const { length } = name ?? '';
    if (length > MOST_LENGTH) throw new Error(`a name of ${length} characters has no room in a table`);
    this.#reserve(HEAD + length);
    const words = this.#words;
    words.fill(0, start, start + HEAD);
    this.#used = start + HEAD;
    if (name === null) return this.#unnamed.push(start) - 1;
    const wide = isWide(name);
    words[start] = hash ?? hashOf(name);
    words[start + META] = (length << 1) | (wide ? WIDE : 0);
    this.#used = packInto(words, this.#used, { name, wide });
    return this.#tables.at(-1)!.push(start) - 1;
  }

  /** One more word of the record begun last. */
  push(word: number): void {
    this.#reserve(1);
    this.#words[this.#used++] = word;
  }

  /** The number of the record begun last, -1 or more; 0 unless told. */
  number(first: number): void {
    this.#first = first;
  }

  #reserve(count: number): void {
    if (this.#used + count <= this.#words.length) return;
    const larger = new Int32Array((this.#used + count) * 2);
    larger.set(this.#words);
    this.#words = larger;
  }

  /** Writes how the record begun last is made up. */
  #close(): void {
    if (this.#used === 0) return;
    const record = this.#open;
    const behind = behindName(this.#words, record);
    const count = this.#used - behind;
    if (count < IN_FULL && this.#first <= MOST_FIRST) {
      this.#words[record + META]! |= (count << COUNT_SHIFT) | ((this.#first + 2) << FIRST_SHIFT);
      return;
    }
    this.#reserve(FULL_WORDS);
    this.#words.copyWithin(behind + FULL_WORDS, behind, this.#used);
    this.#used += FULL_WORDS;
    this.#words[behind] = count;
    this.#words[behind + 1] = this.#first;
    this.#words[record + META]! |= (IN_FULL << COUNT_SHIFT) | (1 << FIRST_SHIFT);
  }

  /** Gives everything its place; `unnamed` are the places of the records no name leads to, in the order of their making. */
  *settle(): Sliced<Settled> {
    this.#close();
    const plans: Plan[] = [];
    let size = 0;
    for (const records of this.#tables) {
      const plan = yield* this.#plan(records, size);
      size = plan.end;
      plans.push(plan);
    }
    const others = size;
    for (const start of this.#unnamed) size += this.#sizeOf(start);
    const { words, at } = roomFor(size);
    for (const plan of plans) yield* this.#put(plan, words, at);
    let place = at + others;
    const unnamed = this.#unnamed.map((start) => {
      const mine = place;
      this.#copy(start, words, mine);
      place += this.#sizeOf(start);
      return mine;
    });
    // Nothing of this draft is read again: whoever comes next writes over it.
    if (this.#words.length <= MOST_SPARE) spare = this.#words;
    return { words, tables: plans.map((plan) => ({ at: at + plan.from, cells: plan.cells })), unnamed };
  }

  #sizeOf(start: number): number {
    return sizeOf(this.#words, start);
  }

  /** Where each record of a table goes, counted from the first of all tables. */
  *#plan(records: readonly number[], from: number): Sliced<Plan> {
    const total = records.reduce((sum, start) => sum + this.#sizeOf(start), 0);
    const cells = Math.min(MOST_CELLS, Math.max(1, Math.ceil(total / FILL)));
    const filled = new Uint8Array(cells);
    const places: number[] = [];
    const spilt: number[] = [];
    let end = from + cells * CELL;
    for (let i = 0; i < records.length; i++) {
      const start = records[i]!;
      const size = this.#sizeOf(start);
      const cell = cellOf(this.#words[start]!, cells);
      if (filled[cell]! + size <= LINK) {
        places.push(from + cell * CELL + filled[cell]!);
        filled[cell]! += size;
      } else {
        spilt.push(places.length);
        places.push(end + 1);
        end += 1 + size;
      }
      if (places.length % STRIDE === 0) yield;
    }
    return { records, from, cells, places, spilt, end };
  }

  *#put({ records, from, cells, places, spilt }: Plan, words: Int32Array, at: number): Sliced<void> {
    for (let i = 0; i < records.length; i++) {
      this.#copy(records[i]!, words, at + places[i]!);
      if (i % STRIDE === 0) yield;
    }
    for (const i of spilt) {
      const link = at + from + cellOf(this.#words[records[i]!]!, cells) * CELL + LINK;
      const place = at + places[i]! - 1;
      words[place] = words[link]!;
      words[link] = place;
    }
  }

  #copy(start: number, words: Int32Array, to: number): void {
    const size = this.#sizeOf(start);
    for (let i = 0; i < size; i++) words[to + i] = this.#words[start + i]!;
  }
}

export interface Settled {
  readonly words: Int32Array;
  readonly tables: readonly Table[];
  readonly unnamed: readonly number[];
}

/** A table before there is memory for it. */
interface Plan {
  readonly records: readonly number[];
  readonly from: number;
  readonly cells: number;
  readonly places: readonly number[];
  /** Which of the records found their cell full. */
  readonly spilt: readonly number[];
  readonly end: number;
}
