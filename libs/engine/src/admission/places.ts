import { performance } from 'node:perf_hooks';
import type { TenantId } from '@writ/kernel';

/** One part in this many of a worker's places is for tenants that have few; that much and as much again beyond them. */
const KEPT_FREE = 8;
/** A worker this busy is late for everybody: its one thread does what many runs ask, one after the other. */
const BUSY = 0.75;
/** Below this it has time to spare. */
const EASY = 0.5;
/** A tenant that was led here so long ago still counts as one that comes here. */
const COMES_MS = 5_000;

export interface PlacesOf {
  /** Runs led at once. */
  readonly concurrency: number;
  readonly weightOf: (tenant: TenantId) => number;
  /** Milliseconds; for what is remembered of tenants. */
  readonly now: () => number;
  /** Part of the time that this thread was at work since it was asked last, 0 to 1. */
  readonly busy?: () => number;
}

/**
 * The places of one worker, and who has how many. A tenant that has many leaves some to the others; one that has few gets
 * a place beyond the last, so it never waits for a long run of somebody else's to end. Where the thread itself is the
 * bottleneck, places are no measure of it: then who has more than all others together gets half of what it had, look by
 * look, down to what each of the others has, while anybody else is there to be late; and one more at a time when the thread
 * has time again.
 */
export class Places {
  readonly #led = new Map<TenantId, number>();
  readonly #came = new Map<TenantId, number>();
  readonly #busy: () => number;
  #all = 0;
  /** Runs at once, of those that had most of a busy worker. */
  readonly #limits = new Map<TenantId, number>();

  constructor(private readonly of: PlacesOf) {
    this.#busy = of.busy ?? utilization();
  }

  /** Places that are nobody's who has many. */
  get #kept(): number {
    return Math.floor(this.of.concurrency / KEPT_FREE);
  }

  get #usual(): number {
    return this.of.concurrency - this.#kept;
  }

  get taken(): number {
    return this.#all;
  }

  ledOf(tenant: TenantId): number {
    return this.#led.get(tenant) ?? 0;
  }

  take(tenant: TenantId): void {
    this.#all += 1;
    this.#led.set(tenant, this.ledOf(tenant) + 1);
    this.#came.set(tenant, this.of.now());
  }

  leave(tenant: TenantId): void {
    this.#all -= 1;
    const left = this.ledOf(tenant) - 1;
    if (left > 0) this.#led.set(tenant, left);
    else this.#led.delete(tenant);
  }

  /** How much of this worker a tenant has, for its weight; null when it may have no more for now. */
  share(tenant: TenantId): number | null {
    const { concurrency, weightOf } = this.of;
    const led = this.ledOf(tenant);
    if (led >= (this.#limits.get(tenant) ?? this.#usual)) return null;
    const few = 2 * this.#kept;
    const places = led < few ? concurrency + few : concurrency;
    return this.#all < places ? led / weightOf(tenant) : null;
  }

  /** Looks at how busy this thread was since the last look. */
  look(): void {
    const busy = this.#busy();
    const long = this.of.now() - COMES_MS;
    for (const [tenant, at] of this.#came) if (at < long && !this.#led.has(tenant)) this.#came.delete(tenant);
    if (this.#came.size < 2) this.#limits.clear();
    else if (busy >= BUSY) this.#halve();
    else if (busy < EASY) this.#relax();
  }

  #halve(): void {
    for (const [tenant, led] of this.#led) {
      const most = this.#limits.get(tenant) ?? (led > Math.max(2 * this.#kept, this.#all / 2) ? led : null);
      if (most !== null) this.#limits.set(tenant, Math.max(1, this.#average(tenant), Math.ceil(most / 2)));
    }
  }

  /** What the others have for their weights: nobody gets less for its own, for having had more. */
  #average(but: TenantId): number {
    const { weightOf } = this.of;
    let weights = 0;
    for (const tenant of this.#led.keys()) if (tenant !== but) weights += weightOf(tenant);
    return weights === 0 ? 1 : Math.ceil(((this.#all - this.ledOf(but)) / weights) * weightOf(but));
  }

  #relax(): void {
    for (const [tenant, most] of this.#limits) {
      if (most + 1 < this.#usual) this.#limits.set(tenant, most + 1);
      else this.#limits.delete(tenant);
    }
  }
}

function utilization(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(now, before);
    before = now;
    return since.utilization;
  };
}
