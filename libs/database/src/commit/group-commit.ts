import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@writ/kernel';
import { DatabaseFault } from '../fault';
import { Committed, type Unit, type UnitOutcome, type UnitRefusal } from '../unit';
import { sizeOf, unfit } from './fit';
import type { UnitAnswer } from './statement';
import { type Pending, UnitQueue } from './unit-queue';
import type { WriterConnection } from './writer-connection';

export interface CommitStats {
  readonly units: number;
  readonly batches: number;
  readonly refused: number;
  /** Batches sent again: after a lost connection, a deadlock, a split. */
  readonly resent: number;
  readonly reconnects: number;
  readonly waiting: number;
  readonly inFlight: number;
  /** Milliseconds during which the database was at work on at least one batch. */
  readonly busyMs: number;
}

export interface CommitParts {
  /** Opened; the first is always used, each further one only under load (see SPILL). */
  readonly writers: readonly WriterConnection[];
  readonly clock: Clock;
}

const LIMITS = { units: 256, size: 4_194_304 };
/** More units waiting than this and a second writer takes a share. Measured: below it, two writers are slower than one. */
const SPILL = 24;
const PAUSE_MS = { first: 2, most: 500 };
/** A unit that raced this often never gets an answer: something that should pass does not. */
const MOST_RACES = 12;

interface Writer {
  readonly connection: WriterConnection;
  /** `alone`: it tries a parked unit, and does not count for the rest. */
  work: 'none' | 'batch' | 'alone';
}

/**
 * The group commit: units of all runs of this process go to the database in batches, each unit fenced and answered on
 * its own. A batch leaves as soon as a writer is free; what arrives meanwhile is the next batch. There is no timer: a
 * tick of 2 ms was three to six times slower.
 *
 * What a crash leaves: before the answer, a unit is in whole or not at all, and its sender has no proof of it. After it,
 * the unit is durable. A lost connection is a crash in between: the same units go again until they are answered, and
 * the function recognises those it had applied. Nothing is ever concluded from a read, since the old backend may still
 * be about to commit.
 */
export class GroupCommit {
  readonly #queue = new UnitQueue();
  readonly #writers: readonly Writer[];
  readonly #flights = new Set<Promise<void>>();
  #scheduled = false;
  #closed = false;
  #heard: ((unit: Pick<Unit, 'tenant' | 'run'>) => void) | null = null;
  #counts = { units: 0, batches: 0, refused: 0, resent: 0, reconnects: 0 };
  /** Until the present flights began; and when that was. */
  #busyMs = 0;
  #busySince = 0;

  constructor(private readonly parts: CommitParts) {
    this.#writers = parts.writers.map((connection) => ({ connection, work: 'none' }));
  }

