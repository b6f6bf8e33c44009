import { scan, Scan } from './scan';

const PREV = ',"prev":"';
const RUN = '"run":"';
const RESULT = '"result":"';
const RUN_SEQ = '","run_seq":';
const USAGE = ',"usage":{';
const HASH_DIGITS = 64;
/** Characters an event's end is read from at first, and when more of it turned out to be needed. */
const SHORT_TAIL = 384;
const TAIL = 512;
const NOT_ASCII = /[^\x20-\x7e]/;
/** Distances from the end of a line at which `prev` was found of late. */
const REMEMBERED = 16;

/**
 * The few members of an event that chains are checked by. Member names ascend in canonical JSON, so all of them stand near
 * the end, after the nested and the long ones; reading only that end costs a fifth of scanning the event. What is found
 * there is exactly what a parser would find, given that the line is canonical JSON, which the content check holds it to.
 */
export class Outline {
  run = '';
  seq = 0;
  #tail = '';
  #length = SHORT_TAIL;
  #prev = 0;
  #prevEnd = 0;
  readonly #decoder = new TextDecoder();
  readonly #distances: number[] = [];
  readonly #scan = new Scan();

  /** Hash of the event before in the same chain, in hexadecimal. */
  get prev(): string {
    return this.#tail.slice(this.#prev, this.#prevEnd);
  }

  /** Whether `prev` is `hash`: asked of every event, so without making a text of it. */
  follows(hash: string): boolean {
    return this.#prevEnd - this.#prev === hash.length && this.#tail.startsWith(hash, this.#prev);
  }

  /** False when the line has not the outline of an event. */
  read(line: Uint8Array): boolean {
    const length = this.#length;
    return this.#fromTail(this.#text(line, Math.max(0, line.length - length))) || this.#fromAll(line);
  }

  /** The line from a byte on, for its ASCII parts: Node's own slice takes half the time of a decoder. */
  #text(line: Uint8Array & { latin1Slice?: (from: number, end: number) => string }, from: number): string {
    return line.latin1Slice?.(from, line.length) ?? this.#decoder.decode(line.subarray(from));
  }

  /**
   * Why this is sound: the comma of `,"prev":"` stands outside every text, since a quote follows it that no backslash
   * escapes and after which no text could go on so. And it stands in the outermost object: no brace closes before the
   * last one, but that of a `usage` object without braces in it, which is opened after.
   */
  #fromTail(tail: string): boolean {
    const at = this.#find(tail);
    if (at < 0 || tail.indexOf('\\', at) >= 0) return false;
    const brace = tail.indexOf('{', at);
    const last = tail.length - 1;
    if (brace >= 0) {
      if (!tail.startsWith(USAGE, brace - USAGE.length + 1) || tail.indexOf('{', brace + 1) >= 0) return false;
      if (tail.indexOf('}', at) !== last - 1 || !tail.endsWith('}}')) return false;
    } else if (tail.indexOf('}', at) !== last) {
      return false;
    }
    const prev = at + PREV.length;
    let next = prev + HASH_DIGITS + 2;
    if (!tail.startsWith('",', next - 2)) return false;
    if (tail.startsWith(RESULT, next)) next = tail.indexOf('"', next + RESULT.length) + 2;
    if (!tail.startsWith(RUN, next)) return false;
    const run = next + RUN.length;
    const again = this.run !== '' && tail.startsWith(this.run, run);
    const runEnd = again ? run + this.run.length : tail.indexOf('"', run);
    if (!tail.startsWith(RUN_SEQ, runEnd)) return false;
    const seq = wholeAt(tail, runEnd + RUN_SEQ.length);
    if (seq < 0) return false;
    if (!again) {
      const name = tail.slice(run, runEnd);
      // Names of runs are ASCII; one that is not is read from its bytes, so that it is one name however it was read.
      if (NOT_ASCII.test(name)) return false;
      this.run = name;
    }
    this.seq = seq;
    this.#tail = tail;
    this.#prev = prev;
    this.#prevEnd = prev + HASH_DIGITS;
    return true;
  }

  /** Where `,"prev":"` stands: nearly always as far from the end as in one of the last few events. */
  #find(tail: string): number {
    const distances = this.#distances;
    for (let i = 0; i < distances.length; i++) {
      const distance = distances[i]!;
      if (tail.startsWith(PREV, tail.length - distance)) {
        if (i > 0) [distances[i - 1], distances[i]] = [distance, distances[i - 1]!];
        return tail.length - distance;
      }
    }
    const at = tail.lastIndexOf(PREV);
    if (at >= 0) {
      if (distances.length === REMEMBERED) distances.pop();
      distances.push(tail.length - at);
    }
    return at;
  }

  #fromAll(line: Uint8Array): boolean {
    const found = this.#scan;
    if (!scan(line, found)) return false;
    this.run = this.#decoder.decode(line.subarray(found.run, found.runEnd));
    this.seq = found.seq;
    this.#tail = latin1(line, found.prev, found.prevEnd);
    if (line.length - found.prev < TAIL - PREV.length) this.#length = TAIL;
    this.#prev = 0;
    this.#prevEnd = this.#tail.length;
    return true;
  }
}

/** A whole number that a comma ends, or −1. */
function wholeAt(text: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 11; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit === 0x2c - 0x30) return at > from && (value === 0 ? at === from + 1 : text[from] !== '0') ? value : -1;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return -1;
}

export function latin1(bytes: Uint8Array, from: number, end: number): string {
  let text = '';
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
