import { type HeldCheckpoint, LogCheck, type OutsideCheckpoint } from './check';
import { Content, type DecisionCounts } from './content';
import { type Checkpoint, parseCheckpoint } from './checkpoint';
import { isOurs, OurLines, readHeader, type ReadHeader, takeOurs } from './export-file';
import { LONGEST_LINE, Lines } from './lines';
import { formatVkey, parseNote, type VerifierKey } from './note';
import { type Problem, Problems, quote } from './report';
import type { KeyUse } from './succession';

/** What whoever checks brings along; a log is believed for nothing else. */
export interface Trust {
  /** Verifier keys of the log that came by another way than the file. */
  readonly keys: readonly VerifierKey[];
  /** Signed checkpoints that were kept outside; the log must be what they were issued for. */
  readonly checkpoints?: readonly string[];
  /** Signed checkpoints the log must agree with too, which vouch for nothing: those its own server serves. */
  readonly alike?: readonly string[];
  /** Believe the keys the file itself names: shows that it is whole, not that it is genuine. */
  readonly acceptEmbedded?: boolean;
}

export interface Progress {
  readonly bytes: number;
  readonly events: number;
  /** Index reached, and where the log ends. */
  readonly index: number;
  readonly size: number;
  readonly problems: number;
}

export interface VerifyOptions {
  readonly trust: Trust;
  /** Also whether events are canonical and verdicts follow from their reasons; true unless said otherwise. */
  readonly content?: boolean;
  /** Called after each chunk. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/**
 * - `intact`: everything that is claimed holds, as far as `trust` says
 * - `broken`: `problems` says what does not
 * - `unknown_key`: none of the keys it names was known; nothing was checked
 */
export type Verdict = 'intact' | 'broken' | 'unknown_key';

export interface Report {
  readonly verdict: Verdict;
  readonly origin: string | null;
  readonly tenant: string | null;
  readonly generation: number | null;
  readonly made_at: string | null;
  /** Leaves of the newest checkpoint, and how many of them are under a checkpoint that fits the events. */
  readonly size: number;
  readonly proven: number;
  /** What stands behind it, and up to which index (exclusive). */
  readonly trust: { readonly by: 'key' | 'checkpoint' | 'embedded' | 'nothing'; readonly through: number };
  readonly events: number;
  readonly hidden: number;
  /** Recorded when the export was made and under no checkpoint yet; not in it. */
  readonly unsealed: number;
  readonly runs: number;
  readonly checkpoints: number;
  readonly keys: readonly KeyUse[];
  /** Signatures of keys nobody here knows. */
  readonly other_signatures: readonly {
    readonly name: string;
    readonly key_id: string;
    readonly kind: string;
    readonly checkpoints: number;
  }[];
  readonly outside: readonly OutsideCheckpoint[];
  readonly decisions: DecisionCounts;
  /** The first hundred, in the order of the file; how many there are in all. */
  readonly problems: readonly Problem[];
  readonly problem_count: number;
  readonly bytes: number;
  /** Milliseconds: in all, and of these on content. */
  readonly ms: number;
  readonly content_ms: number;
}

/** Checks an export as it comes; see `verifyExport`. */
class ExportCheck {
  readonly #problems = new Problems();
  readonly #ours = new OurLines(this.#problems);
  readonly #lines = new Lines((line, byte) => this.#line(line, byte));
  readonly #started = performance.now();
  #header: ReadHeader | null = null;
  #check: LogCheck | null = null;
  #content: Content | null = null;
  #unknown = false;
  #stopped = false;
  #ended = false;

  constructor(
    private readonly options: VerifyOptions,
    private readonly outside: readonly HeldCheckpoint[],
  ) {}

  /** False when nothing after this needs to be read. */
  async push(chunk: Uint8Array): Promise<boolean> {
    if (!this.#lines.push(chunk)) {
      this.#stop(`A line is longer than ${LONGEST_LINE} bytes: this is no export.`, this.#lines.offset);
    }
    await this.#check?.signatures(MOST_SIGNATURES);
    this.options.onProgress?.({
      bytes: this.#lines.offset,
      events: this.#check?.events ?? 0,
      index: this.#check?.next ?? 0,
      size: this.#header?.size ?? 0,
      problems: this.#problems.total,
    });
    return !this.#stopped;
  }

  #stop(message: string, byte: number): void {
    this.#stopped = true;
    this.#problems.add({ fault: 'foreign', message, byte });
  }

