import { type Candidate, combine, type Combined, type Effect, type Facts, type Outcome, standing } from '@writ/rules';
import { matcher, type Question } from './casbin';
import type { Entry, Snapshot } from './snapshot';
import type { Obligation, RuleMatch } from './types';

/** What a set of candidate rules says of one request. */
export interface Hearing {
  readonly combined: Combined;
  /** Rules that matched, and allow rules whose condition could not be evaluated. */
  readonly matches: readonly RuleMatch[];
  /** Of the allow rules that matched. */
  readonly obligations: readonly Obligation[];
  /** Allow rules that matched in every name and failed in their condition. */
  readonly missed: readonly Entry[];
  /** Allow rules that matched. */
  readonly granting: readonly Entry[];
}

export interface Case {
  readonly tenant: string;
  readonly snapshot: Snapshot;
  readonly facts: Facts;
  /** Request columns for a candidate reached by the name `via`. */
  readonly request: (via: string) => Question['request'];
}

const NOTHING_READ = Object.freeze({});

/** Puts each candidate to Casbin, alone, and combines what they say. Throws when Casbin does; the caller denies. */
export function hear(candidates: readonly Candidate<Entry>[], about: Case): Hearing {
  const ask = matcher();
  const effects: Effect[] = [];
  const matches: RuleMatch[] = [];
  const obligations: Obligation[] = [];
  const missed: Entry[] = [];
  const granting: Entry[] = [];
  for (const { entry, via } of candidates) {
    const { rule, condition } = entry;
    let outcome: Outcome | null = null;
    const covered = ask({
      section: rule.section,
      request: about.request(via),
      rule: entry.columns,
      tenant: about.tenant,
      roles: about.snapshot.roles,
      classes: about.snapshot.classes,
      holds: (id) => {
        if (condition === null) return id === '';
        outcome = condition.evaluate(about.facts);
        return standing(rule.effect, outcome.truth) === 'matched';
      },
    });
    const noted = outcome as Outcome | null;
    if (covered) {
      effects.push(rule.effect);
      matches.push(matchOf(entry, noted));
      if (rule.effect === 'allow') {
        granting.push(entry);
        obligations.push(...entry.obligations);
      }
    } else if (rule.effect === 'allow' && noted !== null) {
      // An erring allow rule does not match, and is recorded all the same (I7).
      if (noted.truth === 'error') matches.push(matchOf(entry, noted));
      missed.push(entry);
    }
  }
  return { combined: combine(effects), matches, obligations, missed, granting };
}

function matchOf({ rule }: Entry, outcome: Outcome | null): RuleMatch {
  const match = {
    rid: rule.rid,
    effect: rule.effect,
    condition: rule.condition,
    read: outcome?.read ?? NOTHING_READ,
  };
  return outcome?.error ? { ...match, error: outcome.error } : match;
}
