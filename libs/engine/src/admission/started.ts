import type { TenantId } from '@writ/kernel';

interface Starts {
  readonly now: number;
  readonly inLine: number;
}

const NONE: Starts = { now: 0, inLine: 0 };

/** Starts that a process has judged and not yet seen in the database. */
export class Started {
  readonly #of = new Map<TenantId, Starts>();
  #now = 0;

  /** Of all tenants, those that were to be led at once. */
  get now(): number {
    return this.#now;
  }

  of(tenant: TenantId): Starts {
    return this.#of.get(tenant) ?? NONE;
  }

  add(tenant: TenantId, entry: 'now' | 'in_line'): void {
    const { now, inLine } = this.of(tenant);
    this.#of.set(tenant, entry === 'now' ? { now: now + 1, inLine } : { now, inLine: inLine + 1 });
    if (entry === 'now') this.#now += 1;
  }

  join(other: Started): void {
    for (const [tenant, { now, inLine }] of other.#of) {
      const mine = this.of(tenant);
      this.#of.set(tenant, { now: mine.now + now, inLine: mine.inLine + inLine });
    }
    this.#now += other.#now;
  }
}