  #line(line: Uint8Array, byte: number): void {
    if (this.#stopped) return;
    if (this.#check === null) return this.#begin(line, byte);
    const check = this.#check;
    if (this.#ended) {
      this.#stopped = true;
      return this.#problems.add({ fault: 'order', message: 'There is something after the end.', byte });
    }
    if (!isOurs(line)) return check.event(line, byte);
    const read = this.#ours.read(line, byte);
    if (read === null) return;
    if (read.kind === 'end') return this.#end(read.members['events'], byte);
    if (read.kind === 'policy') return this.#content?.policy(read.members['digest'], read.members['body'], byte);
    takeOurs(check, { ...read, byte });
  }

  #begin(line: Uint8Array, byte: number): void {
    const read = isOurs(line) ? this.#ours.read(line, byte) : null;
    const header = read === null ? 'its first line is not the header of an export' : readHeader(read.members);
    if (typeof header === 'string') return this.#stop(`This is no export of a log: ${header}.`, byte);
    this.#header = header;
    const { trust } = this.options;
    const named = header.keys.map(formatVkey);
    if (
      !trust.keys.some((key) => named.includes(formatVkey(key))) &&
      !this.outside.some(({ vouches }) => vouches) &&
      trust.acceptEmbedded !== true
    ) {
      this.#unknown = true;
      this.#stopped = true;
      return;
    }
    const { origin, keys } = header;
    const problems = this.#problems;
    const content = this.options.content === false ? null : new Content(header, problems);
    this.#content = content;
    const known = { trusted: trust.keys, outside: this.#ofThisLog(origin) };
    this.#check = new LogCheck({ origin, key: keys[0]! }, known, { problems, content });
  }

  /** The checkpoints held outside that are of this log; the others are named, since they were held for some log. */
  #ofThisLog(origin: string): readonly HeldCheckpoint[] {
    for (const other of this.outside.filter((one) => one.origin !== origin)) {
      const message = `The checkpoint kept outside is of another log, ${quote(other.origin)}.`;
      this.#problems.add({ fault: 'foreign', message, expected: quote(other.origin), found: quote(origin) });
    }
    return this.outside.filter((one) => one.origin === origin);
  }

  #end(events: unknown, byte: number): void {
    const check = this.#check!;
    this.#ended = true;
    if (check.waiting > 0) {
      this.#problems.add({ fault: 'leaves', message: 'The last events come without their leaf hashes.', byte });
    }
    if (events === check.events) return;
    const message = `The end says ${String(events)} events, and there are ${check.events}.`;
    this.#problems.add({ fault: 'count', message, byte, expected: String(events), found: `${check.events}` });
  }

  async finish(): Promise<Report> {
    const rest = this.#lines.rest();
    if (!this.#stopped && !this.#ended) {
      const byte = rest?.byte ?? this.#lines.offset;
      const message =
        byte === 0 && rest === null ? 'This file is empty.' : 'The file ends before the end of the export.';
      this.#problems.add({ fault: 'truncated', message, byte, index: this.#check?.next ?? 0 });
    } else if (!this.#stopped && rest !== null) {
      this.#problems.add({ fault: 'order', message: 'There is something after the end.', byte: rest.byte });
    }
    await this.#check?.finish(this.#ended ? (this.#header?.size ?? null) : null);
    if (this.#check !== null && !this.#stopped && this.#trust().by === 'nothing') {
      const message = 'The keys known here are named in the file, and none of them signed any of it.';
      this.#problems.add({ fault: 'key', message });
    }
    return this.#report();
  }

  #report(): Report {
    const check = this.#check;
    const header = this.#header;
    const problems = this.#problems;
    return {
      verdict: problems.total > 0 ? 'broken' : this.#unknown ? 'unknown_key' : 'intact',
      origin: header?.origin ?? null,
      tenant: header?.tenant ?? null,
      generation: header?.generation ?? null,
      made_at: header?.madeAt ?? null,
      size: check?.newest ?? header?.size ?? 0,
      proven: check?.proven ?? 0,
      trust: this.#trust(),
      events: check?.events ?? 0,
      hidden: check?.hidden ?? 0,
      unsealed: header?.unsealed ?? 0,
      runs: check?.chains.size ?? 0,
      checkpoints: check?.checkpoints ?? 0,
      keys: check?.succession.keys() ?? (header?.keys ?? []).map(claimed),
      other_signatures: check?.succession.others() ?? [],
      outside: check?.outside() ?? [],
      decisions: this.#content?.decisions ?? NO_DECISIONS,
      problems: problems.first(),
      problem_count: problems.total,
      bytes: this.#lines.offset,
      ms: performance.now() - this.#started,
      content_ms: check?.contentMs ?? 0,
    };
  }

  #trust(): Report['trust'] {
    const check = this.#check;
    if (check === null) return { by: 'nothing', through: 0 };
    if (check.succession.vouched) return { by: 'key', through: check.proven };
    const through = check.reaches;
    if (through > 0) return { by: 'checkpoint', through };
    return this.options.trust.acceptEmbedded === true
      ? { by: 'embedded', through: check.proven }
      : { by: 'nothing', through: 0 };
  }
}

/** Signatures of checkpoints that may be under way while lines are read on. */
const MOST_SIGNATURES = 64;

const NO_DECISIONS: DecisionCounts = { total: 0, allow: 0, deny: 0, ask: 0, by_rules: 0 };

/**
 * Checks an export in one pass over its chunks: lines, tree, every checkpoint's root and signatures, run chains, content.
 * Never throws for what the file holds; throws what the source throws, the abort of `signal`, and an `Error` when the
 * platform cannot check Ed25519 signatures or a checkpoint of `trust` is none.
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array | string>,
  options: VerifyOptions,
): Promise<Report> {
  const { checkpoints, alike } = options.trust;
  const check = new ExportCheck(options, [
    ...(checkpoints ?? []).map((text) => ({ ...readOutside(text), vouches: true })),
    ...(alike ?? []).map((text) => ({ ...readOutside(text), vouches: false })),
  ]);
  const encoder = new TextEncoder();
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    if (!(await check.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk))) break;
  }
  return check.finish();
}

const claimed = (key: VerifierKey): KeyUse => ({
  vkey: formatVkey(key),
  key_id: key.keyId,
  from: 0,
  checkpoints: 0,
  trusted: false,
});

function readOutside(text: string): Checkpoint {
  const note = parseNote(text);
  const read = note.ok ? parseCheckpoint(note.value) : note;
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
}
