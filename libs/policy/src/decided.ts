import { canonicalJson, type DecisionId, type Json, type JsonObject, newId } from '@writ/kernel';
import { type Reach, reachOf } from './stops';
import type { Action, Decision, DecisionRequest } from './types';

/** What an allow was given for. */
export interface Grounds {
  readonly action: Action;
  readonly object: DecisionRequest['object'];
  readonly reach: Reach;
  /** A copy of the arguments as they stood when decided, in no caller's reach; null when the decision saw none. */
  readonly args: JsonObject | null;
}

export type Outcome = Omit<Decision, 'id' | 'at' | 'snapshot' | 'authority'>;

/**
 * A decision, and hidden in it what it was given for. INVARIANT (I1): the hidden part cannot be read, written, copied or
 * made from outside, so a value that only looks like an allow mints nothing. (A WeakMap beside would say the same, at
 * the price of an ephemeron for the collector to trace on every decision.)
 */
export class Decided implements Decision {
  readonly id: DecisionId;
  readonly verdict: Decision['verdict'];
  readonly reason: Decision['reason'];
  readonly stage: Decision['stage'];
  readonly explicit: boolean;
  readonly stages: Decision['stages'];
  readonly obligations: Decision['obligations'];
  declare readonly handoffMode?: 'attenuate' | 'service';
  readonly nearMisses: Decision['nearMisses'];
  readonly snapshot: string;
  readonly authority: Decision['authority'];
  readonly at: number;
  readonly #grounds: Grounds | null;

  /** Throws `CanonicalError` for an allow whose arguments have no canonical form: they could not be held to it. */
  constructor(outcome: Outcome, under: Pick<Decision, 'snapshot' | 'authority'>, request: DecisionRequest) {
    this.id = newId('decision');
    this.verdict = outcome.verdict;
    this.reason = outcome.reason;
    this.stage = outcome.stage;
    this.explicit = outcome.explicit;
    this.stages = Object.freeze(outcome.stages);
    this.obligations = outcome.obligations;
    if (outcome.handoffMode !== undefined) this.handoffMode = outcome.handoffMode;
    this.nearMisses = outcome.nearMisses;
    this.snapshot = under.snapshot;
    this.authority = under.authority;
    this.at = request.now;
    this.#grounds = outcome.verdict === 'allow' ? groundsOf(request) : null;
    Object.freeze(this);
  }

  /** What this very value allowed; undefined for a denial and for whatever `decide` did not make. */
  static grounds(decision: Decision): Grounds | undefined {
    return typeof decision === 'object' && decision !== null && #grounds in decision
      ? (decision.#grounds ?? undefined)
      : undefined;
  }
}

// The arguments are copied now: an object changed between the decision and its effect then no longer fits.
const groundsOf = (request: DecisionRequest): Grounds => ({
  action: request.action,
  object: request.object,
  reach: reachOf(request),
  args: request.args === undefined ? null : copyOf(request.args),
});

/** Throws `CanonicalError` for what has no canonical form. */
function copyOf(args: JsonObject): JsonObject {
  const copy: { [key: string]: Json } = {};
  for (const key of Object.keys(args)) {
    const value = args[key];
    // Flat and plain, as nearly all are: a fifth of the price of the canonical text, which only a permit needs.
    if (!isPlain(key) || !isPlain(value)) return Object.freeze(JSON.parse(canonicalJson(args)) as JsonObject);
    if (value !== undefined) copy[key] = value;
  }
  return Object.freeze(copy);
}

function isPlain(value: Json | undefined): boolean {
  if (typeof value === 'string') return value !== '__proto__' && value.isWellFormed() && !value.includes('\u0000');
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null;
}
