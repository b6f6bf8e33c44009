import type { Json } from '@writ/kernel';
import { highestRisk, type RiskTier } from '@writ/words';
import { initiatorNames } from '../request-facts';
import type { Snapshot } from '../snapshot';
import type { DecisionRequest, NearMiss, Obligation, ReasonCode, RuleMatch } from '../types';
import type { LapseRule, Tier, TierPolicy } from './compile';
import { LAPSES, type LapseKind, TIERED_ACTIONS } from './document';
import type { ActRisk, Answerable } from './facts';
import { PUBLISH, tierRule } from './rule-ids';

export interface TierHearing {
  readonly tier: RiskTier;
  readonly matches: readonly RuleMatch[];
  readonly obligations: readonly Obligation[];
  /** Why it may not happen; null where nothing of the tier stands against it. */
  readonly denied: Extract<ReasonCode, 'accountability_lapsed' | 'tier_not_granted'> | null;
  readonly misses: readonly NearMiss[];
}

const TIERED: ReadonlySet<string> = new Set(TIERED_ACTIONS);
const MOST_MISSES = 3;

/** The highest tier of everything that has a part in the act. */
export const tierOf = ({ parts, atLeast = 'low' }: ActRisk): RiskTier =>
  highestRisk([atLeast, ...parts.map(({ tier }) => tier)]);

/**
 * What the controls of its tier make of an act; null for an act that no tier is about. Throws where nothing is known of what has a
 * part in an act of a run: who decides denies then.
 */
export function hearTiers(tiers: TierPolicy, snapshot: Snapshot, request: DecisionRequest): TierHearing | null {
  const { risk, action, object, run } = request;
  if (!TIERED.has(action) || request.outside !== undefined) return null;
  if (risk === undefined) {
    if (run !== undefined) throw new Error('nothing is known of the risk of the act');
    return null;
  }
  const tier = tierOf(risk);
  const findings = new Findings();
  const own = tiers.of(tier);
  const changes = action.endsWith('.change');
  // Publishing it anew is how somebody answers for it again.
  if (!changes)
    for (const part of risk.parts) lapsesOf(part, { tier: tiers.of(part.tier), now: request.now, findings });
  if (changes) findings.publishing(tier, own, { snapshot, request });
  const named = `${object.type}:${object.id}`;
  for (const { rid, actions, objects, owed } of own.controls) {
    if (!actions.has(action) || !objects.some((pattern) => tiers.names(pattern, named))) continue;
    findings.note(rid, 'allow', {});
    findings.owe(owed);
  }
  return { tier, ...findings.all() };
}

function lapsesOf(
  part: Answerable,
  { tier, now, findings }: { readonly tier: Tier; readonly now: number; readonly findings: Findings },
): void {
  for (const { kind, words } of lapsed(part, now)) {
    const rule = tier.lapses[kind];
    if (rule !== undefined) findings.lapse(rule, part, words);
  }
}

/** Why nobody answers for something, or not any more, whatever the policy makes of it. */
export function lapsed(part: Answerable, now: number): readonly { readonly kind: LapseKind; readonly words: string }[] {
  return LAPSES.filter((kind) => hasLapsed(kind, part, now)).map((kind) => ({ kind, words: WORDS[kind](part) }));
}

function hasLapsed(kind: LapseKind, { reviewBy, owned }: Answerable, now: number): boolean {
  switch (kind) {
    case 'overdue':
      return reviewBy !== null && now >= reviewBy;
    case 'undated':
      return reviewBy === null;
    case 'unowned':
      return !owned;
  }
}

const DAY_MS = 86_400_000;

const WORDS: { readonly [K in LapseKind]: (part: Answerable) => string } = {
  overdue: ({ reviewBy }) => `was to be reviewed by ${new Date((reviewBy ?? 0) - DAY_MS).toISOString().slice(0, 10)}`,
  undated: () => 'has no date by which it is reviewed',
  unowned: () => 'has no owner or no purpose',
};

/** What the controls said so far, each rule once. */
class Findings {
  readonly #matches = new Map<string, { effect: 'allow' | 'deny'; read: Record<string, Json> }>();
  readonly #owed = new Map<string, Obligation>();
  readonly #misses: NearMiss[] = [];
  #denied: TierHearing['denied'] = null;

  note(rid: string, effect: 'allow' | 'deny', read: { readonly [what: string]: Json }): void {
    const held = this.#matches.get(rid);
    if (held) Object.assign(held.read, read);
    else this.#matches.set(rid, { effect, read: { ...read } });
  }

  owe(owed: readonly Obligation[]): void {
    for (const one of owed) this.#owed.set(one.id, one);
  }

  lapse({ rid, does, owed }: LapseRule, { type, id }: Answerable, words: string): void {
    this.note(rid, does === 'block' ? 'deny' : 'allow', { [`${type} ${id}`]: words });
    if (owed) this.owe([owed]);
    if (does !== 'block') return;
    this.#denied ??= 'accountability_lapsed';
    this.#missing(rid, '', `${type} ${id} ${words}`);
  }

  publishing(
    tier: RiskTier,
    { publish }: Tier,
    { snapshot, request }: { readonly snapshot: Snapshot; readonly request: DecisionRequest },
  ): void {
    if (publish === null) return;
    const names = initiatorNames(request);
    if (names.some((name) => publish.some((role) => snapshot.roles.has(name, role)))) return;
    const rid = tierRule(tier, PUBLISH);
    this.note(rid, 'deny', { roles: publish });
    this.#denied = 'tier_not_granted';
    for (const role of publish) this.#missing(rid, request.initiator.id, `needs role ${role.slice('role:'.length)}`);
  }

  all(): Pick<TierHearing, 'matches' | 'obligations' | 'denied' | 'misses'> {
    const matches = [...this.#matches].map(([rid, { effect, read }]): RuleMatch => ({
      rid,
      effect,
      condition: null,
      read,
    }));
    return { matches, obligations: [...this.#owed.values()], denied: this.#denied, misses: this.#misses };
  }

  #missing(rid: string, subject: string, missing: string): void {
    if (this.#misses.length < MOST_MISSES) this.#misses.push({ rid, stage: 'tier', subject, missing });
  }
}
