import type { Result } from '@writ/kernel';
import type { Snapshot } from './snapshot';

/**
 * Snapshots by digest, so that tenants with the same policy share one and a policy notified twice is built once. Held
 * weakly: a snapshot no tenant uses any more is collected.
 */
export class SnapshotShelf {
  readonly #built = new Map<string, WeakRef<Snapshot>>();
  readonly #building = new Map<string, Promise<Result<Snapshot>>>();

  async take(digest: string, build: () => Promise<Result<Snapshot>>): Promise<Result<Snapshot>> {
    const held = this.#built.get(digest)?.deref();
    if (held) return { ok: true, value: held };
    const building = this.#building.get(digest) ?? this.#build(digest, build);
    return building;
  }

  #build(digest: string, build: () => Promise<Result<Snapshot>>): Promise<Result<Snapshot>> {
    const building = build()
      .then((built) => {
        if (built.ok) this.#keep(digest, built.value);
        return built;
      })
      .finally(() => this.#building.delete(digest));
    this.#building.set(digest, building);
    return building;
  }

  #keep(digest: string, snapshot: Snapshot): void {
    for (const [known, held] of this.#built) if (!held.deref()) this.#built.delete(known);
    this.#built.set(digest, new WeakRef(snapshot));
  }
}
