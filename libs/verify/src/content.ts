import { CanonicalError, digestOf, isId } from '@writ/kernel';
import { isCanonical } from './canonical';
import type { EventPlace } from './chains';
import type { ContentCheck } from './check';
import { decidedEvent, type ReadContext, readContext } from './decision';
import { drawFault, drawnUnder } from './draws';
import { PlatformParts } from './platform-parts';
import { type PolicyView, readPolicy } from './policy-view';
import { stagesFault, rulesFault } from './recombine';
import { Revocations } from './revoked';
import { type Problems, quote, type Raised } from './report';

/** How decisions came out. */
export interface DecisionCounts {
  readonly total: number;
  readonly allow: number;
  readonly deny: number;
  readonly ask: number;
  /** Recombined from the rules of their policy; the others from their stages only, as the policy is not in the file. */
  readonly by_rules: number;
}

type Event = { readonly [name: string]: unknown };

/**
 * Reads events one after the other: whether their bytes are the one canonical form, whether they are this tenant's, and
 * whether each decision follows from its own reasons.
 */
export class Content implements ContentCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #policies = new Map<string, string>();
  readonly #views = new Map<string, PolicyView | null>();
  readonly #contexts = new Map<string, ReadContext>();
  readonly #open = new Set<string>();
  readonly #revocations = new Revocations();
  readonly #platform = new PlatformParts();
  readonly #counts = { total: 0, allow: 0, deny: 0, ask: 0, by_rules: 0 };

  constructor(
    private readonly log: { readonly tenant: string },
    private readonly problems: Problems,
  ) {}

  get decisions(): DecisionCounts {
    return { ...this.#counts };
  }

  /** A policy snapshot, to recombine by. */
  policy(digest: unknown, body: unknown, byte: number): void {
    if (typeof digest !== 'string' || typeof body !== 'string' || digestOf(body) !== digest) {
      const message = `The policy is not the one that its digest ${quote(digest)} names.`;
      return this.problems.add({ fault: 'policy', message, byte });
    }
    this.#policies.set(digest, body);
  }

  event(line: Uint8Array, at: EventPlace, whole: boolean): void {
    const event = this.#read(line, at);
    if (event === null) return;
    const fault = this.#foreign(event) ?? this.#decided(event, at, whole) ?? this.#drawn(event);
    if (fault !== null) this.problems.add({ ...fault, ...at, ...named(event) });
    if (event['type'] === 'context') this.#context(event);
    if (event['type'] === 'policy.activated') this.#platform.activated(event, at.index);
    if (event['type'] !== 'delegation.revoked') return;
    const after = this.#revocations.revoked(event, at.index);
    if (after !== null) this.problems.add(after);
  }

  end(whole: boolean): void {
    if (whole) for (const fault of this.#platform.faults()) this.problems.add(fault);
  }

  #read(line: Uint8Array, at: EventPlace): Event | null {
    let reason = 'it is no JSON';
    try {
      const text = this.#decoder.decode(line);
      const event = JSON.parse(text) as Event;
      if (isCanonical(text, event)) return event;
      reason = 'it is written in another way';
    } catch (error) {
      if (error instanceof CanonicalError) reason = error.message;
    }
    const message = `This event is not canonical JSON: ${reason}.`;
    this.problems.add({ fault: 'not_canonical', message, ...at });
    return null;
  }

  #foreign({ tenant, origin }: Event): Raised | null {
    const base = `writ/${this.log.tenant}`;
    if (tenant === this.log.tenant && origin === base) return null;
    const found = tenant === this.log.tenant ? origin : tenant;
    return {
      fault: 'foreign',
      message: `This event is of another log: ${quote(found)}.`,
      expected: base,
      found: quote(found),
    };
  }

  #context({ detail }: Event): void {
    const text = (detail as { context?: unknown } | undefined)?.context;
    const context = typeof text === 'string' ? readContext(text) : null;
    if (context) this.#contexts.set(digestOf(text as string), context);
  }

  /** `whole`: no event is hidden, so what an event rests on must have been shown. */
  #decided(event: Event, at: EventPlace, whole: boolean): Raised | null {
    const unfounded = whole ? this.#unfounded(event) : null;
    const decided = decidedEvent(event);
    if (decided === null) return unfounded;
    if (decided === 'malformed') return { fault: 'decision', message: 'This decision cannot be read.' };
    this.#count(decided.decision.verdict);
    const context = decided.context === null ? null : (this.#contexts.get(decided.context) ?? null);
    const digest = context?.snapshot ?? decided.decision.snapshot;
    const policy = digest === null ? null : this.#view(digest);
    let fault = stagesFault(decided, context);
    if (policy) {
      this.#counts.by_rules += 1;
      fault ??= rulesFault(decided, context, policy);
    }
    const place = { at, event: named(event).event ?? null };
    const after = this.#revocations.decided(decided, context, place);
    if (policy !== null && decided.decision.verdict !== 'deny') {
      this.#platform.passed(event, policy.platform, place);
    }
    if (fault === null) return unfounded ?? after;
    const { verdict, reason } = decided.decision;
    return { fault: 'decision', message: `${fault}.`, found: quote(`${verdict} (${reason})`) };
  }

  /** Whether a run that ended was rightly drawn, or not, for people to look at. */
  #drawn(event: Event): Raised | null {
    const digest = drawnUnder(event);
    if (digest === null) return null;
    const policy = typeof digest === 'string' ? this.#view(digest) : null;
    const fault = drawFault(event, policy ? policy.tiers : undefined);
    return fault === null ? null : { fault: 'draw', message: `${fault}.` };
  }

  #count(verdict: string): void {
    this.#counts.total += 1;
    if (verdict === 'allow' || verdict === 'deny' || verdict === 'ask') this.#counts[verdict] += 1;
  }

  #view(digest: string): PolicyView | null {
    let view = this.#views.get(digest);
    if (view === undefined) {
      const body = this.#policies.get(digest);
      view = body === undefined ? null : readPolicy(digest, body);
      this.#views.set(digest, view);
    }
    return view;
  }

  /** INVARIANT (I2): an outcome has its authorization before it. */
  #unfounded({ type, run, step, attempt }: Event): Raised | null {
    if (typeof step !== 'number' || typeof run !== 'string') return null;
    const effect = `${run} ${step} ${String(attempt)}`;
    if (type === 'action.authorized') this.#open.add(effect);
    if (type !== 'action.settled' && type !== 'handoff.made') return null;
    if (this.#open.delete(effect)) return null;
    return { fault: 'decision', message: 'An effect was recorded that nothing before it authorized.' };
  }
}

const named = (event: Event): Pick<Raised, 'event' | 'run' | 'run_seq'> => {
  const { id, run, run_seq: seq } = event;
  return {
    event: isId('event', id) ? id : null,
    run: run === 'tenant' || isId('run', run) ? run : null,
    run_seq: Number.isSafeInteger(seq) ? (seq as number) : null,
  };
};
