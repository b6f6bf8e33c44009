import { type Candidate, combine, type Combined, type Facts, type Groups, type Outcome, standing } from '@writ/rules';
import type { Question } from './casbin';
import type { Entry } from './entries';
import type { Snapshot } from './snapshot';
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
  /** Request columns for a candidate reached by the name `via`, and for this text of the object's name. */
  request(via: string, object: string): Question['request'];
}

/** Puts each candidate to Casbin, alone, and combines what they say. Throws when Casbin does; the caller denies. */
export function hear(candidates: readonly Candidate<Entry>[], about: Case): Hearing {
  const ask = about.snapshot.matching.matcher;
  let matches: RuleMatch[] | null = null;
  let missed: Entry[] | null = null;
  let granting: Entry[] | null = null;
  let obligations: readonly Obligation[] = NONE;
  let denied = false;
  for (const candidate of candidates) {
    const { entry } = candidate;
    const question = new CandidateQuestion(candidate, about);
    const covered = ask(question);
    const { outcome } = question;
    if (covered) {
      matches = joined(matches, matchOf(entry, outcome));
      if (entry.effect === 'deny') denied = true;
      else {
        granting = joined(granting, entry);
        if (entry.owed.length > 0) obligations = [...obligations, ...entry.owed];
      }
    } else if (entry.effect === 'allow' && outcome !== null) {
      // An erring allow rule does not match, and is recorded all the same (I7).
      if (outcome.truth === 'error') matches = joined(matches, matchOf(entry, outcome));
      missed = joined(missed, entry);
    }
  }
  return {
    combined: combine(granting !== null, denied),
    matches: matches ?? NONE,
    obligations,
    missed: missed ?? NONE,
    granting: granting ?? NONE,
  };
}

/** A list that is pushed to has room for sixteen more at once; most of these hold one, or nothing. */
function joined<T>(held: T[] | null, one: T): T[] {
  if (held === null) return [one];
  held.push(one);
  return held;
}

const NONE: readonly never[] = Object.freeze([]);

/** What the index found of one member and one group; the closure for whatever else is asked. */
class Found implements Groups {
  constructor(
    private readonly found: { readonly member: string; readonly group: string; readonly within: boolean },
    private readonly all: Groups,
  ) {}

  has(member: string, group: string): boolean {
    const { found } = this;
    // Not `===`, which looks at the text before it finds that both are the same one: a rule's is nowhere near.
    const asked = Object.is(member, found.member) && Object.is(group, found.group);
    return asked ? found.within : this.all.has(member, group);
  }
}

/** One rule before Casbin: the question, and what its condition answered on the way. */
class CandidateQuestion implements Question {
  readonly request: Question['request'];
  readonly tenant: string;
  readonly rule: Entry;
  /** Null until the condition is reached, and for ever where there is none. */
  outcome: Outcome | null = null;

  constructor(
    private readonly candidate: Candidate<Entry>,
    private readonly about: Case,
  ) {
    this.rule = candidate.entry;
    this.request = about.request(candidate.via, candidate.object ?? '');
    this.tenant = about.tenant;
  }

  /** Two look-ups in cold memory are spared: the index has just looked there. */
  get roles(): Groups {
    const { rule, candidate } = this;
    const { roles } = this.about.snapshot;
    if (rule.section !== 'p') return roles;
    return new Found({ member: candidate.via, group: rule.subject, within: candidate.inRole }, roles);
  }

  get classes(): Groups {
    const { rule, candidate } = this;
    const { classes } = this.about.snapshot;
    if (rule.section !== 'p' || candidate.object === null) return classes;
    return new Found({ member: candidate.object, group: rule.object, within: candidate.inClass }, classes);
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
