import { ok, refuse, type Result } from '@writ/kernel';
import { type Closure, covers, roleName } from '@writ/rules';
import { RISK_TIERS, type RiskTier } from '@writ/words';
import { policyFailure } from '../bundle';
import { asks, honouredFor } from '../obligations';
import type { Obligation } from '../types';
import { LAPSES, type LapseKind, type TierDocument, type TieredAction, type TiersDocument } from './document';
import { PUBLISH, tierRule } from './rule-ids';

/** Obligations of some acts of a tier. */
export interface Control {
  readonly rid: string;
  readonly actions: ReadonlySet<string>;
  readonly objects: readonly string[];
  readonly owed: readonly Obligation[];
}

/** What follows where nobody answers for something. */
export interface LapseRule {
  readonly rid: string;
  readonly does: 'warn' | 'block' | 'ask';
  /** Of one that asks. */
  readonly owed: Obligation | null;
}

/** Which runs of a tier people look at. */
export interface ReviewTerms {
  /** Of 1. */
  readonly share: number;
  readonly always: readonly string[];
  readonly withinDays: number;
}

export interface Tier {
  readonly controls: readonly Control[];
  readonly guardrails: readonly string[];
  readonly review: ReviewTerms | null;
  readonly budget: NonNullable<TierDocument['budget']> | null;
  /** Roles (`role:…`) whose holders publish; null where whoever else may does. */
  readonly publish: readonly string[] | null;
  readonly lapses: { readonly [K in LapseKind]?: LapseRule };
}

/** The `tiers` of one policy version. */
export class TierPolicy {
  constructor(
    private readonly tiers: { readonly [T in RiskTier]: Tier },
    private readonly classes: Closure,
  ) {}

  of(tier: RiskTier): Tier {
    return this.tiers[tier];
  }

  /** Whether a pattern of this policy names an object, written `tool:refund`. */
  names(pattern: string, object: string): boolean {
    return pattern.startsWith('class:') ? this.classes.has(object, pattern) : covers(pattern, object);
  }
}

interface Known {
  readonly obligations: ReadonlyMap<string, Obligation>;
  readonly classes: Closure;
  /** Ids of the guardrails that the bundle defines. */
  readonly guardrails?: ReadonlySet<string>;
}

const NOTHING: Tier = {
  controls: [],
  guardrails: [],
  review: null,
  budget: null,
  publish: null,
  lapses: {},
};

/**
 * Fails with `unknown_obligation`, `bad_obligation` (one that asks nobody where it should, or that nobody keeps where the act
 * is enforced), `unknown_guardrail` or `bad_tiers`.
 */
export function compileTiers(document: TiersDocument | undefined, known: Known): Result<TierPolicy | null> {
  if (document === undefined) return ok(null);
  const tiers: Record<RiskTier, Tier> = { low: NOTHING, medium: NOTHING, high: NOTHING };
  for (const tier of RISK_TIERS) {
    const written = document[tier];
    if (written === undefined) continue;
    const compiled = compileTier(tier, written, known);
    if (!compiled.ok) return compiled;
    tiers[tier] = compiled.value;
  }
  return ok(new TierPolicy(tiers, known.classes));
}

const KEPT: ReadonlySet<string> = new Set([...LAPSES, PUBLISH]);

function compileTier(tier: RiskTier, written: TierDocument, known: Known): Result<Tier> {
  const controls: Control[] = [];
  for (const [id, { actions, objects, oblige }] of Object.entries(written.controls)) {
    const rid = tierRule(tier, id);
    if (KEPT.has(id)) return refuse(policyFailure('bad_tiers', `A control of tier ${tier} cannot be called ${id}.`));
    const owed: Obligation[] = [];
    for (const name of oblige) {
      const found = obligationOf(rid, name, known);
      if (!found.ok) return found;
      const unkept = actions.find((action) => !honouredFor({ action }).has(found.value.type));
      if (unkept !== undefined) return refuse(nobodyKeeps(rid, found.value, unkept));
      owed.push(found.value);
    }
    controls.push({ rid, actions: new Set(actions), objects, owed });
  }
  const foreign = written.guardrails.find((id) => !known.guardrails?.has(id));
  if (foreign !== undefined) {
    return refuse(policyFailure('unknown_guardrail', `Tier ${tier}: the bundle defines no guardrail ${foreign}.`));
  }
  const lapses: Partial<Record<LapseKind, LapseRule>> = {};
  for (const kind of LAPSES) {
    const said = written[kind];
    if (said === undefined) continue;
    const rid = tierRule(tier, kind);
    if (typeof said === 'string') lapses[kind] = { rid, does: said, owed: null };
    else {
      const found = obligationOf(rid, said.ask, known);
      if (!found.ok) return found;
      if (!asks([found.value])) {
        return refuse(policyFailure('bad_obligation', `${rid}: obligation ${said.ask} asks nobody.`));
      }
      lapses[kind] = { rid, does: 'ask', owed: found.value };
    }
  }
  const { review, budget, publish, guardrails } = written;
  return ok({
    controls,
    guardrails,
    review: review ? { share: review.share, always: review.always, withinDays: review.within_days } : null,
    budget: budget ?? null,
    publish: publish ? publish.roles.map(roleName) : null,
    lapses,
  });
}

function obligationOf(rid: string, id: string, { obligations }: Known): Result<Obligation> {
  const found = obligations.get(id);
  return found
    ? ok(found)
    : refuse(policyFailure('unknown_obligation', `${rid}: the bundle defines no obligation ${id}.`));
}

const nobodyKeeps = (rid: string, { id, type }: Obligation, action: TieredAction) =>
  policyFailure('bad_obligation', `${rid}: nobody honours obligation ${id} (${type}) where ${action} is done.`);
