import type { Brand } from '@writ/kernel';
import type { Sliced } from './closure';

/**
 * Tables of names laid out as numbers, many policies in one piece of memory. What a decision needs of a policy is then a
 * handful of lines that lie together: a process that holds hundreds of policies waits for memory far more than it
 * computes, and a `Map` of its own for each policy is five places to wait for at each look-up.
 *
 * A table is a row of buckets and the records they lead to. A record is its name's hash, the name's length, two numbers
 * of the user's, the name two characters to a word, and as many words of the user's as it likes.
 */
export type Table = Brand<number, 'NameTable'>;

/** Where the buckets begin and how many there are, a power of two, in one number: whoever keeps a table keeps no object. */
const tableAt = (at: number, bits: number): Table => ((at << BITS_BITS) | bits) as Table;
const BITS_BITS = 5;
const startOf = (table: Table): number => table >> BITS_BITS;
const maskOf = (table: Table): number => (1 << (table & ((1 << BITS_BITS) - 1))) - 1;

/** Words of one piece of memory. One policy that outlives its neighbours keeps no more than this alive. */
const PIECE_WORDS = 32_768;
/** A table larger than this has a piece of its own. */
const LARGE_WORDS = 8_192;
/** Words of a line of the processor's cache, on which each table begins. */
const LINE_WORDS = 16;

let piece = new Int32Array(0);
let used = 0;

/** Room for `count` words, beside that of other policies. Collected with the last policy in the same piece. */
function roomFor(count: number): { readonly words: Int32Array; readonly at: number } {
  if (count > LARGE_WORDS) return { words: new Int32Array(count), at: 0 };
  if (used + count > piece.length) {
    piece = new Int32Array(PIECE_WORDS);
    used = 0;
  }
  const at = used;
  used += Math.ceil(count / LINE_WORDS) * LINE_WORDS;
  return { words: piece, at };
}

/** Drawn anew in each process: nobody can choose names that all fall into one bucket. */
const [SEED = 0] = globalThis.crypto.getRandomValues(new Int32Array(1));

function hashOf(name: string): number {
  let hash = SEED;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** A bucket holds a record's place, and eight bits of its hash so that other names' records are not touched. */
const PLACE_BITS = 24;
const PLACE = (1 << PLACE_BITS) - 1;

/** Words of a record before its name. */
const HEAD = 4;

/** A look-up that was begun: its first bucket is on its way from memory while others are begun. */
export interface LookUp {
  readonly table: Table;
  readonly hash: number;
  readonly bucket: number;
}

export function beginLookUp(words: Int32Array, table: Table, name: string): LookUp {
  const hash = hashOf(name);
  return { table, hash, bucket: words[startOf(table) + (hash & maskOf(table))]! };
}

/** Where the record of exactly this name begins, by the look-up begun for it; -1 where there is none. */
export function endLookUp(words: Int32Array, { table, hash, bucket }: LookUp, name: string): number {
  const at = startOf(table);
  const mask = maskOf(table);
  let slot = hash & mask;
  for (let held = bucket; held !== 0; held = words[at + slot]!) {
    if (((held ^ hash) & ~PLACE) === 0) {
      const record = held & PLACE;
      if (words[record] === hash && isNamed(words, record, name)) return record;
    }
    slot = (slot + 1) & mask;
  }
  return -1;
}

export const findName = (words: Int32Array, table: Table, name: string): number =>
  endLookUp(words, beginLookUp(words, table, name), name);

/** INVARIANT: a record is found by its whole name, never by its hash alone. */
function isNamed(words: Int32Array, record: number, name: string): boolean {
  const { length } = name;
  if (words[record + 1] !== length) return false;
  let at = record + HEAD;
  let i = 0;
  for (; i + 1 < length; i += 2) {
    if (words[at++] !== (name.charCodeAt(i) | (name.charCodeAt(i + 1) << 16))) return false;
  }
  return i === length || words[at] === name.charCodeAt(i);
}

/** Of a record: the two numbers, and where the words after its name begin. */
export const firstOf = (words: Int32Array, record: number): number => words[record + 2]!;
export const secondOf = (words: Int32Array, record: number): number => words[record + 3]!;
export const restOf = (words: Int32Array, record: number): number => record + HEAD + ((words[record + 1]! + 1) >> 1);

/** Names handled between two places where the work may pause. */
const STRIDE = 16;

/** Records before they have a place, in tables that will stand together. */
export class TableDraft {
  readonly #words: number[] = [];
  /** Of each table: hash and start of each record, in turn. */
  readonly #tables: number[][] = [];
  #open = 0;

  /** Begins a table; records begun from now on are in it. */
  table(): void {
    this.#tables.push([]);
  }

  /** Begins a record; with null for a name, one that is reached in another way. Where it will be, counted from the first. */
  begin(name: string | null): number {
    const words = this.#words;
    const start = words.length;
    this.#open = start;
    if (name === null) {
      words.push(0, 0, 0, 0);
      return start;
    }
    const hash = hashOf(name);
    this.#tables.at(-1)!.push(hash, start);
    const { length } = name;
    words.push(hash, length, 0, 0);
    let i = 0;
    for (; i + 1 < length; i += 2) words.push(name.charCodeAt(i) | (name.charCodeAt(i + 1) << 16));
    if (i < length) words.push(name.charCodeAt(i));
    return start;
  }

  /** One more word of the record begun last. */
  push(word: number): void {
    this.#words.push(word);
  }

  /** The two numbers of the record begun last. */
  count(first: number, second: number): void {
    this.#words[this.#open + 2] = first;
    this.#words[this.#open + 3] = second;
  }

  /** Gives everything its place; `from` is where the first record begins. */
  *settle(): Sliced<{ readonly words: Int32Array; readonly tables: readonly Table[]; readonly from: number }> {
    const bits = this.#tables.map((records) => bitsFor(records.length / 2));
    const buckets = bits.reduce((sum, one) => sum + 2 ** one, 0);
    const size = buckets + this.#words.length;
    if (size > PLACE) throw new Error(`a table of ${size} words has no room for its places`);
    const { words, at } = roomFor(size);
    const from = at + buckets;
    words.set(this.#words, from);
    yield;
    const tables: Table[] = [];
    let start = at;
    let steps = 0;
    for (const [i, records] of this.#tables.entries()) {
      const table = tableAt(start, bits[i]!);
      for (let j = 0; j < records.length; j += 2) {
        put(words, table, { hash: records[j]!, record: from + records[j + 1]! });
        if (++steps % STRIDE === 0) yield;
      }
      tables.push(table);
      start += maskOf(table) + 1;
    }
    return { words, tables, from };
  }
}

/** At least twice as many buckets as names. */
const bitsFor = (names: number): number => Math.ceil(Math.log2(Math.max(2, names * 2)));

function put(
  words: Int32Array,
  table: Table,
  { hash, record }: { readonly hash: number; readonly record: number },
): void {
  const at = startOf(table);
  const mask = maskOf(table);
  let slot = hash & mask;
  while (words[at + slot] !== 0) slot = (slot + 1) & mask;
  words[at + slot] = (hash & ~PLACE) | record;
}
