import type { EventPlace } from './chains';
import type { DecidedEvent, ReadContext } from './decision';
import { quote, type Raised } from './report';

/** An allow by a delegation, and where it stands. */
interface Allow {
  readonly epoch: number;
  readonly at: EventPlace;
  readonly event: string | null;
  readonly run: string;
}

interface Revocation {
  readonly epoch: number;
  readonly index: number;
}

/**
 * Delegations that were taken back, held against the allows of runs. INVARIANT (I3, I6): a revocation raises the tenant's
 * authority epoch, and an allow commits only under the epoch in force; so no allow by that delegation, or by one that hangs
 * from it, tells the revocation's epoch or a later one, nor does it follow one that does in its own run. Epochs are compared
 * and not places: a log may hold an allow after a revocation that it was committed before. A revocation that does not
 * tell its epoch (written before they did) is held against nothing.
 */
export class Revocations {
  readonly #revoked = new Map<string, Revocation>();
  /** The latest allow by each delegation: the revocation may stand after it. */
  readonly #latest = new Map<string, Allow>();
  /** The latest epoch that a run allowed anything under. */
  readonly #runs = new Map<string, number>();

  /** Takes the event of a revocation; answers what an allow before it should not have been, or null. */
  revoked({ object, detail }: { readonly [name: string]: unknown }, index: number): Raised | null {
    const id = (object as { readonly id?: unknown } | undefined)?.id;
    const epoch = (detail as { readonly epoch?: unknown } | undefined)?.epoch;
    if (typeof id !== 'string' || !Number.isSafeInteger(epoch) || this.#revoked.has(id)) return null;
    const revocation = { epoch: epoch as number, index };
    this.#revoked.set(id, revocation);
    const latest = this.#latest.get(id);
    if (latest === undefined || latest.epoch < revocation.epoch) return null;
    const { at, event, run } = latest;
    return { ...faultOf(id, revocation), ...at, event, run };
  }

  /** Takes a decision in its run's order; answers the delegation it should not have been allowed by, or null. */
  decided(
    { decision, epoch, run }: DecidedEvent,
    context: ReadContext | null,
    { at, event }: { readonly at: EventPlace; readonly event: string | null },
  ): Raised | null {
    if (decision.verdict !== 'allow' || epoch === null) return null;
    const before = this.#runs.get(run) ?? 0;
    if (epoch > before) this.#runs.set(run, epoch);
    for (const { delegation } of context?.chain ?? []) {
      if (delegation === null) continue;
      const revocation = this.#revoked.get(delegation);
      if (revocation && Math.max(epoch, before) >= revocation.epoch) return faultOf(delegation, revocation);
      const latest = this.#latest.get(delegation);
      if (latest === undefined || latest.epoch < epoch) {
        this.#latest.set(delegation, { epoch, at: { ...at }, event, run });
      }
    }
    return null;
  }
}

const faultOf = (delegation: string, { epoch, index }: Revocation): Raised => ({
  fault: 'decision',
  message: `Delegation ${quote(delegation)} was revoked under authority ${epoch} (index ${index}), and the act was allowed after that.`,
});
