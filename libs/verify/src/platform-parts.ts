import type { EventPlace } from './chains';
import { quote, type Raised } from './report';

type Event = { readonly [name: string]: unknown };

/** From an epoch of the platform on, what it adds to the tenant's policy: a digest, or null for nothing. */
interface Told {
  readonly epoch: number;
  readonly part: string | null;
  readonly index: number;
}

interface Seen {
  readonly part: string | null;
  readonly at: EventPlace;
  readonly event: string | null;
}

/**
 * What the tenant's log tells of the platform's guardrails, held against the policies that acts were let pass under.
 * INVARIANT (I3): what the platform adds changes with its authority epoch, and an act commits only under the epoch in force;
 * so whatever passed under an epoch passed under a policy with what had been added by then. Epochs are compared and not
 * places: an act may stand in the log before the change that it already went by, or after one that it was committed before.
 * So nothing can be said before the end, nor of a log that is not shown whole.
 */
export class PlatformParts {
  readonly #told: Told[] = [];
  /** Epoch → one act for each of the parts seen under it. */
  readonly #seen = new Map<number, Seen[]>();

  /** Takes the event of a policy that was put in force. */
  activated({ detail }: Event, index: number): void {
    const { platform_epoch: epoch, platform = null } = (detail ?? {}) as Event;
    if (!Number.isSafeInteger(epoch) || (platform !== null && typeof platform !== 'string')) return;
    this.#told.push({ epoch: epoch as number, part: platform, index });
  }

  /** Takes an act that was let pass, or asked about, under a policy whose platform's part is this. */
  passed({ authority }: Event, part: string | null, where: Omit<Seen, 'part'>): void {
    const epoch = ((authority ?? {}) as Event)['platform'];
    if (typeof epoch !== 'number') return;
    const acts = this.#seen.get(epoch) ?? [];
    if (acts.some((one) => one.part === part)) return;
    this.#seen.set(epoch, [...acts, { at: { ...where.at }, event: where.event, part }]);
  }

  /** Acts that passed under a policy with something else than had been added by then; of each epoch one at most. */
  faults(): readonly Raised[] {
    const told = [...this.#told].sort((a, b) => a.epoch - b.epoch);
    return [...this.#seen].flatMap(([epoch, acts]): readonly Raised[] => {
      const due = told.findLast((one) => one.epoch <= epoch);
      const wrong = due && acts.find(({ part }) => part !== due.part);
      return wrong ? [{ ...faultOf(due), ...wrong.at, event: wrong.event }] : [];
    });
  }
}

const faultOf = ({ epoch, part, index }: Told): Raised => ({
  fault: 'decision',
  message:
    part === null
      ? `From epoch ${epoch} of the platform on it adds nothing to this policy (index ${index}), and the act passed under one with something added.`
      : `From epoch ${epoch} of the platform on it adds ${quote(part)} to this policy (index ${index}), and the act passed under one without that.`,
});
