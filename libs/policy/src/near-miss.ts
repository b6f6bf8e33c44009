import type { Facts } from '@writ/rules';
import type { Entry } from './entries';
import type { NearMiss, Stage } from './types';

const MOST = 3;
/** Rules looked at for one denial: an explanation must not cost more than the decision may. */
const LOOKED_AT = 64;

export interface Silence {
  readonly stage: Stage;
  /** Names the asker goes by. */
  readonly names: readonly string[];
  readonly facts: Facts;
  /** Allow rules that failed in their condition. */
  readonly missed: readonly Entry[];
  /** Rules on the same object whose subject is somebody else. */
  readonly around: Iterable<Entry>;
}

/** Up to three rules that would have allowed: those that lacked one clause first, then those that lacked a role. */
export function nearMisses(silence: Silence): readonly NearMiss[] {
  const { stage, facts, missed, around, names } = silence;
  const found: NearMiss[] = [];
  for (const entry of missed) {
    if (found.length === MOST) return found;
    const missing = entry.test?.blame(facts);
    if (missing) found.push({ rid: entry.rid, stage, subject: subjectOf(entry), missing });
  }
  const seen = new Set<string>(missed.map((entry) => entry.rid));
  let looked = 0;
  for (const entry of around) {
    if (found.length === MOST || ++looked > LOOKED_AT) break;
    const subject = subjectOf(entry);
    if (entry.effect !== 'allow' || names.includes(subject) || seen.has(entry.rid)) continue;
    // Other people are not named, and a person cannot become an agent: what is left is a role to ask for.
    if (!subject.startsWith('role:') && !(stage !== 'initiator' && subject.startsWith('agent:'))) continue;
    seen.add(entry.rid);
    const missing = subject.startsWith('role:') ? `needs role ${subject.slice(5)}` : `is granted to ${subject}`;
    found.push({ rid: entry.rid, stage, subject, missing });
  }
  return found;
}

const subjectOf = (rule: Entry): string => (rule.section === 'p' ? rule.subject : rule.source);
