import type { RunId, TenantId } from '@writ/kernel';
import { isFinal } from '@writ/words';
import type { HeldRun } from '../held-run';
import { waitsOf } from '../waits';

interface Rested {
  readonly tenant: TenantId;
  readonly run: RunId;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Longer than the news of a change takes from its commit to whoever listens. */
const REMEMBERED_MS = 5_000;

/**
 * Runs of this process that came to rest while people are asked. A change of rights wakes, in its own transaction, the
 * runs that wait by then; a run that was just coming to rest decided under the old rights and is not among them. Whoever
 * led it looks at it once more, as soon as the change is heard of.
 */
export class AskedRuns {
  readonly #rested = new Map<string, Rested>();
  readonly #heard = new Set<string>();

  /** A change was heard of while the run is led here. */
  heard(key: string): void {
    this.#heard.add(key);
  }

  /** Leading the run began: what was heard before is known to it. */
  led(key: string): void {
    this.#heard.delete(key);
    this.#rested.delete(key);
  }

  /** Leading the run ended in a rest. True when it must be looked at again at once. */
  rested(key: string, held: Pick<HeldRun, 'tenant' | 'run' | 'state'>, now: number): boolean {
    const heard = this.#heard.delete(key);
    if (isFinal(held.state.status) || !waitsOf(held.state).some((wait) => wait.for === 'approval')) return false;
    if (heard) return true;
    this.#forget(now);
    this.#rested.set(key, { tenant: held.tenant, run: held.run, at: now });
    return false;
  }

  /** Runs to look at again, because the rights of their tenant changed. */
  changed(tenant: TenantId | '*', now: number): readonly Pick<Rested, 'tenant' | 'run'>[] {
    this.#forget(now);
    const again = [...this.#rested].filter(([, rested]) => tenant === '*' || rested.tenant === tenant);
    for (const [key] of again) this.#rested.delete(key);
    return again.map(([, rested]) => rested);
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#rested) {
      if (now - at < REMEMBERED_MS) return;
      this.#rested.delete(key);
    }
  }
}
