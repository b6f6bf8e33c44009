import { Chains, type EventPlace } from './chains';
import { type Checkpoint, parseCheckpoint } from './checkpoint';
import { type Difference, type Differences, differences } from './difference';
import { HASH_BYTES, type Hashes } from './hashing';
import { nameOf, suspect } from './naming';
import { type Note, parseNote, type VerifierKey } from './note';
import { latin1, Outline } from './outline';
import { cover } from './ranges';
import { type Problems, quote, type Raised } from './report';
import { type Item, type Rival, Roots } from './roots';
import { scan, Scan } from './scan';
import { Span } from './span';
import { Succession } from './succession';

/** What of a log must be known to check it. */
export interface LogIdentity {
  /** Origin of its checkpoints. */
  readonly origin: string;
  /** The key its generation began with. */
  readonly key: VerifierKey;
}

/** Reads the content of events that are the log's own. */
export interface ContentCheck {
  /** `whole`: nothing was hidden so far. */
  event(line: Uint8Array, at: EventPlace, whole: boolean): void;
  /** After the last event: what only all of them together tell. */
  end(whole: boolean): void;
}

/** A checkpoint the log must agree with; it vouches for the log when it came by another way than the log. */
export interface HeldCheckpoint extends Checkpoint {
  readonly vouches: boolean;
}

/** How a checkpoint held outside compares; `hidden`: its size lies inside a gap, so this export cannot say. */
export interface OutsideCheckpoint {
  readonly size: number;
  readonly state: 'fits' | 'differs' | 'hidden' | 'beyond';
}

/** What stands between events, in the order of the lines. */
type Between =
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  | { readonly kind: 'checkpoint'; readonly note: Note; readonly checkpoint: Checkpoint; readonly byte: number };

/**
 * Checks a log from left to right, once: events, gaps and checkpoints by index, and after every 256 events the log's own
 * leaf hashes of them. Holds one span of events, one hash per height of the tree and one record per run, whatever the
 * log's size.
 */
export class LogCheck {
  readonly problems: Problems;
  readonly succession: Succession;
  readonly chains = new Chains();
  /** Events shown, indices not shown, checkpoints. */
  events = 0;
  hidden = 0;
  checkpoints = 0;
  /** Milliseconds spent on content. */
  contentMs = 0;
  readonly #roots: Roots;
  readonly #content: ContentCheck | null;
  readonly #span = new Span();
  readonly #outline = new Outline();
  readonly #scan = new Scan();
  /** For the tree, by index; and for everything else, by how many events of the span stand before. */
  #items: Item[] = [];
  /** The first line of the span that does not stand where the lines before it lead. */
  #astray: Raised | null = null;
  #between: { readonly after: number; readonly what: Between }[] = [];
  #start = 0;
  #next = 0;
  /** Once a line was not the log's, what events rest on may be missing. */
  #spoilt = false;
  #newest = 0;
  #signatures: Promise<void>[] = [];
  readonly #outside: readonly HeldCheckpoint[];
  readonly #unseen: Set<number>;

  constructor(
    private readonly log: LogIdentity,
    known: { readonly trusted: readonly VerifierKey[]; readonly outside: readonly HeldCheckpoint[] },
    found: { readonly problems: Problems; readonly content: ContentCheck | null },
  ) {
    this.problems = found.problems;
    this.#content = found.content;
    this.#roots = new Roots(this.problems);
    this.succession = new Succession(log.key, known.trusted, this.problems);
    this.#outside = [...known.outside].sort((a, b) => a.size - b.size);
    this.#unseen = new Set(this.#outside.map(({ size }) => size));
  }

  /** Index the next line stands for, by the account of the lines. */
  get next(): number {
    return this.#next;
  }

  /** Leaves under the newest checkpoint that fits the events. */
  get proven(): number {
    return this.#roots.good;
  }

  /** Size of the newest checkpoint. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether events wait for the log's leaf hashes of them. */
  get waiting(): number {
    return this.#span.count;
  }

