import { sha256Hex } from '@writ/kernel';
import { toBase64 } from './base64';
import { HASH_BYTES } from './hashing';
import { cover } from './ranges';

// The lines of an export that are ours, as docs/reference/export-format.md describes them.

/** Event lines between two `leaves` lines. */
export const SPAN = 256;
/** How every line of ours begins; no event does. */
export const OURS = '{"$writ":"';

export interface ExportHeader {
  /** Origin of the checkpoints. */
  readonly origin: string;
  readonly tenant: string;
  readonly generation: number;
  /** vkeys in the order of their use. */
  readonly keys: readonly string[];
  /** Leaves of the newest checkpoint. */
  readonly size: number;
  readonly unsealed: number;
  /** RFC 3339 UTC. */
  readonly made_at: string;
}

/**
 * Writes an export, line by line in the order the format demands: header, policies, then events, gaps and checkpoints by
 * index, then the end. Pure: every method answers with the text that comes next. Throws on what would not be an export,
 * such as a checkpoint in the wrong place: that is a defect of the caller.
 */
export class ExportWriter {
  #sum = '';
  #index = 0;
  #events = 0;
  #size = 0;
  #pending = 0;
  readonly #leaves = new Uint8Array(SPAN * HASH_BYTES);

  header(header: ExportHeader): string {
    const { origin, tenant, generation, keys, size, unsealed, made_at } = header;
    this.#size = size;
    return this.#ours('export', { format: 1, origin, tenant, generation, keys, size, unsealed, made_at });
  }

  /** A policy snapshot; `body` exactly as it was stored under `digest`. */
  policy(digest: string, body: string): string {
    return this.#ours('policy', { digest, body });
  }

  /** The next event: its exact line without a newline, and its leaf hash as the log holds it. */
  event(line: string, leafHash: Uint8Array): string {
    this.#leaves.set(leafHash, this.#pending * HASH_BYTES);
    this.#pending += 1;
    this.#events += 1;
    this.#index += 1;
    return this.#pending === SPAN ? `${line}\n${this.#spanEnd()}` : `${line}\n`;
  }

  /** Indices [here, to) are not shown; `hashes` are the roots of the subtrees that `cover({ start: here, end: to })` names. */
  gap(to: number, hashes: readonly Uint8Array[]): string {
    const from = this.#index;
    const wanted = cover({ start: from, end: to }).length;
    if (to <= from || hashes.length !== wanted) {
      throw new Error(`a gap from ${from} to ${to} takes ${wanted} hashes, not ${hashes.length}`);
    }
    this.#index = to;
    return this.#ours('gap', { from, to, hashes: hashes.map(toBase64) });
  }

  /** A signed checkpoint as it was issued, of the size reached here. */
  checkpoint(text: string): string {
    const size = text.split('\n', 2)[1];
    if (size !== String(this.#index)) throw new Error(`a checkpoint of ${size} does not stand at ${this.#index}`);
    return this.#ours('checkpoint', { text });
  }

  end(): string {
    if (this.#index !== this.#size) throw new Error(`the export ends at ${this.#index}, its header says ${this.#size}`);
    return `${this.#spanEnd()}${this.#ours('end', { events: this.#events })}`;
  }

  #spanEnd(): string {
    if (this.#pending === 0) return '';
    const count = this.#pending;
    this.#pending = 0;
    return this.#ours('leaves', { count, hashes: toBase64(this.#leaves.subarray(0, count * HASH_BYTES)) });
  }

  #ours(kind: string, members: object): string {
    const { text, sum } = sealLine(this.#sum, JSON.stringify({ $writ: kind, ...members }));
    this.#sum = sum;
    return `${text}\n`;
  }
}

/** `line` with its sum added as the last member; `before` is the sum of our line before, empty for the first. */
function sealLine(before: string, line: string): { readonly text: string; readonly sum: string } {
  const open = line.slice(0, -1);
  const sum = sha256Hex(before + open);
  return { text: `${open},"sum":"${sum}"}`, sum };
}
