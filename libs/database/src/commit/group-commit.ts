import type { Clock } from '@writ/kernel';
import { requireSchema } from '../session/migrate';
import { checkDurability, type DatabaseConfig } from '../session/database';
import { roleUrl } from '../session/roles';
import { Committed, type Unit, type UnitOutcome, type UnitRefusal } from '../unit';
import { Lane } from './lane';
import { Client } from 'pg';

/** Units in one batch. Past this the answer of the first waits longer than the round trip it saves. */
const MAX_BATCH = 256;
/** With more units waiting than this a second lane helps; with fewer, two lanes only split one batch in two. */
const SECOND_LANE_AT = 24;

const REFUSALS: { readonly [letter: string]: UnitRefusal } = {
  l: 'lease',
  s: 'sequence',
  a: 'authority',
  x: 'exists',
};
/** The row moved between the two statements of the fence: ask again. */
const RACED = 'r';
const COMMITTED = 'c';

interface Waiting {
  readonly unit: Unit;
  readonly answer: (outcome: UnitOutcome) => void;
  readonly fail: (error: unknown) => void;
}

export interface GroupCommitStats {
  readonly units: number;
  readonly batches: number;
  readonly largest: number;
}

/**
 * Commits units of many runs together. While a batch is in flight the next one gathers, and goes the moment the lane is
 * free: never on a timer, which was three to six times slower. Each unit keeps its own fence and gets its own answer.
 */
export class GroupCommit {
  #queue: Waiting[] = [];
  readonly #free: Lane[];
  /** Runs with a unit in flight: their next unit waits for the answer. */
  readonly #inFlight = new Set<string>();
  #scheduled = false;
  #stats = { units: 0, batches: 0, largest: 0 };

  constructor(
    private readonly lanes: readonly Lane[],
    private readonly clock: Clock,
  ) {
    this.#free = [...lanes];
  }

  /**
   * Resolves once the unit is durable, or refused for a reason of its own. Rejects only when the writer is closed or the
   * program is wrong (a missing right, an unknown function): then the outcome is unknown, and no permit may follow.
   */
  commit(unit: Unit): Promise<UnitOutcome> {
    if (holdsNul(unit)) return Promise.resolve({ kind: 'refused', reason: 'poisoned', detail: '22021' });
    return new Promise((answer, fail) => {
      this.#queue.push({ unit, answer, fail });
      this.#schedule();
    });
  }

  stats(): GroupCommitStats {
    return { ...this.#stats };
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  /** After the current turn of the event loop: what it still adds joins the batch at no cost. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#free.length > 0 && this.#queue.length > 0) {
      const busy = this.lanes.length - this.#free.length;
      if (busy > 0 && this.#queue.length <= SECOND_LANE_AT) return;
      const batch = this.#take();
      if (batch.length === 0) return;
      const lane = this.#free.pop()!;
      void this.#flush(lane, batch).finally(() => {
        for (const { unit } of batch) this.#inFlight.delete(keyOf(unit));
        this.#free.push(lane);
        if (this.#queue.length > 0) this.#dispatch();
      });
    }
  }

  /** The oldest units, one per run: an UPDATE … FROM applies one row per run, and a refusal decides about the later ones. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const waiting of this.#queue) {
      const key = keyOf(waiting.unit);
      if (batch.length < MAX_BATCH && !this.#inFlight.has(key)) {
        this.#inFlight.add(key);
        batch.push(waiting);
      } else rest.push(waiting);
    }
    this.#queue = rest;
    return batch;
  }

  async #flush(lane: Lane, batch: readonly Waiting[]): Promise<void> {
    try {
      const answer = await lane.send(batch.map((waiting) => waiting.unit));
      this.#stats.batches += 1;
      if ('letters' in answer) {
        const { letters } = answer;
        for (const [i, waiting] of batch.entries()) await this.#settle(lane, waiting, letters[i]!);
        this.#stats.units += batch.length;
        this.#stats.largest = Math.max(this.#stats.largest, batch.length);
        return;
      }
      const [only] = batch;
      if (batch.length === 1 && only) {
        this.#refuse(only, 'poisoned', answer.refusedData);
        return;
      }
      // One bad unit refused the whole statement. Halving finds it in log₂ steps, and its neighbours commit.
      const middle = batch.length >> 1;
      await this.#flush(lane, batch.slice(0, middle));
      await this.#flush(lane, batch.slice(middle));
    } catch (error) {
      for (const waiting of batch) waiting.fail(error);
    }
  }

  async #settle(lane: Lane, waiting: Waiting, letter: string): Promise<void> {
    if (letter === COMMITTED) {
      waiting.answer({ kind: 'committed', committed: Committed.afterCommit(waiting.unit, this.clock.monotonic()) });
    } else if (letter === RACED) {
      await this.#flush(lane, [waiting]);
    } else {
      this.#refuse(waiting, REFUSALS[letter] ?? 'sequence');
    }
  }

  /** A refused unit takes the run's later ones with it: their sequence and hash were assigned on top of it. */
  #refuse(waiting: Waiting, reason: UnitRefusal, detail?: string): void {
    waiting.answer({ kind: 'refused', reason, ...(detail !== undefined && { detail }) });
    const key = keyOf(waiting.unit);
    const later = this.#queue.filter((one) => keyOf(one.unit) === key);
    if (later.length === 0) return;
    this.#queue = this.#queue.filter((one) => keyOf(one.unit) !== key);
    for (const one of later) one.answer({ kind: 'refused', reason: 'earlier' });
  }
}

const keyOf = (unit: Unit): string => `${unit.tenant}/${unit.run}`;

/** Postgres text cannot hold NUL, and the wire format would end the string there: refuse before anything is sent. */
const holdsNul = (unit: Unit): boolean =>
  unit.journal.includes('\u0000') || unit.audit.includes('\u0000') || (unit.wait?.includes('\u0000') ?? false);

/** Opens the writer: it refuses an unfit schema or an unsafe server before the first unit. */
export async function openGroupCommit(
  config: DatabaseConfig,
  parts: { readonly clock: Clock; readonly lanes?: number },
): Promise<GroupCommit> {
  const url = roleUrl(config.url, config.role);
  const probe = new Client({ connectionString: url });
  await probe.connect();
  try {
    await requireSchema(probe);
    if (config.allowUnsafeDurability !== true) await checkDurability(probe);
  } finally {
    await probe.end();
  }
  const lanes = Array.from({ length: parts.lanes ?? 2 }, () => new Lane(url));
  return new GroupCommit(lanes, parts.clock);
}