  /**
   * Resolves when the unit is durable or refused. Rejects with `commit_outcome_unknown` (closed while the connection was
   * lost), `commit_closed` (sent after `close`) or `commit_failed` (a defect; nothing of the unit was written).
   */
  commit(unit: Unit): Promise<UnitOutcome> {
    if (this.#closed) return Promise.reject(closedFault());
    const wrong = unfit(unit);
    if (wrong !== null) {
      this.#counts.refused += 1;
      return Promise.resolve(refusal('poisoned', wrong));
    }
    return new Promise((resolve, reject) => {
      this.#queue.add({ unit, size: sizeOf(unit), open: false, answer: resolve, fail: reject });
      this.#schedule();
    });
  }

  /** Tells of each unit this process committed, once it is answered. One listener; it must not throw. */
  onCommitted(heard: (unit: Pick<Unit, 'tenant' | 'run'>) => void): void {
    this.#heard = heard;
  }

  stats(): CommitStats {
    const { length, parked, inFlight } = this.#queue;
    const flying = this.#flights.size > 0 ? this.parts.clock.monotonic() - this.#busySince : 0;
    return { ...this.#counts, waiting: length + parked, inFlight, busyMs: this.#busyMs + flying };
  }

  /** Takes no more units, waits for those it has, and closes the connections. Units of a lost connection are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.stats().waiting + this.#flights.size > 0 && !this.#allLost()) {
      this.#pump();
      await Promise.race([...this.#flights, sleep(20)]);
    }
    await Promise.all(this.#writers.map((writer) => writer.connection.close()));
    await Promise.all(this.#flights);
    for (const pending of this.#queue.drain()) pending.fail(closedFault());
  }

  #allLost(): boolean {
    return this.#writers.every((writer) => !writer.connection.connected);
  }

  /**
   * Flushes after the current turn of the event loop, not at the first unit: when a batch is answered, all its runs send
   * their next unit in that same turn, and flushing the first one alone would make batches of one and of the rest.
   */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    this.#tryParked();
    const writers = this.#writers.filter((writer) => writer.work !== 'alone');
    const idle = writers.filter((writer) => writer.work === 'none');
    const crowded = this.#queue.length > SPILL;
    const used = crowded ? idle : idle.length === writers.length ? idle.slice(0, 1) : [];
    const share = Math.min(LIMITS.units, Math.ceil(this.#queue.length / Math.max(1, used.length)));
    for (const writer of used) {
      const batch = this.#queue.take({ size: LIMITS.size, units: share });
      if (batch.length > 0) this.#launch(writer, { batch, work: 'batch' });
    }
  }

  /** One parked unit at a time, and only on a writer that leaves another for the rest, or when there is no rest. */
  #tryParked(): void {
    if (this.#queue.parked === 0 || this.#writers.some((writer) => writer.work === 'alone')) return;
    const idle = this.#writers.filter((writer) => writer.work === 'none');
    const spare = this.#writers.length > 1 || this.#queue.length === 0 ? idle.at(-1) : undefined;
    const parked = spare && this.#queue.takeParked();
    if (parked) this.#launch(spare, { batch: [parked], work: 'alone' });
  }

  #launch(
    writer: Writer,
    { batch, work }: { readonly batch: readonly Pending[]; readonly work: Writer['work'] },
  ): void {
    writer.work = work;
    for (const pending of batch) pending.open = true;
    if (this.#flights.size === 0) this.#busySince = this.parts.clock.monotonic();
    const flight = this.#fly(writer.connection, batch)
      .catch((error: unknown) => batch.forEach((pending) => this.#reject(pending, unknownFault(error))))
      .finally(() => {
        writer.work = 'none';
        this.#flights.delete(flight);
        if (this.#flights.size === 0) this.#busyMs += this.parts.clock.monotonic() - this.#busySince;
        this.#schedule();
      });
    this.#flights.add(flight);
  }

  /** Sends a batch until every unit of it is answered, or parked. */
  async #fly(connection: WriterConnection, batch: readonly Pending[]): Promise<void> {
    let pause = PAUSE_MS.first;
    let races = 0;
    for (let left = batch; ; this.#counts.resent += 1) {
      const sentAt = this.parts.clock.monotonic();
      const sent = await connection.send(left.map((pending) => pending.unit));
      this.#counts.batches += 1;
      if (sent.kind === 'answered') {
        left = this.#settle(left, { answers: sent.answers, sentAt });
        if (left.length === 0) return;
        races += 1;
        if (races > MOST_RACES)
          return left.forEach((pending) => this.#reject(pending, defectFault(new Error('it raced'))));
      } else if (sent.verdict === 'lost') {
        this.#counts.reconnects += 1;
        if (await connection.reconnect()) continue;
        return left.forEach((pending) => this.#reject(pending, unknownFault(sent.error)));
      } else if (sent.verdict !== 'again' && left.length > 1) {
        return this.#halves(connection, left);
      } else if (sent.verdict === 'data') {
        return this.#refuse(left[0]!, 'poisoned', (sent.error as { code?: string }).code);
      } else if (sent.verdict === 'blocked') {
        left[0]!.open = false;
        return this.#queue.park(left[0]!);
      } else if (sent.verdict === 'defect') {
        return this.#reject(left[0]!, defectFault(sent.error));
      }
      await sleep(pause);
      pause = Math.min(pause * 2, PAUSE_MS.most);
    }
  }

  async #halves(connection: WriterConnection, batch: readonly Pending[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    this.#counts.resent += 2;
    await this.#fly(connection, batch.slice(0, middle));
    await this.#fly(connection, batch.slice(middle));
  }

  /**
   * Answers what was answered; returns what raced and must go again. What is committed counts from when it was sent, not
   * from when its answer was read: a process that is frozen in between must not find its permits fresh when it thaws.
   */
  #settle(
    batch: readonly Pending[],
    { answers, sentAt }: { readonly answers: readonly UnitAnswer[]; readonly sentAt: number },
  ): readonly Pending[] {
    return batch.filter((pending, i) => {
      const told = answers[i]!;
      if (told.answer === 'raced') return true;
      if (told.answer !== 'committed') {
        this.#refuse(pending, told.answer, 'budget' in told ? told.budget : undefined);
      } else if (takeOpen(pending)) {
        this.#counts.units += 1;
        this.#queue.landed(pending.unit);
        pending.answer({ kind: 'committed', committed: Committed.afterCommit(pending.unit, sentAt) });
        this.#heard?.(pending.unit);
      }
      return false;
    });
  }

  #refuse(pending: Pending, reason: UnitRefusal, detail?: string): void {
    if (!takeOpen(pending)) return;
    this.#counts.refused += 1;
    this.#dropLater(pending);
    pending.answer(refusal(reason, detail));
  }

  #reject(pending: Pending, error: Error): void {
    if (!takeOpen(pending)) return;
    this.#dropLater(pending);
    pending.fail(error);
  }

  #dropLater(pending: Pending): void {
    this.#queue.landed(pending.unit);
    for (const later of this.#queue.dropRun(pending.unit)) {
      this.#counts.refused += 1;
      later.answer(refusal('earlier'));
    }
  }
}

/** True for the first who answers a unit: each is answered once, whatever fails beside it. */
function takeOpen(pending: Pending): boolean {
  const { open } = pending;
  pending.open = false;
  return open;
}

const refusal = (reason: UnitRefusal, detail?: string): UnitOutcome =>
  detail === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, detail };

const closedFault = (): DatabaseFault =>
  new DatabaseFault({
    code: 'commit_closed',
    class: 'transient',
    message: 'This process is shutting down and commits nothing more.',
    next: 'Another worker takes the run over; start it again only if its start was not answered.',
  });

const unknownFault = (cause: unknown): DatabaseFault =>
  new DatabaseFault(
    {
      code: 'commit_outcome_unknown',
      class: 'unknown',
      message: `The connection was lost and not regained: the unit may or may not be committed (${String(cause)}).`,
      next: 'Treat its effects as not permitted; whoever claims the run next reads the journal and knows.',
    },
    { cause },
  );

const defectFault = (cause: Error): DatabaseFault =>
  new DatabaseFault(
    {
      code: 'commit_failed',
      class: 'bug',
      message: `The database refused to commit the unit and wrote nothing of it: ${cause.message}.`,
      next: 'This is a defect of the program or its schema; the SQLSTATE is in the cause.',
    },
    { cause },
  );
