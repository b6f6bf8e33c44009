import type { HeldRun } from '../held-run';
import { sizeOf } from './size-of';

/** A larger run is read again: it is the journal that is kept, and memory is for what is led. */
const LARGEST = 65_536;
/** Nobody would notice a claim after so long a rest; and what a run knew is then erased from here, too. */
const KEPT_MS = 60_000;

/** A run as it came to rest. */
export type RestedRun = Pick<
  HeldRun,
  | 'tenant'
  | 'run'
  | 'leaseEpoch'
  | 'state'
  | 'planner'
  | 'scope'
  | 'seq'
  | 'chain'
  | 'holdings'
  | 'recording'
  | 'keeper'
>;

interface Kept {
  readonly run: RestedRun;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * Runs that this process led until they came to rest, in memory for a while: one that is rung for soon is led on from
 * there, and its first unit takes the lease. It may have been led elsewhere meanwhile; the database knows.
 *
 * As many as the worker has places, and none of them large: a thousand runs that wait take no more than the last of them.
 */
export class RestedRuns {
  readonly #runs = new Map<string, Kept>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.#runs.size;
  }

  /** Keeps a run that has nothing under way and nothing that is not committed. */
  keep(key: string, held: HeldRun, now: number): void {
    this.#runs.delete(key);
    if (!isAtRest(held) || sizeOf(held.state, LARGEST) > LARGEST) return;
    if (this.#runs.size >= this.most) this.#runs.delete(this.#runs.keys().next().value!);
    const { tenant, run, leaseEpoch, state, planner, scope, seq, chain, holdings, recording, keeper } = held;
    const kept = { tenant, run, leaseEpoch, state, planner, scope, seq, chain, holdings, recording, keeper };
    this.#runs.set(key, { run: kept, until: now + KEPT_MS });
  }

  /** The run as it was kept; nothing of it stays here. */
  take(key: string, now: number): RestedRun | null {
    const kept = this.#runs.get(key);
    if (!kept) return null;
    this.#runs.delete(key);
    return kept.until > now ? kept.run : null;
  }

  drop(key: string): void {
    this.#runs.delete(key);
  }

  /** Lets go of what has been here for long enough: the oldest come first. */
  forget(now: number): void {
    for (const [key, { until }] of this.#runs) {
      if (until > now) return;
      this.#runs.delete(key);
    }
  }
}

function isAtRest({ pending, claims, committing, crew, create, letGo, resumes }: HeldRun): boolean {
  const { events, audits, mail, decisions } = pending;
  const isCommitted = events.length + audits.length + mail.length + decisions.length === 0;
  return isCommitted && claims.length === 0 && !committing && crew.idle && !create && !letGo && !resumes;
}
