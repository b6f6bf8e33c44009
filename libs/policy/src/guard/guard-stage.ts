import { standing } from '@writ/rules';
import { RequestFacts } from '../request-facts';
import type { Snapshot } from '../snapshot';
import { isStoppable } from '../stops';
import type { DecisionRequest, NearMiss, Obligation, ReasonCode, RuleMatch } from '../types';
import type { Guardrail, GuardrailPolicy, Place } from './compile';
import type { Boundary } from './document';
import type { GuardFacts, GuardFinding } from './facts';

export interface GuardHearing {
  readonly matches: readonly RuleMatch[];
  readonly obligations: readonly Obligation[];
  /** Why it is denied; null where it is not. */
  readonly denied: ReasonCode | null;
  readonly misses: readonly NearMiss[];
}

/** Which acts of a run take content over a boundary. */
const BOUNDARY_OF: { readonly [action: string]: Boundary } = {
  'model.invoke': 'input',
  'agent.invoke': 'input',
  'tool.invoke': 'output',
  'run.finish': 'output',
};

const boundaryOf = (action: string): Boundary | null =>
  Object.hasOwn(BOUNDARY_OF, action) ? BOUNDARY_OF[action]! : null;

/**
 * Asks the guardrails about one act: first what is forbidden absolutely, then what the checks said of its content.
 * INVARIANT: an act of a run that takes content over a boundary is decided by what every guardrail there said of it. Throws
 * where one was not asked; the caller denies.
 */
export function hearGuards(snapshot: Snapshot, policy: GuardrailPolicy, request: DecisionRequest): GuardHearing {
  const forbidden = forbiddenBy(snapshot, policy, request);
  if (forbidden.length > 0) {
    return { matches: forbidden, obligations: [], denied: 'forbidden_absolutely', misses: [] };
  }
  const facts = factsOf(policy, request);
  if (facts === null || facts.boundary === null) return NOTHING;
  const applying = policy.applying(placeOf(facts, facts.boundary, request), requiredIn(snapshot, facts.tier));
  const heard = applying.map((guardrail) => spoken(guardrail, facts));
  const matches = heard.flatMap(({ match }) => (match ? [match] : []));
  if (matches.length === 0) return NOTHING;
  const denying = heard.find(({ denied }) => denied !== null);
  return {
    matches,
    obligations: heard.flatMap(({ owed }) => (owed ? [owed] : [])),
    denied: denying?.denied ?? null,
    misses: matches.flatMap(({ rid, effect, read, error }): readonly NearMiss[] =>
      effect === 'deny' ? [{ rid, stage: 'guardrail', subject: '', missing: missingOf(read, error) }] : [],
    ),
  };
}

/** Whether guardrails deny an act, whatever else is said of it. */
export function isHeldBack(snapshot: Snapshot, policy: GuardrailPolicy, request: DecisionRequest): boolean {
  try {
    return hearGuards(snapshot, policy, request).denied !== null;
  } catch {
    return true;
  }
}

/** Guardrails that hold in a tier whatever they say of themselves. */
export const requiredIn = ({ tiers }: Pick<Snapshot, 'tiers'>, tier: GuardFacts['tier']): readonly string[] =>
  tiers?.of(tier).guardrails ?? [];

const NOTHING: GuardHearing = Object.freeze({ matches: [], obligations: [], denied: null, misses: [] });

function forbiddenBy(snapshot: Snapshot, policy: GuardrailPolicy, request: DecisionRequest): readonly RuleMatch[] {
  const { action, object, outside, chain } = request;
  // As with a stop: nobody may be locked out of looking, cancelling, and taking rights away.
  if (policy.absolute.length === 0 || (!isStoppable(action) && outside === undefined)) return [];
  const about = `${object.type}:${object.id}`;
  let facts: RequestFacts | null = null;
  return policy.absolute.flatMap((rule): readonly RuleMatch[] => {
    if (!policy.covers(rule, action, about)) return [];
    const { rid, condition, test } = rule;
    if (test === null) return [{ rid, effect: 'deny', condition, read: {} }];
    const { truth, read, error } = test.evaluate((facts ??= new RequestFacts(request, snapshot, chain.at(-1) ?? null)));
    if (standing('deny', truth) !== 'matched') return [];
    return [{ rid, effect: 'deny', condition, read, ...(error !== null && { error }) }];
  });
}

function factsOf(policy: GuardrailPolicy, { run, action, guards }: DecisionRequest): GuardFacts | null {
  // A question what would be decided has no content.
  if (policy.checks.length === 0 || run === undefined) return null;
  const boundary = boundaryOf(action);
  if (boundary === null) return null;
  if (guards === undefined) throw new Error('nothing is known of the content it takes over a boundary');
  if (guards.boundary !== boundary && !(guards.boundary === null && action === 'tool.invoke')) {
    throw new Error(`its content was looked at as it passes another boundary than ${boundary}`);
  }
  return guards;
}

export const placeOf = (
  { agents }: Pick<GuardFacts, 'agents'>,
  boundary: Boundary,
  { action, object }: Pick<DecisionRequest, 'action' | 'object'>,
): Place => ({ boundary, agents, tool: action === 'tool.invoke' ? object.id : null });

interface Spoken {
  readonly match: RuleMatch | null;
  readonly owed: Obligation | null;
  readonly denied: ReasonCode | null;
}

const SILENT: Spoken = { match: null, owed: null, denied: null };

function spoken(guardrail: Guardrail, { heard, tier, boundary, assumed }: GuardFacts): Spoken {
  const { id, version, says, owed } = guardrail;
  const finding = heard.find((one) => one.guardrail === id && (assumed === true || one.version === version));
  if (finding === undefined) {
    if (assumed === true) return SILENT;
    throw new Error(`guardrail ${id} was not asked`);
  }
  switch (finding.outcome) {
    case 'passed':
    case 'redacted':
      return SILENT;
    case 'fired':
      return { match: matchOf(guardrail, finding, boundary), owed, denied: owed === null ? 'guardrail_denied' : null };
    case 'failed': {
      // INVARIANT (I7): a check that failed holds content back, but where little is at stake and the policy says so.
      const open = tier === 'low' && says.on_error === 'open';
      const match = matchOf(guardrail, finding, boundary);
      const error = `the check failed (${String(finding.what['because'] ?? 'no answer')})`;
      const effect = open ? 'allow' : 'deny';
      return { match: { ...match, effect, error }, owed: null, denied: open ? null : 'guardrail_failed' };
    }
  }
}

const matchOf = ({ rid, owed }: Guardrail, { what }: GuardFinding, boundary: Boundary | null): RuleMatch => ({
  rid,
  effect: owed === null ? 'deny' : 'allow',
  condition: null,
  read: { boundary: boundary ?? '', ...what },
});

const missingOf = ({ boundary: _boundary, ...what }: RuleMatch['read'], error: string | undefined): string =>
  error ?? `the content holds ${foundWords(what)}`;

/** `2 payment_card, 1 email`: what was found, never the values. */
export const foundWords = (what: RuleMatch['read']): string =>
  Object.entries(what)
    .map(([kind, value]) => (typeof value === 'number' ? `${value} ${kind}` : `${kind} ${String(value)}`))
    .join(', ');
