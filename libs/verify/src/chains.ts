import type { Outline } from './outline';
import type { Raised } from './report';

const FIRST = '0'.repeat(64);

/** An event's place, for naming it. Whoever is given one copies what it keeps. */
export interface EventPlace {
  readonly index: number;
  readonly byte: number | null;
}

interface Chain {
  /** Sequence of the newest event seen. */
  seq: number;
  /** Its hash in hexadecimal; null when its line is not the one the log holds. */
  hash: string | null;
  index: number;
  byte: number | null;
  /** Events not shown anywhere before it. */
  hidden: number;
  /** One fault a chain is named: those after it follow from it. */
  broken: boolean;
}

/**
 * The chains of all runs, side by side. INVARIANT (I9): `run_seq` goes up by one and `prev` is the hash of the event
 * before; only as many events of a chain may be absent as the log hides between the two that show it.
 */
export class Chains {
  readonly #chains = new Map<string, Chain>();
  #latest: Chain | null = null;
  #latestRun = '';
  #hidden = 0;

  get size(): number {
    return this.#chains.size;
  }

  /** Indices that are not shown here: a gap, or events that are known not to be the log's. */
  hide(count: number): void {
    this.#hidden += count;
  }

  /** Takes the next event of a run; answers what is wrong with it, or null. `hash` is that of its own line. */
  take(event: Outline, hash: string, at: EventPlace): Raised | null {
    const { run, seq } = event;
    const chain = run === this.#latestRun ? this.#latest : (this.#chains.get(run) ?? null);
    if (chain === null) return this.#begin(event, hash, at);
    this.#latest = chain;
    this.#latestRun = run;
    const fault = chain.broken ? null : this.#fault(chain, event, at);
    chain.broken ||= fault !== null;
    chain.seq = seq;
    chain.hash = hash;
    chain.index = at.index;
    chain.byte = at.byte;
    chain.hidden = this.#hidden;
    return fault;
  }

  #begin(event: Outline, hash: string, at: EventPlace): Raised | null {
    const { run, seq } = event;
    const chain = { seq, hash, ...at, hidden: this.#hidden, broken: false };
    // A name cut out of a line keeps the whole line in memory; this one stays as long as the check.
    this.#chains.set([...run].join(''), chain);
    this.#latest = chain;
    this.#latestRun = run;
    if (seq > this.#hidden) {
      chain.broken = true;
      return missing({ run, expected: this.#hidden === 0 ? 0 : null, found: seq, at, absent: this.#hidden });
    }
    if (seq > 0 || event.follows(FIRST)) return null;
    chain.broken = true;
    const message = 'The first event of a run names an event before it.';
    return { fault: 'chain', message, ...at, run, run_seq: seq, expected: FIRST, found: event.prev };
  }

  #fault(chain: Chain, event: Outline, at: EventPlace): Raised | null {
    const { run, seq } = event;
    const absent = this.#hidden - chain.hidden;
    const expected = chain.seq + 1;
    if (seq < expected) {
      const message = `Event ${seq} of the run stands after event ${chain.seq}.`;
      return { fault: 'sequence', message, ...at, run, run_seq: seq, expected: String(expected), found: String(seq) };
    }
    if (seq > expected) {
      return seq - expected > absent ? missing({ run, expected, found: seq, at, absent }) : null;
    }
    if (chain.hash === null || event.follows(chain.hash)) return null;
    // Either its line was changed, or what its successor says of it. With the tree intact it is neither; where the tree
    // is broken too, the changed line is named, since its successor still holds the hash it had.
    const message = `The next event of its run (index ${at.index}) says it had another hash.`;
    const { index, byte } = chain;
    return { fault: 'chain', message, index, byte, run, run_seq: chain.seq, expected: event.prev, found: chain.hash };
  }
}

function missing(what: {
  readonly run: string;
  readonly expected: number | null;
  readonly found: number;
  readonly at: EventPlace;
  readonly absent: number;
}): Raised {
  const { run, expected, found, at, absent } = what;
  const first = expected ?? 0;
  const room = absent === 0 ? '' : `, and the indices not shown have room for ${absent} only`;
  const message = `Before event ${found} of the run, events from ${first} on are missing${room}.`;
  return { fault: 'sequence', message, ...at, run, run_seq: found, expected: String(first), found: String(found) };
}
