/** A line longer than this is no line of an export: the largest policy takes a few megabytes. */
export const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Cuts chunks into lines, as views of the chunks where a line lies in one. Answers through `take`, with the offset of the
 * line in the whole; a last line without a newline is handed to `rest`.
 */
export class Lines {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #offset = 0;

  constructor(private readonly take: (line: Uint8Array, byte: number) => void) {}

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** False once a line is longer than any may be: what follows is not looked at. */
  push(chunk: Uint8Array): boolean {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, from);
      if (end < 0) break;
      const line = chunk.subarray(from, end);
      const whole = this.#heldBytes === 0 ? line : this.#joined(line);
      const byte = this.#offset;
      this.#offset += whole.length + 1;
      from = end + 1;
      this.take(whole, byte);
    }
    if (from < chunk.length) {
      this.#held.push(chunk.slice(from));
      this.#heldBytes += chunk.length - from;
    }
    return this.#heldBytes <= LONGEST_LINE;
  }

  /** What stands after the last newline. */
  rest(): { readonly line: Uint8Array; readonly byte: number } | null {
    return this.#heldBytes === 0 ? null : { line: this.#joined(new Uint8Array(0)), byte: this.#offset };
  }

  #joined(last: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#heldBytes + last.length);
    let at = 0;
    for (const part of [...this.#held, last]) {
      whole.set(part, at);
      at += part.length;
    }
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }
}
