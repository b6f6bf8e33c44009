import { type ApprovalId, canonicalJson, type DecisionId, type Json, type JsonObject, newId } from '@writ/kernel';
import { type Reach, reachOf } from './stops';
import type { Decision, DecisionRequest } from './types';

/** What an allow was given for. */
export interface Grounds {
  readonly action: DecisionRequest['action'];
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
  declare readonly flow?: NonNullable<Decision['flow']>;
  readonly nearMisses: Decision['nearMisses'];
  readonly snapshot: string;
  readonly authority: Decision['authority'];
  readonly at: number;
  declare readonly approval?: ApprovalId;
  readonly #grounds: Grounds | null;

  /**
   * Throws `CanonicalError` for arguments that have no canonical form: an allow, or an approval, could not be held to
   * them.
   */
  constructor(
    outcome: Outcome,
    under: Pick<Decision, 'snapshot' | 'authority'>,
    request: Pick<DecisionRequest, 'now'> & (DecisionRequest | { readonly grounds: Grounds | null }),
  ) {
    this.id = newId('decision');
    this.verdict = outcome.verdict;
    this.reason = outcome.reason;
    this.stage = outcome.stage;
    this.explicit = outcome.explicit;
    this.stages = Object.freeze(outcome.stages);
    this.obligations = outcome.obligations;
    if (outcome.handoffMode !== undefined) this.handoffMode = outcome.handoffMode;
    if (outcome.flow !== undefined) this.flow = outcome.flow;
    this.nearMisses = outcome.nearMisses;
    this.snapshot = under.snapshot;
    this.authority = under.authority;
    this.at = request.now;
    if (outcome.approval !== undefined) this.approval = outcome.approval;
    this.#grounds = outcome.verdict === 'deny' ? null : 'grounds' in request ? request.grounds : groundsOf(request);
    Object.freeze(this);
  }

  /** What this very value was decided about; undefined for a denial and for whatever `decide` did not make. */
  static grounds(decision: Decision): Grounds | undefined {
    return typeof decision === 'object' && decision !== null && #grounds in decision
      ? (decision.#grounds ?? undefined)
      : undefined;
  }

  /**
   * The same decision after people were asked: allowed by what they granted, or denied. INVARIANT (I1): only an `ask`
   * that `decide` made can become an allow here, for the very act it was about; whether it may is for `weigh` to say.
   */
  static answered(asked: Decision, answer: Answer): Decision {
    const grounds = Decided.grounds(asked);
    if (!grounds || asked.verdict !== 'ask') throw new Error(`decision ${asked.id} asked nobody in this process`);
    const { stage, stages, obligations, snapshot, authority, at, handoffMode, flow } = asked;
    const outcome: Outcome = {
      ...answer,
      stage,
      explicit: true,
      stages,
      obligations,
      nearMisses: [],
      ...(handoffMode !== undefined && { handoffMode }),
      ...(flow !== undefined && { flow }),
    };
    return new Decided(outcome, { snapshot, authority }, { now: at, grounds });
  }

  /** The denial that an allow is where a promise it was given on cannot be kept (I7): `what` says which, and why. */
  static unkept(allowed: Decision, what: string): Decision {
    const { stage, stages, snapshot, authority, at, handoffMode, flow } = allowed;
    const outcome: Outcome = {
      verdict: 'deny',
      reason: 'unknown_obligation',
      stage,
      explicit: true,
      stages,
      obligations: [],
      nearMisses: [{ rid: '', stage, subject: '', missing: what }],
      ...(handoffMode !== undefined && { handoffMode }),
      ...(flow !== undefined && { flow }),
    };
    return new Decided(outcome, { snapshot, authority }, { now: at, grounds: null });
  }
}

/** What became of a question to people. */
export type Answer =
  | { readonly verdict: 'allow'; readonly reason: 'approved'; readonly approval: ApprovalId }
  | {
      readonly verdict: 'deny';
      readonly reason: 'approval_rejected' | 'approval_expired';
      readonly approval: ApprovalId;
    };

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
