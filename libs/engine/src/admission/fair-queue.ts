import type { TenantId } from '@writ/kernel';

/**
 * What waits for a place, by tenant. The next is always of the tenant that has least for its weight; between equals, of
 * the one that was served longest ago; within a tenant, first come first served. So one tenant's ten thousand stand
 * behind nobody but themselves.
 */
export class FairQueue<T> {
  /** Tenants in the order they were last served. */
  readonly #tenants = new Map<TenantId, Map<string, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many wait, by tenant. */
  sizes(): ReadonlyMap<TenantId, number> {
    return new Map([...this.#tenants].map(([tenant, line]) => [tenant, line.size]));
  }

  holds(tenant: TenantId): boolean {
    return this.#tenants.has(tenant);
  }

  get(tenant: TenantId, key: string): T | undefined {
    return this.#tenants.get(tenant)?.get(key);
  }

  /** What stood under the key keeps its place in the line. */
  add(tenant: TenantId, key: string, item: T): void {
    const line = this.#tenants.get(tenant) ?? new Map<string, T>();
    if (!line.has(key)) this.#size += 1;
    line.set(key, item);
    if (line.size === 1 && !this.#tenants.has(tenant)) this.#tenants.set(tenant, line);
  }

  /** `share` is what a tenant has for its weight; null for one that may have no more at the moment. */
  take(share: (tenant: TenantId) => number | null): T | null {
    let least: { readonly tenant: TenantId; readonly share: number } | null = null;
    for (const tenant of this.#tenants.keys()) {
      const has = share(tenant);
      if (has !== null && (least === null || has < least.share)) least = { tenant, share: has };
    }
    return least === null ? null : this.#serve(least.tenant);
  }

  #serve(tenant: TenantId): T | null {
    const line = this.#tenants.get(tenant);
    const first = line?.entries().next();
    if (!line || first === undefined || first.done === true) return null;
    const [key, item] = first.value;
    line.delete(key);
    this.#size -= 1;
    this.#tenants.delete(tenant);
    if (line.size > 0) this.#tenants.set(tenant, line);
    return item;
  }

  /** Takes everything out. */
  drain(): T[] {
    const all = [...this.#tenants.values()].flatMap((line) => [...line.values()]);
    this.#tenants.clear();
    this.#size = 0;
    return all;
  }
}
