import type { TenantId } from '@writ/kernel';

/** One part in this many of a worker's places is for tenants that have few; that much and as much again beyond them. */
const KEPT_FREE = 8;
/** A worker this busy is late for everybody: its one thread does what many runs ask, one after the other. */
const BUSY = 0.75;
/** Below this it has time to spare. */
const EASY = 0.5;
/** Each look at a busy worker leaves one part in this many to who has most of it; never less than one part in that many of all. */
const TIGHTER = { times: 4, most: 16 };
/** A tenant that was led here so long ago still counts as one that comes here. */
const COMES_MS = 5_000;

export interface PlacesOf {
  /** Runs led at once. */
  readonly concurrency: number;
  readonly weightOf: (tenant: TenantId) => number;
  /** Milliseconds; for what is remembered of tenants. */
  readonly now: () => number;
  /** Part of the time that what all runs here share was at work since it was asked last, 0 to 1. */
  readonly busy: () => number;
}

/**
 * The places of one worker, and who has how many. A tenant that has many leaves some to the others; one that has few gets
 * a place beyond the last, so it never waits for a long run of somebody else's to end. Where what all runs here share is the
 * bottleneck, places are no measure of it: then who wants more than all others together gets a quarter of what it had, look
 * by look, down to a sixteenth of the places or to what each of the others has, while anybody else is there to be late; and
 * one more at a time when there is time again.
 */
export class Places {
  readonly #led = new Map<TenantId, number>();
  readonly #came = new Map<TenantId, number>();
  #all = 0;
  /** Who had most of a busy worker, and how many of its runs are led at once for that. */
  #limited: { readonly tenant: TenantId; readonly most: number } | null = null;

  constructor(private readonly of: PlacesOf) {}

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
    if (led >= (this.#limited?.tenant === tenant ? this.#limited.most : this.#usual)) return null;
    const few = 2 * this.#kept;
    const places = led < few ? concurrency + few : concurrency;
    return this.#all < places ? led / weightOf(tenant) : null;
  }

  /** Looks at how busy this thread was since the last look. `waiting`: how many wait here for a place, by tenant. */
  look(waiting: ReadonlyMap<TenantId, number>): void {
    const busy = this.of.busy();
    const long = this.of.now() - COMES_MS;
    for (const [tenant, at] of this.#came) if (at < long && !this.#led.has(tenant)) this.#came.delete(tenant);
    if (this.#came.size < 2) this.#limited = null;
    else if (busy >= BUSY) this.#tighten(waiting);
    else if (busy < EASY) this.#relax();
  }

  #tighten(waiting: ReadonlyMap<TenantId, number>): void {
    const tenant = this.#most(waiting) ?? this.#limited?.tenant;
    if (tenant === undefined) return;
    const before = this.#limited?.tenant === tenant ? this.#limited.most : this.ledOf(tenant);
    const least = Math.ceil(this.of.concurrency / TIGHTER.most);
    this.#limited = { tenant, most: Math.max(least, this.#average(tenant), Math.ceil(before / TIGHTER.times)) };
  }

  /** Who wants more of this worker than all others together, and more than a few places. */
  #most(waiting: ReadonlyMap<TenantId, number>): TenantId | undefined {
    const wants = (tenant: TenantId): number => this.ledOf(tenant) + (waiting.get(tenant) ?? 0);
    let all = this.#all;
    for (const count of waiting.values()) all += count;
    return [...this.#led.keys()].find((tenant) => wants(tenant) > Math.max(2 * this.#kept, all / 2));
  }

  /** What the others have for their weights: nobody gets less for its own, for having had more. */
  #average(but: TenantId): number {
    const { weightOf } = this.of;
    let weights = 0;
    for (const tenant of this.#led.keys()) if (tenant !== but) weights += weightOf(tenant);
    return weights === 0 ? 1 : Math.ceil(((this.#all - this.ledOf(but)) / weights) * weightOf(but));
  }

  #relax(): void {
    if (!this.#limited) return;
    const { tenant, most } = this.#limited;
    this.#limited = most + 1 < this.#usual ? { tenant, most: most + 1 } : null;
  }
}