  /** `byte`: where the line begins in the file; null where there is none. */
  event(line: Uint8Array, byte: number | null): void {
    if (this.#span.full) this.leaves(null);
    this.#span.add(line, byte ?? -1);
    this.#next += 1;
    this.events += 1;
  }

  /** Indices [from, to) are not shown; as many hashes as `cover` names subtrees. */
  gap(
    { from, to }: { readonly from: number; readonly to: number },
    hashes: readonly Uint8Array[],
    byte: number | null,
  ): void {
    for (const [i, { height, index }] of cover({ start: from, end: to }).entries()) {
      this.#items.push({ kind: 'subtree', index: index * 2 ** height, height, hash: hashes[i]! });
    }
    this.hidden += to - from;
    this.#astrayAt(from, byte);
    this.#next = to;
    this.#put({ kind: 'gap', from, to });
  }

  checkpoint(text: string, byte: number | null): void {
    const note = parseNote(text);
    const read = note.ok ? parseCheckpoint(note.value) : note;
    if (!note.ok || !read.ok) {
      const message = read.ok ? '' : read.failure.message;
      return this.problems.add({ fault: 'unreadable', message, index: this.#next, byte });
    }
    const checkpoint = read.value;
    const fault = this.#misplaced(checkpoint);
    if (fault !== null) return this.problems.add({ ...fault, index: this.#next, byte });
    const { size, root } = checkpoint;
    this.#astrayAt(size, byte);
    this.checkpoints += 1;
    this.#newest = size;
    this.#items.push({ kind: 'root', index: size, claim: { size, root, outside: false, byte } });
    this.#put({ kind: 'checkpoint', note: note.value, checkpoint, byte: byte ?? -1 });
  }

  #misplaced({ origin, size }: Checkpoint): Raised | null {
    if (origin !== this.log.origin) {
      const message = `This is a checkpoint of another log, ${quote(origin)}.`;
      return { fault: 'foreign', message, expected: this.log.origin, found: quote(origin) };
    }
    if (size > this.#newest) return null;
    return { fault: 'order', message: `A checkpoint of ${size} follows one of ${this.#newest}.` };
  }

  #astrayAt(index: number, byte: number | null): void {
    if (index === this.#next) return;
    const message = `This line stands where index ${this.#next} is due, and speaks of ${index}.`;
    this.#astray ??= { fault: 'order', message, index: this.#next, byte };
  }

  #put(what: Between): void {
    this.#between.push({ after: this.#span.count, what });
    // With no event waiting there is nothing to compare, and nothing need wait either.
    if (this.#span.count === 0 || this.#items.length > MOST_ITEMS) this.leaves(null);
  }

  /**
   * The log's own leaf hashes of the events since the last time, 32 bytes each, or null where it says nothing of them.
   * `byte`: where the line that says so begins.
   */
  leaves(claimed: Uint8Array | null, byte: number | null = null): void {
    const span = this.#span;
    span.hash();
    const mine = { bytes: span.leaves, count: span.count };
    const theirs = claimed === null ? mine : { bytes: claimed, count: claimed.length / HASH_BYTES };
    const differ = differences(mine, theirs);
    const rival = differ.found.length === 0 ? undefined : this.#rival(differ.found, theirs, byte);
    this.#roots.grow(mine, this.#withOutside(), rival);
    this.#walk(differ);
    // Where an event is missing or too many, what comes after it stands astray, and that is said already.
    if (this.#astray !== null && differ.found.length === 0 && !this.#roots.lost) this.problems.add(this.#astray);
    this.#astray = null;
    this.#next = this.#roots.size ?? this.#next;
    this.#start = this.#next;
    this.#items = [];
    this.#between = [];
    span.clear();
  }

  /** The checkpoints held outside, at their places among the items. */
  #withOutside(): readonly Item[] {
    const due = this.#outside.filter(({ size }) => this.#unseen.has(size) && size <= this.#next);
    if (due.length === 0) return this.#items;
    const items = [...this.#items];
    for (const { size, root } of due) {
      const at = items.findIndex(({ index }) => index >= size);
      const before = items[at < 0 ? items.length - 1 : at - 1];
      if (before?.kind === 'subtree' && before.index + 2 ** before.height > size) continue;
      const claim = { size, root, outside: true, byte: null };
      items.splice(at < 0 ? items.length : at, 0, { kind: 'root', index: size, claim });
      this.#unseen.delete(size);
    }
    return items;
  }

  /** Chains, signatures and content, in the order of the lines. */
  #walk({ found, hidden }: Differences): void {
    const { lines, bytes, hashes } = this.#span;
    const strange = new Set(found.filter(({ fault }) => fault !== 'missing').map(({ line }) => line));
    const between = this.#between;
    const sound: { readonly line: Uint8Array; readonly at: EventPlace }[] = [];
    const at = { index: this.#start, byte: null as number | null };
    let next = 0;
    for (let i = 0; i < lines.length; i++) {
      while (next < between.length && between[next]!.after === i) this.#pass(between[next++]!.what, at);
      if (hidden.length > 0) this.chains.hide(hidden.filter((line) => line === i).length);
      const line = lines[i]!;
      at.byte = bytes[i]! < 0 ? null : bytes[i]!;
      if (!strange.has(i) && this.#chained(line, hashes[i]!, at) && this.#content !== null) {
        sound.push({ line, at: { ...at } });
      }
      at.index += 1;
    }
    while (next < between.length) this.#pass(between[next++]!.what, at);
    if (hidden.length > 0) this.chains.hide(hidden.filter((line) => line >= lines.length).length);
    this.#spoilt ||= found.length > 0;
    this.#read(sound);
  }

  #pass(what: Between, at: { index: number }): void {
    if (what.kind === 'gap') {
      this.chains.hide(what.to - what.from);
      at.index = what.to;
    } else {
      const byte = what.byte < 0 ? null : what.byte;
      this.#signatures.push(this.succession.check(what.note, what.checkpoint, byte));
    }
  }

  #read(sound: readonly { readonly line: Uint8Array; readonly at: EventPlace }[]): void {
    if (this.#content === null) return;
    const started = performance.now();
    for (const { line, at } of sound) this.#content.event(line, at, this.#whole);
    this.contentMs += performance.now() - started;
  }

  get #whole(): boolean {
    return this.hidden === 0 && !this.#spoilt;
  }

  #chained(line: Uint8Array, hash: string, at: EventPlace): boolean {
    const outline = this.#outline;
    if (!outline.read(line)) {
      this.chains.hide(1);
      const message = 'This line is no event: no JSON object with the members of one.';
      this.problems.add({ fault: 'unreadable', message, ...at });
      return false;
    }
    const fault = this.chains.take(outline, hash, at);
    if (fault !== null) this.problems.add(fault.index === at.index ? { ...fault, ...nameOf(line) } : fault);
    if (outline.run === 'tenant') this.#rotation(line, at);
    return true;
  }

  #rotation(line: Uint8Array, at: EventPlace): void {
    const { type, typeEnd } = scan(line, this.#scan) ? this.#scan : { type: 0, typeEnd: 0 };
    if (typeEnd - type !== ROTATED.length || latin1(line, type, typeEnd) !== ROTATED) return;
    let detail: unknown;
    try {
      detail = (JSON.parse(new TextDecoder().decode(line)) as { detail?: unknown }).detail;
    } catch {
      detail = null;
    }
    this.succession.rotate(at.index, detail, { byte: at.byte, event: nameOf(line).event });
  }

  #rival(found: readonly Difference[], leaves: Hashes, byte: number | null): Rival {
    const suspects = found.map((one) => suspect(one, leaves, { span: this.#span, byte, indexOf: this.#indexOf }));
    const otherwise: Raised = {
      fault: 'leaves',
      message: 'These leaf hashes are not those of the events before them, which fit the checkpoint.',
      index: suspects[0]?.index ?? null,
      byte,
    };
    return { leaves, suspects, otherwise };
  }

  /** Index in the log of the nth event of the span. */
  readonly #indexOf = (nth: number): number => {
    let index = this.#start + nth;
    for (const item of this.#items) if (item.kind === 'subtree' && item.index <= index) index += 2 ** item.height;
    return index;
  };

  /** Waits until at most `most` signatures are under way: they take other threads, and are not to pile up. */
  async signatures(most: number): Promise<void> {
    if (this.#signatures.length <= most) return;
    const waiting = this.#signatures;
    this.#signatures = [];
    await Promise.all(waiting);
  }

  /** After the last line: what is still open is settled. `size`: where the log should end, as far as that is known. */
  async finish(size: number | null): Promise<void> {
    if (this.#span.count > 0) this.leaves(null);
    await this.signatures(0);
    this.#content?.end(this.#whole);
    this.#roots.finish();
    const end = this.#next;
    if (size !== null && this.#newest !== size) {
      const message = `The newest checkpoint is of ${this.#newest}, and one of ${size} was announced.`;
      this.problems.add({
        fault: 'truncated',
        message,
        index: this.#newest,
        expected: `${size}`,
        found: `${this.#newest}`,
      });
    } else if (end !== this.#newest) {
      const message = `No checkpoint covers the events from index ${this.#newest} on.`;
      this.problems.add({ fault: 'order', message, index: this.#newest });
    }
    for (const checkpoint of this.#outside.filter((one) => one.size > end)) {
      const message = `A checkpoint kept outside is of ${checkpoint.size}, and this ends at ${end}: it is older, or was cut off.`;
      const counts = { expected: `${checkpoint.size}`, found: `${end}` };
      this.problems.add({ fault: 'truncated', message, index: end, ...counts });
    }
  }

  outside(): OutsideCheckpoint[] {
    const differ = this.problems.first().filter(({ fault }) => fault === 'outside');
    return this.#outside.map(({ size }) => {
      if (size > this.#next) return { size, state: 'beyond' };
      if (this.#unseen.has(size)) return { size, state: 'hidden' };
      return { size, state: differ.some(({ through }) => through === size - 1) ? 'differs' : 'fits' };
    });
  }

  /** How far the checkpoints held outside vouch for it. */
  get reaches(): number {
    const vouching = new Set(this.#outside.filter(({ vouches }) => vouches).map(({ size }) => size));
    return Math.max(0, ...this.outside().map(({ size, state }) => (state === 'fits' && vouching.has(size) ? size : 0)));
  }
}

const ROTATED = 'log.key_rotated';

/** What may wait between events; an honest span has a few hundred gaps of a few subtrees each. */
const MOST_ITEMS = 65_536;
