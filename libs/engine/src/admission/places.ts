import { performance } from 'node:perf_hooks';
import type { TenantId } from '@writ/kernel';

/** One part in this many of a worker's places is for tenants that have few; that much and as much again beyond them. */
const KEPT_FREE = 8;
/** A worker this busy is late for everybody: its one thread does what many runs ask, one after the other. */
const BUSY = 0.9;
/** What a tenant gets of a busy worker, while others come to it too. */
const BUSY_PART = 4;
/** A tenant that was led here so long ago still counts as one that comes here. */
const COMES_MS = 10_000;

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
 * bottleneck, places are no measure of it: then who has many gets a quarter of them, while anybody else is there to be late.
 */
export class Places {
  readonly #led = new Map<TenantId, number>();
  readonly #came = new Map<TenantId, number>();
  readonly #busy: () => number;
  #all = 0;
  #tight = false;

  constructor(private readonly of: PlacesOf) {
    this.#busy = of.busy ?? utilization();
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
    const kept = Math.floor(concurrency / KEPT_FREE);
    if (led >= (this.#tight ? Math.max(1, Math.floor(concurrency / BUSY_PART)) : concurrency - kept)) return null;
    const places = led < 2 * kept ? concurrency + 2 * kept : concurrency;
    return this.#all < places ? led / weightOf(tenant) : null;
  }

  /** Looks at how busy this thread was since the last look. */
  look(): void {
    const busy = this.#busy();
    const long = this.of.now() - COMES_MS;
    for (const [tenant, at] of this.#came) if (at < long && !this.#led.has(tenant)) this.#came.delete(tenant);
    this.#tight = busy >= BUSY && this.#came.size > 1;
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
