import type { RunId } from '@writ/kernel';
import type { Unit, UnitOutcome } from '../unit';

/** A unit on its way, and how its sender is answered. */
export interface Pending {
  readonly unit: Unit;
  /** Characters of its texts, near enough to bound what one statement carries. */
  readonly size: number;
  /**
   * Sent and not yet answered. A mark of its own: the tables of a set that lives long are old when they are made, and one
   * that is outgrown keeps whatever was in it, texts and all, until the whole heap is marked.
   */
  open: boolean;
  answer(outcome: UnitOutcome): void;
  fail(error: Error): void;
}

export interface BatchLimits {
  readonly units: number;
  readonly size: number;
}

/**
 * Units waiting for a writer, first come first served.
 * INVARIANT (I3): at most one unit of a run is in flight. `UPDATE … FROM` applies one row per run, and a later unit was
 * built on the earlier one: it waits until that is answered.
 */
export class UnitQueue {
  #waiting: Pending[] = [];
  /** Units whose run's row somebody else keeps locked; each is tried alone. Their runs count as in flight. */
  readonly #parked: Pending[] = [];
  readonly #inFlight = new Set<RunId>();

  get length(): number {
    return this.#waiting.length;
  }

  get parked(): number {
    return this.#parked.length;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  add(pending: Pending): void {
    this.#waiting.push(pending);
  }

  /** The next batch; its runs count as in flight until `landed`. Never empty-handed for a unit above the size limit. */
  take(limits: BatchLimits): Pending[] {
    const batch: Pending[] = [];
    const left: Pending[] = [];
    let size = 0;
    let full = false;
    for (const pending of this.#waiting) {
      const { run } = pending.unit;
      full ||= batch.length >= limits.units || (batch.length > 0 && size + pending.size > limits.size);
      if (full || this.#inFlight.has(run)) {
        left.push(pending);
        continue;
      }
      this.#inFlight.add(run);
      batch.push(pending);
      size += pending.size;
    }
    this.#waiting = left;
    return batch;
  }

  landed(unit: Unit): void {
    this.#inFlight.delete(unit.run);
  }

  park(pending: Pending): void {
    this.#parked.push(pending);
  }

  takeParked(): Pending | undefined {
    return this.#parked.shift();
  }

  /** Takes out every waiting unit of a run: their sequences and hashes were built on one that was refused. */
  dropRun({ tenant, run }: Unit): Pending[] {
    const isOfRun = ({ unit }: Pending): boolean => unit.run === run && unit.tenant === tenant;
    const dropped = this.#waiting.filter(isOfRun);
    if (dropped.length > 0) this.#waiting = this.#waiting.filter((pending) => !isOfRun(pending));
    return dropped;
  }

  drain(): Pending[] {
    const all = [...this.#parked.splice(0), ...this.#waiting];
    this.#waiting = [];
    return all;
  }
}
