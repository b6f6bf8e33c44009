import { type Candidate, combine, type Combined, type Facts, type Outcome, standing } from '@writ/rules';
import type { Question } from './casbin';
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
  readonly snapshot: Pick<Snapshot, 'roles' | 'classes'> & { readonly matching: Pick<Snapshot['matching'], 'matcher'> };
  readonly facts: Facts;
  /** Request columns for a candidate reached by the name `via`. */
  readonly request: (via: string) => Question['request'];
}

/** Puts each candidate to Casbin, alone, and combines what they say. Throws when Casbin does; the caller denies. */
export function hear(candidates: readonly Candidate<Entry>[], about: Case): Hearing {
  const ask = about.snapshot.matching.matcher;
  const matches: RuleMatch[] = [];
  const missed: Entry[] = [];
  const granting: Entry[] = [];
  let obligations = NONE;
  let denied = false;
  for (const { entry, via } of candidates) {
    const question = new CandidateQuestion(entry, about, via);
    const covered = ask(question);
    const { outcome } = question;
    if (covered) {
      matches.push(matchOf(entry, outcome));
      if (entry.effect === 'deny') denied = true;
      else {
        granting.push(entry);
        if (entry.owed.length > 0) obligations = [...obligations, ...entry.owed];
      }
    } else if (entry.effect === 'allow' && outcome !== null) {
      // An erring allow rule does not match, and is recorded all the same (I7).
      if (outcome.truth === 'error') matches.push(matchOf(entry, outcome));
      missed.push(entry);
    }
  }
  return { combined: combine(granting.length > 0, denied), matches, obligations, missed, granting };
}

const NONE: readonly Obligation[] = Object.freeze([]);

/** One rule before Casbin: the question, and what its condition answered on the way. */
class CandidateQuestion implements Question {
  readonly request: Question['request'];
  readonly tenant: string;
  readonly roles: Question['roles'];
  readonly classes: Question['classes'];
  /** Null until the condition is reached, and for ever where there is none. */
  outcome: Outcome | null = null;

  constructor(
    readonly rule: Entry,
    private readonly about: Case,
    via: string,
  ) {
    this.request = about.request(via);
    this.tenant = about.tenant;
    this.roles = about.snapshot.roles;
    this.classes = about.snapshot.classes;
  }

  holds(id: string): boolean {
    const { test, effect } = this.rule;
    if (test === null) return id === '';
    this.outcome = test.evaluate(this.about.facts);
    return standing(effect, this.outcome.truth) === 'matched';
  }
}

const NOTHING_READ = Object.freeze({});

function matchOf({ rid, effect, condition }: Entry, outcome: Outcome | null): RuleMatch {
  if (outcome === null) return { rid, effect, condition, read: NOTHING_READ };
  const { read, error } = outcome;
  return error === null ? { rid, effect, condition, read } : { rid, effect, condition, read, error };
}
