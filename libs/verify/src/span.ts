import { sha256Hex, sha256Into } from '@writ/kernel';
import { SPAN } from './export-lines';
import { HASH_BYTES } from './hashing';

/** Event lines a span may grow to before it is given up: a line too many in each place still leaves the rest readable. */
const MOST = 2 * SPAN;

const NIBBLE = new Uint8Array(128);
for (let i = 0; i < 16; i++) NIBBLE[i.toString(16).charCodeAt(0)] = i;

/** Event lines since the log's last word about them, with their hashes; everything here is reused for the next span. */
export class Span {
  readonly lines: Uint8Array[] = [];
  /** Where each line begins in the file; −1 for a log that is no file. */
  readonly bytes: number[] = [];
  /** SHA-256 of each line, in hexadecimal: the entry, and what the next event of the run names as `prev`. */
  readonly hashes: string[] = [];
  readonly leaves = new Uint8Array(MOST * HASH_BYTES);
  readonly #prefixed = new Uint8Array(1 + HASH_BYTES);

  get count(): number {
    return this.lines.length;
  }

  get full(): boolean {
    return this.lines.length === MOST;
  }

  add(line: Uint8Array, byte: number): void {
    this.bytes.push(byte);
    this.lines.push(line);
  }

  /** Hashes all lines. Everything of one kind at a time: the hash of one line, then the leaf hash of the 32 bytes. */
  hash(): void {
    const { lines, hashes, leaves } = this;
    const prefixed = this.#prefixed;
    for (let i = 0; i < lines.length; i++) {
      const hash = sha256Hex(lines[i]!);
      hashes.push(hash);
      for (let k = 0; k < HASH_BYTES; k++) {
        prefixed[k + 1] = (NIBBLE[hash.charCodeAt(2 * k)]! << 4) | NIBBLE[hash.charCodeAt(2 * k + 1)]!;
      }
      sha256Into(prefixed, leaves, i * HASH_BYTES);
    }
  }

  clear(): void {
    this.lines.length = 0;
    this.bytes.length = 0;
    this.hashes.length = 0;
  }
}
