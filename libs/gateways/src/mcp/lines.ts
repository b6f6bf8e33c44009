const NEWLINE = 0x0a;
const EDGE = 1_024;
/** Our request ids are numbers; they stand at the edge of a response, before or after its `result`. */
const HEAD_ID = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,15})\s*,/;
const TAIL_ID = /,\s*"id"\s*:\s*(\d{1,15})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;

export interface LineEvents {
  line(text: string): void;
  /** A line beyond the cap was thrown away as it came; `id` is the request it answered, if that can be told. */
  oversized(id: number | null): void;
}

/**
 * Splits a byte stream into lines, holding at most `cap()` bytes of one. A longer line is discarded as it arrives, only
 * its edges kept to tell which request it answered: one giant answer must not end the calls beside it.
 */
export class LineReader {
  private parts: Buffer[] = [];
  private size = 0;
  private discarding = false;
  private head = '';
  private tail = Buffer.alloc(0);

  constructor(
    private readonly cap: () => number,
    private readonly events: LineEvents,
  ) {}

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end === -1) break;
      this.take(chunk.subarray(from, end));
      this.endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.take(chunk.subarray(from));
  }

  private take(part: Buffer): void {
    this.size += part.length;
    if (this.discarding) {
      this.tail = Buffer.concat([this.tail, part.subarray(-EDGE)]).subarray(-EDGE);
      return;
    }
    this.parts.push(part);
    if (this.size <= this.cap()) return;
    const held = Buffer.concat(this.parts);
    this.head = held.subarray(0, EDGE).toString('utf8');
    this.tail = Buffer.from(held.subarray(-EDGE));
    this.parts = [];
    this.discarding = true;
  }

  private endLine(): void {
    if (this.discarding) {
      const id = HEAD_ID.exec(this.head)?.[1] ?? TAIL_ID.exec(this.tail.toString('utf8'))?.[1];
      this.events.oversized(id === undefined ? null : Number(id));
    } else if (this.size > 0) {
      const whole = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
      this.events.line(whole.toString('utf8').replace(/\r$/, ''));
    }
    this.parts = [];
    this.size = 0;
    this.discarding = false;
  }
}
